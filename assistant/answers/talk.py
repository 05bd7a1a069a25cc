"""Questions about the conversation and the assistant, and requests to go on: answered without a search."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from assistant.conversation import Answer
from assistant.english import pointing
from assistant.english.instructions import is_instruction
from assistant.english.table import bare
from assistant.quoting.quotes import cite
from assistant.quoting.sentences import Sentence
from assistant.quoting.wording import describe, on_one_line, quoted
from index.errors import ArticleNotFoundError
from index.text.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from assistant.conversation import Citation, Turn
    from index import Article, ArticleIndex

MORE_SENTENCES = 3
"""How many sentences "tell me more" adds."""
NOTHING_BEFORE = "This is the first question of the conversation."
NOTHING_TO_ADD = "No answer so far cites an article; ask a question first."


def about_talk(
    question: str, history: Sequence[Turn], index: ArticleIndex, among: Collection[str] | None = None
) -> Answer | None:
    """Return the answer to a question about the conversation or the assistant; None for any other.

    "Tell me more" is answered with the sentences after the one that was cited last, unless its article is not one of
    those whose ids are `among`.
    """
    if courtesy := pointing.COURTESY.match(question):
        question = question[courtesy.end() :]
    if pointing.MORE_WANTED.is_whole(question):
        return _more(history, index, among)
    if asked := pointing.ASKED_BEFORE.fullmatch(bare(question)):
        return _asked_before((asked["which"] or asked["kind"] or "").lower(), history)
    if pointing.ABOUT_PROGRAM.is_whole(question):
        return Answer(_about_itself(index.count()), (), "refused")
    return None


def _about_itself(count: int) -> str:
    articles = f"{count} article{'s' if count != 1 else ''}"
    are = "is" if count == 1 else "are"
    return (
        f"I am a program that looks for answers in articles: there {are} {articles} to ask. Each answer shows "
        "the sentence that it rests on. Ask what they say, who is named in one, or for a summary."
    )


def _asked_before(which: str, history: Sequence[Turn]) -> Answer:
    """Return the first or the last question of a conversation, as it was typed."""
    if not history:
        return Answer(NOTHING_BEFORE, (), "refused")
    is_first = "first" in which or "beginning" in which
    turn = history[0 if is_first else -1]
    return Answer(f"Your {'first' if is_first else 'last'} question was: “{turn.question.strip()}”", (), "refused")


def _more(history: Sequence[Turn], index: ArticleIndex, among: Collection[str] | None) -> Answer:
    """Return the sentences of the cited article that follow the last answer, and were not shown yet."""
    last = next((turn for turn in reversed(history) if turn.answer.citations), None)
    if not last or (among is not None and last.answer.citations[0].article_id not in among):
        return Answer(NOTHING_TO_ADD, (), "refused")
    cited = last.answer.citations[-1 if pointing.MORE_WANTED.is_whole(last.question) else 0]
    shown = [turn.answer.text for turn in history]
    sentences: list[Sentence] = []
    with suppress(ArticleNotFoundError):  # It was removed meanwhile.
        sentences = _after(index.article(cited.article_id, cited.version), cited)
    fresh = [each for each in sentences if not any(on_one_line(each.text) in text for text in shown)][:MORE_SENTENCES]
    citations = tuple(cite(number, sentence) for number, sentence in enumerate(fresh, start=1))
    if not citations:
        return Answer(f"{describe(cited)} ends there.", (), "refused")
    return Answer("\n\n".join(map(quoted, citations)), citations, "answered")


def _after(article: Article, cited: Citation) -> list[Sentence]:
    """Return the sentences after a citation, without orders to a program."""
    return [
        Sentence(article, start, end, 0.0)
        for start, end in sentence_spans(article.text, article.language)
        if start >= cited.end and not is_instruction(article.text, start, end)
    ]
