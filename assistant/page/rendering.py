"""What the page shows, as HTML in which nothing of an article or a question is markup: pure."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from assistant import DEFAULT_MODEL, day_in_words, language_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assistant.page.kept import Exchange
    from index import Article

    Span = tuple[int, int]
    Message = dict[str, Any]
    """One message of Gradio's chat history: who speaks ("role") and what they say ("content")."""

STATUS_LINES = {
    "answered": "",
    "quoted": "Quoted, not generated: the nearest sentences, which may or may not answer",
    "refused": "Not answered by the articles",
}
FRAGMENT_WORDS = 5
"""How many words, at the beginning and the end of a longer sentence, its link to the publisher's page names."""

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def messages(exchanges: Sequence[Exchange]) -> list[Message]:
    """Return a conversation as Gradio's chat history: two messages for each exchange."""
    return [message for number, exchange in enumerate(exchanges) for message in _two_messages(number, exchange)]


def _two_messages(number: int, exchange: Exchange) -> list[Message]:
    return [
        {"role": "user", "content": escaped(exchange.question)},
        {"role": "assistant", "content": exchange_html(number, exchange)},
    ]


def exchange_html(number: int, exchange: Exchange) -> str:
    """Return an answer as a chat message, with a button for each citation's mark; `number` is the exchange's place.

    The answering words stand out, so that one glance tells them from the sentence that they rest on.
    """
    answer = exchange.answer
    marks = {f"[{citation.number}]": citation.number for citation in answer.citations}
    words = f"<strong>{escaped(answer.words)}</strong>" if answer.words else ""
    paragraphs = []
    for paragraph in answer.text.removeprefix(answer.words).split("\n\n"):
        buttons: list[str] = []
        left = dict(marks)  # Each stands once at the end of a paragraph; what looks like one before them is quoted.
        while cited := left.pop(paragraph.rpartition(" ")[2], None):
            paragraph = paragraph.rpartition(" ")[0]  # noqa: PLW2901  # there may be another mark
            buttons.insert(0, f'<button class="citation" id="cite-{number}-{cited}">[{cited}]</button>')
        paragraphs.append(" ".join([f"<bdi>{escaped(paragraph)}</bdi>", *buttons]))
    paragraphs[0] = words + paragraphs[0]
    lines = [STATUS_LINES[answer.status], escaped(answer.note)]
    shown = [f'<span class="status">{line}</span>' for line in lines if line]
    return "\n\n".join([*shown, *paragraphs, *_found(number, exchange)])


def _found(number: int, exchange: Exchange) -> list[str]:
    """Return what opens the passages that were read; the page's script fills them in."""
    count = len(exchange.passages)
    if not count:
        return []
    asked = exchange.answer.standalone
    same = asked.casefold().rstrip("?") == exchange.question.strip().casefold().rstrip("?")
    understood = f"Understood as: {escaped(asked)} · " if asked and not same else ""
    read = f"{count} passage{'s' if count != 1 else ''} read"
    model = exchange.answer.model  # Not known of one kept long ago.
    by = " by the reader" if model == DEFAULT_MODEL else f" by {escaped(model)}" if model else ""
    spent = f", {exchange.answer.tokens:,} tokens" if exchange.answer.tokens else ""
    summary = f"<summary><bdi>{understood}{read}{by}{spent}</bdi></summary>"
    return [f'<details class="found" id="found-{number}">{summary}<ol></ol></details>']


def passages_html(passages: Iterable[tuple[Article, Span, float]]) -> str:
    """Return the list of the passages that were read, each with its article and score."""
    items = []
    for article, (start, end), score in passages:
        title, text = html.escape(article.title), html.escape(article.text[start:end].strip())
        items.append(f'<li><p class="status"><bdi>{title}</bdi> · score {score:.2f}</p><bdi>{text}</bdi></li>')
    return "".join(items)


def article_html(article: Article, marked: Sequence[Span] = (), *, is_current: bool = True) -> str:
    """Return an article with some spans of its text marked; the first of them is the one to look at."""
    pieces, position = [], 0
    for span in sorted(set(marked)):
        start, end = max(span[0], position), min(span[1], len(article.text))  # Anything may be asked to be marked.
        if start < end:
            current = ' class="current" tabindex="-1"' if span == marked[0] else ""
            pieces.append(html.escape(article.text[position:start]))
            pieces.append(f"<mark{current}>{html.escape(article.text[start:end])}</mark>")
            position = end
    pieces.append(html.escape(article.text[position:]))
    shows_title = article.text.lstrip("# \n").startswith(article.title)
    title = "" if shows_title else f"<h2 dir='auto'>{html.escape(article.title)}</h2>"
    older = "" if is_current else notice("The article has changed since; this is the text that was cited.")
    language = f' lang="{html.escape(article.language, quote=True)}"' if article.language else ""
    return (
        f'<article tabindex="0" aria-label="{html.escape(article.title, quote=True)}"><p class="status">'
        f"{_facts(article, marked[0] if marked else None)}</p>{older}{title}"
        f'<div class="text"{language}>{"".join(pieces)}</div></article>'
    )


def _facts(article: Article, cited: Span | None) -> str:
    """Return where an article is from, with a link if that is a web address, its day and its language."""
    source = html.escape(article.site or article.source)
    if urlsplit(article.source).scheme in {"http", "https"}:
        passage = article.text[cited[0] : cited[1]] if cited else ""
        address = html.escape(link_to(article.source, passage), quote=True)
        source = f'<a href="{address}" target="_blank" rel="noopener noreferrer">{source}</a>'
    day = day_in_words(article.published) if article.published else ""
    language = html.escape(language_name(article.language)) if article.language else ""
    return " · ".join(fact for fact in (f"<bdi>{source}</bdi>", day, language) if fact)


def link_to(address: str, passage: str) -> str:
    """Return the address of a page at a passage of its text (a text fragment, of the URL specification's supplement).

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
    """Return the line that says what answers, and what that means for a reader."""
    if model == DEFAULT_MODEL:
        return notice("The reader answers in the articles' own words: it finds the sentence, and generates nothing.")
    return notice(f"{model} writes the answers; each sentence that the articles do not say is withdrawn.")


def notice(text: str) -> str:
    """Return a line of the page's own."""
    return f'<p class="status">{html.escape(text)}</p>'


def escaped(text: str) -> str:
    """Return a text that neither HTML nor Markdown reads anything into: its punctuation as character references."""
    return _PUNCTUATION.sub(lambda mark: f"&#{ord(mark.group())};", text)
