"""What kind of answer a question wants: pure.

The rules are of English grammar; a question that none of them knows wants words of a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.english import asking, overviews
from assistant.english.modality import wants_yes_or_no
from assistant.english.table import bare
from assistant.question.followups import needs_history, standalone_question
from assistant.question.framing import plain_question
from assistant.question.scope import limited
from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assistant.conversation import Turn
    from index import Entry


if TYPE_CHECKING:
    import re

    from assistant.english.table import Table

_QUOTATION_MARKS = str.maketrans("", "", "“”‘’„‟\"'«»")
_INNER_MARKS = str.maketrans('“”„‟"', "‘’‘‘’")
CUT = "…"
"""What a title ends with of which only the beginning is written."""
_FILLING = frozenset(
    content_words("whole entire full article articles story text piece page post document report news")
)


_TABLES: tuple[tuple[Literal["about", "people"], Table], ...] = (
    ("about", overviews.ABOUT),
    ("people", overviews.PEOPLE),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A question as it is searched for, and the articles to search.

    Attributes:
        question: The standalone question, without courtesy and without its limits.
        article_ids: The articles to ask; None is all.
    """

    question: str
    article_ids: tuple[str, ...] | None


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
        article_ids: The articles to ask; None is all.
        rewrite: Turns a follow-up into a standalone question, or returns "" to leave it to the
            rules; None for the rules alone.
    """
    standalone = rewrite(question, history) if rewrite and needs_history(question) else ""
    question = standalone or standalone_question(question, history)
    if limit := limited(question, entries):
        question, within = limit
        asked = set(within if article_ids is None else article_ids)
        article_ids = tuple(article_id for article_id in within if article_id in asked)
    return Plan(plain_question(question), article_ids)


def wants_names(question: str) -> bool:
    """Return whether a question asks for people.

    >>> wants_names("Who left?"), wants_names("and whom did they see?"), wants_names("What left?")
    (True, True, False)
    """
    return asking.PEOPLE_WANTED.opens(_last(question))


def wants_words(question: str) -> bool:
    """Return whether words of a sentence can answer: not so for "why", "how", what somebody says, and for yes or no.

    >>> [wants_words(question) for question in ("Who left?", "How many left?", "Did they leave?", "How did it end?")]
    [True, True, False, False]
    """
    return not (is_judged(question) or asking.TELLING_WANTED.opens(_last(question)))


def is_judged(question: str) -> bool:
    """Return whether a question is answered by yes or no.

    >>> is_judged("Did they leave?"), is_judged("and isn't it late?"), is_judged("May Day is when?")
    (True, True, False)
    """
    return wants_yes_or_no(_last(question))


def _last(question: str) -> str:
    """Return the last of several questions: what "Who left? And why?" wants is a reason."""
    return question.rstrip(" ?").rpartition("?")[2]


@dataclass(frozen=True, slots=True)
class OverviewWanted:
    """A question about an article as a whole: what it is about, or which people it names.

    `named` holds the words (stemmed) by which the question names the article, or `title` its title or how that begins;
    neither stands for the one that is talked of.
    """

    kind: Literal["about", "people"]
    named: frozenset[str] = frozenset()
    title: str = ""


def overview_wanted(question: str) -> OverviewWanted | None:
    """Return which overview of an article a question asks for, or None for a question about what stands in it.

    >>> overview_wanted("What is this about?")
    OverviewWanted(kind='about', named=frozenset(), title='')
    >>> overview_wanted("Who left?")
    """
    if asked := overviews.TITLE_ASKED.fullmatch(bare(question)):
        return OverviewWanted("people" if asked["names"] else "about", title=asked["names"] or asked["title"])
    for kind, table in _TABLES:
        for asked in table.wholes(question):
            if (named := _article_named(asked)) is not None:
                return OverviewWanted(kind, named)
    return None


def _article_named(asked: re.Match[str]) -> frozenset[str] | None:
    """Return the words by which a question names an article, empty for "it"; None if it means something else."""
    group, meant = next(((name, words) for name, words in asked.groupdict().items() if words is not None), ("", ""))
    if not meant or (overviews.THIS_ONE.fullmatch(meant) and not group.startswith("named_")):
        return frozenset()
    is_sure = group.startswith(("sure_", "named_"))
    is_article = overviews.SURE_ARTICLE_NAMED if is_sure else overviews.ARTICLE_NAMED
    if group.startswith("open_") or is_article.search(meant):
        return frozenset(content_words(meant)) - _FILLING
    return None


def overview_question(title: str, kind: Literal["about", "people"] = "about", most: int = 1_000) -> str:
    """Return the question for an overview of the article with a title, of which so many characters are written.

    >>> overview_question("The “Old” Mill"), overview_question("The Old Mill", most=10)
    ('What is “The ‘Old’ Mill” about?', 'What is “The Old…” about?')
    """
    written = " ".join(title.translate(_INNER_MARKS).split())
    if len(written) > most:
        written = f"{written[:most].rpartition(' ')[0].rstrip(' ,;:–—-')}{CUT}"
    return f"What is “{written}” about?" if kind == "about" else f"Which people does the article “{written}” name?"


def is_title(written: str, title: str) -> bool:
    """Return whether what is written is a title, whatever its quotation marks and white space, or how it begins.

    >>> is_title("The ‘Mill’", "The “Mill”"), is_title("The Old…", "The Old Mill"), is_title("Mill", "The Mill")
    (True, True, False)
    """
    whole, asked = (" ".join(each.translate(_QUOTATION_MARKS).casefold().split()) for each in (title, written))
    beginning = asked.removesuffix(CUT)
    return whole == asked or (beginning not in {asked, ""} and whole.startswith(beginning))
