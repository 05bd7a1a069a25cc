"""The chat page: `python ui.py` serves it on this machine. Wiring and rendering only; what it answers comes from `assistant`."""

from __future__ import annotations

import html
import os
import re
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotReady
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import assistant
import index
from assistant import Answer, AssistantError, Citation, Turn
from index import Article, ArticleIndexError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import gradio as gr

    Span = tuple[int, int]
    Message = dict[str, Any]
    """One message of Gradio's chat history: who speaks ("role") and what they say ("content")."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

PAGE = files("assistant") / "page"
LOADING = "Loading the models; your question is answered as soon as they are ready."
"""What a question asked too early gets first."""
LARGEST_UPLOAD = "20mb"
STATUS_LINES = {
    "answered": "",
    "quoted": "The nearest sentences, quoted",
    "refused": "Not answered by the articles",
}

_CITATION_KEY = re.compile(r"#cite-(?P<article>[\w:.-]+?)~(?P<version>\w+)~(?P<start>\d+)~(?P<end>\d+)", re.ASCII)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


class Loading:
    """The default assistant, opened by a thread of its own while the page is up already."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._opened: Future[assistant.Assistant] = Future()

    def start(self) -> None:
        """Begin to open the index and load the models."""
        threading.Thread(target=self._open, daemon=True).start()

    def result(self, timeout: float | None = None) -> assistant.Assistant:
        """Return the assistant, waiting for it. Raises `NotReady` after `timeout` seconds, and what opening raised."""
        return self._opened.result(timeout)

    def _open(self) -> None:
        try:
            opened = assistant.open_default()
            opened.load()
        except Exception as error:  # noqa: BLE001  # whoever asks for the result gets it
            self._opened.set_exception(error)
        else:
            self._opened.set_result(opened)


def build_page(loading: Loading) -> gr.Blocks:
    """Return the page: the conversation on the left, on the right the article with what is cited in it."""
    import gradio as gr

    def answer(question: str, history: list[Message], turns: list[Turn]) -> Iterator[tuple[Any, Any, list[Turn]]]:
        # After a retry or an undo the history is shorter than the turns that were kept.
        turns = turns[: sum(message["role"] == "user" for message in history)]
        pane: Any = gr.skip()
        try:
            while True:
                try:
                    opened = loading.result(timeout=1)
                    break
                except NotReady:
                    yield f'<span class="status">{LOADING}</span>', pane, turns
            for growing in opened.stream(question, turns):
                if growing.citations and isinstance(pane, dict):
                    pane = article_html(*_cited_article(opened, growing.citations))
                yield answer_html(growing), pane, [*turns, Turn(question, growing)]
        except (AssistantError, ArticleIndexError) as error:
            yield _escaped(str(error)), gr.skip(), turns

    def open_citation(key: str) -> str:
        """Return the article that a citation's link names, with the cited sentence marked. Called by the page's script."""
        found = _CITATION_KEY.fullmatch(str(key))
        try:
            if not found:
                return _notice("This link does not name a sentence of an article.")
            article = loading.result().index.article(found["article"], found["version"])
        except ArticleIndexError as error:
            return _notice(str(error))
        return article_html(article, [(int(found["start"]), int(found["end"]))])

    def add_files(paths: list[str] | None) -> tuple[str, Any, None]:
        articles, lines = _read_uploads(paths or [])
        try:
            report = loading.result().index.add(*articles)
        except ArticleIndexError as error:
            return _escaped(str(error)), gr.skip(), None
        titles = {article.id: article.title for article in articles}
        for outcome in ("added", "updated", "unchanged"):
            lines += [f"{outcome}: {titles[article_id]}" for article_id in getattr(report, outcome)]
        lines += [f"failed: {source}: {reason}" for source, reason in report.failed]
        fresh = [article for article in articles if article.id in (*report.added, *report.updated)]
        shown = article_html(fresh[-1], []) if fresh else gr.skip()
        return "  \n".join(_escaped(line) for line in lines), shown, None

    def begin() -> tuple[Any, Any]:
        opened = loading.result()
        articles = opened.index.articles()
        pane = article_html(articles[0], []) if articles else _notice("There is no article yet; add one below.")
        return pane, gr.skip() if opened.suggestions() else gr.Chatbot(examples=[])

    with gr.Blocks(title="Article assistant", analytics_enabled=False) as page, gr.Row(equal_height=False, elem_id="columns"):
        with gr.Column(scale=3, min_width=320):
            turns = gr.State([])
            pane = gr.HTML(
                _notice(LOADING),
                js_on_load=(PAGE / "pane.js").read_text(encoding="utf-8"),
                server_functions=[open_citation],
                elem_id="article",
                render=False,
            )
            chatbot = gr.Chatbot(
                show_label=False,
                label="Conversation",
                elem_id="conversation",
                height="calc(100dvh - 10rem)",
                min_height=320,
                layout="bubble",
                buttons=["copy"],
                latex_delimiters=[],
                placeholder="## Ask about the articles\nEvery answer shows the sentence that it rests on.",
            )
            gr.ChatInterface(
                answer,
                chatbot=chatbot,
                textbox=gr.Textbox(
                    placeholder="Type a question", label="Question", submit_btn=True, stop_btn=True, autofocus=True, max_lines=5
                ),
                examples=[[question, None] for question in index.shipped_questions()],
                additional_inputs=[turns],
                additional_outputs=[pane, turns],
                api_visibility="private",
            )
        with gr.Column(scale=2, min_width=320):
            pane.render()
            with gr.Accordion("Add articles", open=False):
                uploads = gr.File(
                    label=".txt, .md or .html files",
                    file_count="multiple",
                    file_types=[".txt", ".md", ".markdown", ".html", ".htm"],
                    height=120,
                )
                report = gr.Markdown(elem_id="report", latex_delimiters=[])
        uploads.upload(add_files, uploads, [report, pane, uploads], api_visibility="private")
        page.load(begin, None, [pane, chatbot], api_visibility="private", show_progress="hidden")
    return page


def answer_html(answer: Answer) -> str:
    """Return an answer as a chat message: its text, taken literally, with a link for each citation's mark."""
    marks = {f"[{citation.number}]": citation for citation in answer.citations}
    paragraphs = []
    for paragraph in answer.text.split("\n\n"):
        text, _, mark = paragraph.rpartition(" ")
        if mark in marks:
            paragraphs.append(f"{_escaped(text)} {_link(marks[mark])}")
        else:
            paragraphs.append(_escaped(paragraph))
    status = STATUS_LINES[answer.status]
    return "\n\n".join([*([f'<span class="status">{status}</span>'] if status else []), *paragraphs])


def article_html(article: Article, marked: Sequence[Span]) -> str:
    """Return an article with some spans of its text marked; the first of them is the one to look at."""
    pieces, position = [], 0
    for start, end in sorted(set(marked)):
        current = ' class="current" tabindex="-1"' if (start, end) == marked[0] else ""
        pieces.append(html.escape(article.text[position:start]))
        pieces.append(f"<mark{current}>{html.escape(article.text[start:end])}</mark>")
        position = end
    pieces.append(html.escape(article.text[position:]))
    facts = [article.source, f"{article.published.day} {article.published:%B %Y}" if article.published else ""]
    title = "" if article.text.lstrip("# \n").startswith(article.title) else f"<h2>{html.escape(article.title)}</h2>"
    line = html.escape(" · ".join(fact for fact in facts if fact))
    return f'<article><p class="status">{line}</p>{title}<div class="text">{"".join(pieces)}</div></article>'


def _notice(text: str) -> str:
    return f'<p class="status">{html.escape(text)}</p>'


def _cited_article(opened: assistant.Assistant, citations: Sequence[Citation]) -> tuple[Article, list[Span]]:
    """Return the article that is cited first, and all places that are cited in it."""
    first = citations[0]
    article = opened.index.article(first.article_id, first.version)
    same = [c for c in citations if (c.article_id, c.version) == (first.article_id, first.version)]
    return article, [(citation.start, citation.end) for citation in same]


def _link(citation: Citation) -> str:
    key = f"#cite-{citation.article_id}~{citation.version}~{citation.start}~{citation.end}"
    title = html.escape(assistant.describe(citation), quote=True)
    return f'<a class="citation" href="{html.escape(key)}" title="{title}">[{citation.number}]</a>'


def _escaped(text: str) -> str:
    """Return a text that neither HTML nor Markdown reads anything into: its punctuation as character references."""
    return _PUNCTUATION.sub(lambda mark: f"&#{ord(mark.group())};", text)


def _read_uploads(paths: Sequence[str]) -> tuple[list[Article], list[str]]:
    """Return the articles of uploaded files, named by the files' own names, and a line for each that gives none."""
    articles, failures = [], []
    for path in map(Path, paths):
        try:
            articles.append(index.read_file(path, source=path.name))
        except ArticleIndexError as error:
            failures.append(f"failed: {path.name}: {error}")
    return articles, failures


@app.command()
def main(
    host: Annotated[str, typer.Option(help="The address to serve on; 0.0.0.0 lets others on the network in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to serve on.")] = 7860,
) -> None:
    """Serve the chat page. ARTICLE_INDEX, ARTICLE_EMBEDDER and ASSISTANT_MODEL name what it works with."""
    # Gradio reads it when it is imported: nothing may be asked of another host.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    loading = Loading()
    page = build_page(loading)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            run_history=False,
            footer_links=[],
            max_file_size=LARGEST_UPLOAD,
            theme=gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=["system-ui", "sans-serif"]),
            css_paths=[str(PAGE / "page.css")],
            favicon_path=str(PAGE / "favicon.svg"),
        )
    except OSError:
        _exit(f"Port {port} on {host} is taken or not allowed; choose another: python ui.py --port {port + 1}")
    typer.echo(f"The page is open at http://{host}:{port} (stop it with Ctrl+C).")
    loading.start()
    try:
        loading.result()
    except (AssistantError, ArticleIndexError) as error:
        _exit(str(error))
    page.block_thread()


def _exit(reason: str) -> None:
    typer.echo(reason, err=True)
    # Gradio's server threads would keep a plain sys.exit waiting.
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    app()
