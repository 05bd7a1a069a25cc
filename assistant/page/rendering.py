"""HTML of the page; articles and questions cannot add markup to it. Pure."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from assistant import DEFAULT_MODEL, day_in_words, language_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assistant.page.chat_state import StoredTurn
    from index import Article

    Span = tuple[int, int]
    ChatMessage = dict[str, Any]
    """A message of Gradio's chat history: the speaker as "role", the HTML as "content"."""

STATUS_LINES = {
    "answered": "",
    "quoted": "Quoted, not generated: the nearest sentences, which may or may not answer",
    "refused": "Not answered by the articles",
}
FRAGMENT_WORDS = 5
"""Words at each end of a long sentence that its link to the publisher's page names."""

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
"""A mark that HTML or Markdown could read, such as "*"."""


def messages(turns: Sequence[StoredTurn]) -> list[ChatMessage]:
    """Return a conversation as Gradio's chat history, two messages for each turn."""
    history: list[ChatMessage] = []
    for number, turn in enumerate(turns):
        history.append({"role": "user", "content": escaped(turn.question)})
        history.append({"role": "assistant", "content": answer_html(number, turn)})
    return history


def answer_html(number: int, turn: StoredTurn) -> str:
    """Return an answer as a chat message, each citation's number a button.

    The answering words are bold, to tell them from the sentence around them.

    Args:
        number: The position of the turn in the conversation, from 0.
        turn: The turn of the answer.
    """
    answer = turn.answer
    words = f"<strong>{escaped(answer.words)}</strong>" if answer.words else ""
    marks = {f"[{citation.number}]": citation.number for citation in answer.citations}
    paragraphs = [
        _paragraph_html(number, paragraph, marks)
        for paragraph in answer.text.removeprefix(answer.words).split("\n\n")
    ]
    paragraphs[0] = words + paragraphs[0]
    lines = [STATUS_LINES[answer.status], escaped(answer.note)]
    status = [f'<span class="status">{line}</span>' for line in lines if line]
    return "\n\n".join([*status, *paragraphs, *_passages_summary(number, turn)])


def _paragraph_html(number: int, paragraph: str, marks: dict[str, int]) -> str:
    """Return a paragraph, with buttons for the citation marks at its end.

    Each mark is one button: the same mark earlier in the paragraph belongs to a quote.
    """
    buttons: list[str] = []
    left = dict(marks)
    while cited := left.pop(paragraph.rpartition(" ")[2], None):
        paragraph = paragraph.rpartition(" ")[0]
        button_id = f"cite-{number}-{cited}"
        buttons.insert(0, f'<button class="citation" id="{button_id}">[{cited}]</button>')
    return " ".join([f"<bdi>{escaped(paragraph)}</bdi>", *buttons])


def _passages_summary(number: int, turn: StoredTurn) -> list[str]:
    """Return the line that opens the passages; the page's script fetches them."""
    count = len(turn.passages)
    if not count:
        return []
    standalone = turn.answer.standalone
    is_same = standalone.casefold().rstrip("?") == turn.question.strip().casefold().rstrip("?")
    understood = f"Understood as: {escaped(standalone)} · " if standalone and not is_same else ""
    read = f"{count} passage{'s' if count != 1 else ''} read"
    model = turn.answer.model  # "" in conversations of older versions.
    by = " by the reader" if model == DEFAULT_MODEL else f" by {escaped(model)}" if model else ""
    spent = f", {turn.answer.tokens:,} tokens" if turn.answer.tokens else ""
    summary = f"<summary><bdi>{understood}{read}{by}{spent}</bdi></summary>"
    return [f'<details class="found" id="found-{number}">{summary}<ol></ol></details>']


def passages_html(passages: Iterable[tuple[Article, Span, float]]) -> str:
    """Return the passages as list items, each with its article and score."""
    items = []
    for article, (start, end), score in passages:
        title, text = html.escape(article.title), html.escape(article.text[start:end].strip())
        head = f'<p class="status"><bdi>{title}</bdi> · score {score:.2f}</p>'
        items.append(f"<li>{head}<bdi>{text}</bdi></li>")
    return "".join(items)


def article_html(article: Article, marked: Sequence[Span] = (), *, is_current: bool = True) -> str:
    """Return an article, with marked spans in its text.

    Args:
        article: The article.
        marked: The spans to mark; the page scrolls to the first.
        is_current: Whether the article is the version that the index holds now.
    """
    shows_title = article.text.lstrip("# \n").startswith(article.title)
    title = "" if shows_title else f"<h2 dir='auto'>{html.escape(article.title)}</h2>"
    changed = "The article has changed since; this is the cited text."
    older = "" if is_current else notice(changed)
    language = f' lang="{html.escape(article.language, quote=True)}"' if article.language else ""
    return (
        f'<article tabindex="0" aria-label="{html.escape(article.title, quote=True)}">'
        f'<p class="status">'
        f"{_facts(article, marked[0] if marked else None)}</p>{older}{title}"
        f'<div class="text"{language}>{_marked_text(article.text, marked)}</div></article>'
    )


def _marked_text(text: str, marked: Sequence[Span]) -> str:
    """Return a text with marked spans, whatever spans a browser sends; overlaps are cut."""
    pieces, position = [], 0
    for span in sorted(set(marked)):
        start, end = max(span[0], position), min(span[1], len(text))
        if start < end:
            current = ' class="current" tabindex="-1"' if span == marked[0] else ""
            pieces.append(html.escape(text[position:start]))
            pieces.append(f"<mark{current}>{html.escape(text[start:end])}</mark>")
            position = end
    return "".join([*pieces, html.escape(text[position:])])


def _facts(article: Article, cited: Span | None) -> str:
    """Return an article's source, with a link to a web address, its day and its language."""
    source = html.escape(article.site or article.source)
    if urlsplit(article.source).scheme in {"http", "https"}:
        passage = article.text[cited[0] : cited[1]] if cited else ""
        address = html.escape(link_to(article.source, passage), quote=True)
        source = f'<a href="{address}" target="_blank" rel="noopener noreferrer">{source}</a>'
    day = day_in_words(article.published) if article.published else ""
    language = html.escape(language_name(article.language)) if article.language else ""
    return " · ".join(fact for fact in (f"<bdi>{source}</bdi>", day, language) if fact)


def link_to(address: str, passage: str) -> str:
    """Return a page's address with a text fragment that scrolls to a passage.

    >>> link_to("https://example.org/a", "The mill, it seems, stood.")
    'https://example.org/a#:~:text=The%20mill%2C%20it%20seems%2C%20stood.'
    """
    words = passage.split()
    if not words:
        return address
    if len(words) > 2 * FRAGMENT_WORDS:
        parts = [" ".join(words[:FRAGMENT_WORDS]), " ".join(words[-FRAGMENT_WORDS:])]
    else:
        parts = [" ".join(words)]
    fragment = ",".join(quote(part, safe="").replace("-", "%2D") for part in parts)
    return f"{address}{'' if '#' in address else '#'}:~:text={fragment}"


def answering_line(model: str) -> str:
    """Return the line that names the model and explains its answers."""
    if model == DEFAULT_MODEL:
        return notice(
            "The reader answers in the articles' own words: it finds sentences, and writes no text."
        )
    return notice(
        f"{model} writes the answers; sentences that the articles do not support are withdrawn."
    )


def notice(text: str) -> str:
    """Return a line of the page itself, as HTML."""
    return f'<p class="status">{html.escape(text)}</p>'


def escaped(text: str) -> str:
    """Return a text with its punctuation as character references, safe in HTML and Markdown."""
    return _PUNCTUATION.sub(lambda mark: f"&#{ord(mark.group())};", text)
