"""Answers about the conversation and the assistant, and more of an article: without a search."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from assistant.conversation import Answer
from assistant.english import pointing
from assistant.english.orders import is_instruction
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
"""Sentences that "tell me more" adds."""
NO_QUESTION_BEFORE = "You have not asked anything yet: this is the first question."
NO_ARTICLE_CITED = (
    "I have not cited an article yet, so there is nothing to continue: ask a question first."
)


def about_talk(
    question: str,
    history: Sequence[Turn],
    index: ArticleIndex,
    among: Collection[str] | None = None,
) -> Answer | None:
    """Answer a question about the conversation or the assistant; nothing for others.

    "Tell me more" is answered with the sentences that follow the last citation.

    Args:
        question: The question as it was typed.
        history: The earlier turns of the conversation, oldest first.
        index: The index that is asked.
        among: Ids of the articles to ask; by default all.
    """
    if courtesy := pointing.COURTESY.match(question):
        question = question[courtesy.end() :]
    if pointing.MORE_WANTED.is_whole(question):
        return _more(history, index, among)
    if match := pointing.ASKED_BEFORE.fullmatch(bare(question)):
        return _earlier_question((match["which"] or match["kind"] or "").lower(), history)
    if pointing.ABOUT_PROGRAM.is_whole(question):
        return Answer(_introduction(index.count()), (), "refused")
    return None


def _introduction(count: int) -> str:
    """Return the assistant's words about itself."""
    articles = f"{count} article{'s' if count != 1 else ''}"
    are = "is" if count == 1 else "are"
    return (
        f"I am a program that answers questions about articles: there {are} {articles} to ask. "
        "Each answer shows the sentence that it comes from. Ask about something in the articles, "
        "for the people that one names, or for a summary."
    )


def _earlier_question(which: str, history: Sequence[Turn]) -> Answer:
    """Return the first or the last question of a conversation, as it was typed."""
    if not history:
        return Answer(NO_QUESTION_BEFORE, (), "refused")
    is_first = "first" in which or "beginning" in which
    turn, place = (history[0], "first") if is_first else (history[-1], "last")
    return Answer(f"Your {place} question was: “{turn.question.strip()}”", (), "refused")


def _more(history: Sequence[Turn], index: ArticleIndex, among: Collection[str] | None) -> Answer:
    """Return the next sentences of the cited article that no answer has shown yet."""
    # Find the place to go on from.
    last = next((turn for turn in reversed(history) if turn.answer.citations), None)
    if not last or (among is not None and last.answer.citations[0].article_id not in among):
        return Answer(NO_ARTICLE_CITED, (), "refused")
    cited = last.answer.citations[-1 if pointing.MORE_WANTED.is_whole(last.question) else 0]
    # Read on in the same version of the article.
    sentences: list[Sentence] = []
    with suppress(ArticleNotFoundError):  # It was removed meanwhile.
        sentences = _after(index.article(cited.article_id, cited.version), cited)
    # Quote the next sentences, each once in a conversation.
    shown = [turn.answer.text for turn in history]
    fresh = [
        sentence
        for sentence in sentences
        if not any(on_one_line(sentence.text) in text for text in shown)
    ]
    citations = tuple(
        cite(number, sentence) for number, sentence in enumerate(fresh[:MORE_SENTENCES], start=1)
    )
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
