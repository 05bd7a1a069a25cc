"""The plan of a question, and the kind of answer that it wants. Pure.

The rules are of English grammar. If no rule fits, the question wants words of a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.english import asking, overviews
from assistant.english.modality import wants_yes_or_no
from assistant.english.table import bare
from assistant.question.followups import needs_history, standalone_question
from assistant.question.framing import plain_question
from assistant.question.scope import without_limit
from index.text.words import content_words

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence

    from assistant.conversation import Turn
    from assistant.english.table import Table
    from index import Entry

OverviewKind = Literal["about", "people"]
"""The subject of an article, or the people that it names."""

CUT = "…"
"""The end of a title that is not written in full."""

_TABLES: tuple[tuple[OverviewKind, Table], ...] = (
    ("about", overviews.ABOUT),
    ("people", overviews.PEOPLE),
)
_QUOTATION_MARKS = str.maketrans("", "", "“”‘’„‟\"'«»")
"""Removes quotation marks, which people type in many ways."""
_INNER_MARKS = str.maketrans('“”„‟"', "‘’‘‘’")
"""Makes single quotation marks, for a title that is quoted itself."""
_FILLING = frozenset(
    content_words(
        "whole entire full article articles story text piece page post document report news"
    )
)
"""Words that do not say which article is meant: "the whole mill article" is "mill"."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A question as it is searched for, and the articles to search.

    Attributes:
        question: The standalone question, without courtesy and without its limits.
        article_ids: The articles to ask, if not all.
    """

    question: str
    article_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class OverviewWanted:
    """A request for an overview of an article.

    If neither `named` nor `title` is given, it means the article of the conversation.

    Attributes:
        kind: "about" for its subject, "people" for the people that it names.
        named: Words of its title, stemmed.
        title: Its title, or the beginning of it.
    """

    kind: OverviewKind
    named: frozenset[str] = frozenset()
    title: str = ""


def plan_question(
    question: str,
    history: Sequence[Turn],
    entries: Callable[[], Sequence[Entry]],
    article_ids: tuple[str, ...] | None,
    rewrite: Callable[[str, Sequence[Turn]], str] | None = None,
) -> Plan:
    """Return the plan of a question.

    Args:
        question: The question as it was typed.
        history: The earlier turns of the conversation, oldest first.
        entries: Returns the articles of the index; called only if the question names a limit.
        article_ids: The articles to ask, if not all.
        rewrite: Turns a follow-up into a standalone question, or returns "" to leave it to the
            rules. By default, the rules rewrite.
    """
    # Make the question standalone.
    standalone = rewrite(question, history) if rewrite and needs_history(question) else ""
    question = standalone or standalone_question(question, history)
    # Read its limit: "according to The Herald".
    if limit := without_limit(question, entries):
        question, within = limit
        allowed = set(within if article_ids is None else article_ids)
        article_ids = tuple(article_id for article_id in within if article_id in allowed)
    # Remove the phrases around it: "could you tell me".
    return Plan(plain_question(question), article_ids)


def wants_names(question: str) -> bool:
    """Return whether a question asks for people.

    >>> wants_names("Who left?"), wants_names("and who saw it?"), wants_names("When?")
    (True, True, False)
    """
    return asking.PEOPLE_WANTED.opens(_last_question(question))


def wants_words(question: str) -> bool:
    """Return whether a few words can answer a question: not "why", "how", or yes or no.

    >>> wants_words("Who left?"), wants_words("How many left?")
    (True, True)
    >>> wants_words("Did they leave?"), wants_words("How did it end?")
    (False, False)
    """
    if is_judged(question):
        return False
    return not asking.TELLING_WANTED.opens(_last_question(question))


def is_judged(question: str) -> bool:
    """Return whether a question is answered by yes or no.

    >>> is_judged("Did they leave?"), is_judged("and isn't it late?"), is_judged("May Day is when?")
    (True, True, False)
    """
    return wants_yes_or_no(_last_question(question))


def overview_wanted(question: str) -> OverviewWanted | None:
    """Return the overview that a question asks for, if it does.

    >>> overview_wanted("Summarise it.")
    OverviewWanted(kind='about', named=frozenset(), title='')
    >>> overview_wanted("Who left?")
    """
    # A question by title, as the assistant suggests them.
    if match := overviews.TITLE_ASKED.fullmatch(bare(question)):
        kind: OverviewKind = "people" if match["names"] else "about"
        return OverviewWanted(kind, title=match["names"] or match["title"])
    # Other forms: "Summarise the mill article".
    for kind, table in _TABLES:
        for match in table.wholes(question):
            if (named := _title_words(match)) is not None:
                return OverviewWanted(kind, named)
    return None


def overview_question(title: str, kind: OverviewKind = "about", most: int = 1_000) -> str:
    """Return the question for an overview of an article.

    >>> overview_question("The “Old” Mill", "people")
    'Which people does the article “The ‘Old’ Mill” name?'

    Args:
        title: The article's title.
        kind: The kind of overview.
        most: Characters of the title in the question, at most.
    """
    written = " ".join(title.translate(_INNER_MARKS).split())
    if len(written) > most:
        written = f"{written[:most].rpartition(' ')[0].rstrip(' ,;:–—-')}{CUT}"
    if kind == "about":
        return f"What is “{written}” about?"
    return f"Which people does the article “{written}” name?"


def is_title(written: str, title: str) -> bool:
    """Return whether some words are a title or its beginning, whatever their quotation marks.

    >>> is_title("The ‘Mill’", "The “Mill”"), is_title("The Old…", "The Old Mill")
    (True, True)
    >>> is_title("Mill", "The Mill")
    False
    """
    whole, typed = (
        " ".join(text.translate(_QUOTATION_MARKS).casefold().split()) for text in (title, written)
    )
    beginning = typed.removesuffix(CUT)
    return whole == typed or (beginning not in {typed, ""} and whole.startswith(beginning))


def _title_words(match: re.Match[str]) -> frozenset[str] | None:
    """Return the title words of an article that a question means; empty for "it".

    Return nothing if it does not mean an article: "the subject of the dispute".

    Args:
        match: A match of a table of `english.overviews`, which explains its groups.
    """
    groups = ((name, words) for name, words in match.groupdict().items() if words is not None)
    group, phrase = next(groups, ("", ""))
    if not phrase:
        return frozenset()
    if overviews.THIS_ONE.fullmatch(phrase) and not group.startswith("named_"):
        return frozenset()
    is_sure = group.startswith(("sure_", "named_"))
    is_article = overviews.SURE_ARTICLE_NAMED if is_sure else overviews.ARTICLE_NAMED
    if group.startswith("open_") or is_article.search(phrase):
        return frozenset(content_words(phrase)) - _FILLING
    return None


def _last_question(question: str) -> str:
    """Return the last of several questions: "Who left? And why?" wants a reason."""
    return question.rstrip(" ?").rpartition("?")[2]
