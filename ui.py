"""The chat page, which `python ui.py` serves: wiring and rendering only."""

from __future__ import annotations

import html
import os
import re
import sys
import threading
from concurrent.futures import Future, wait
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, unquote

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

_CITATION_KEY = re.compile(r"#cite-([^/]+)/(\w+)/(\d{1,9})/(\d{1,9})", re.ASCII)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


class Loading:
    """The default assistant, opened by a thread of its own while the page is up already."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._opened: Future[assistant.Assistant] = Future()

    def start(self) -> None:
        """Begin to open the index and load the models."""
        threading.Thread(target=self._open, daemon=True).start()

    def is_ready(self, within: float) -> bool:
        """Wait until opening has come to its end, well or not, for at most some seconds; return whether it has."""
        return bool(wait([self._opened], within).done)

    def result(self) -> assistant.Assistant:
        """Return the assistant, waiting for it. Raises what opening it raised."""
        return self._opened.result()

    def _open(self) -> None:
        try:
            opened = assistant.open_default()
            opened.load()
        except Exception as error:  # noqa: BLE001  # whoever asks for the result gets it
            self._opened.set_exception(error)
        else:
            self._opened.set_result(opened)


class Page:
    """What the page does when something happens on it; `build` wires it up."""

    def __init__(self, loading: Loading) -> None:
        """Take the assistant that is being opened."""
        self._loading = loading

    def answer(self, question: str, history: list[Message], turns: list[Turn]) -> Iterator[tuple[str, Any, list[Turn]]]:
        """Yield the chat message as it grows, the article beside it, and the turns of the conversation so far."""
        # After a retry or an undo the history is shorter than the turns that were kept.
        turns = turns[: sum(message["role"] == "user" for message in history)]
        try:
            while not self._loading.is_ready(within=1):
                yield f'<span class="status">{LOADING}</span>', _unchanged(), turns
            opened = self._loading.result()
            for answer in opened.stream(question, turns):
                pane = article_html(*_cited_article(opened, answer.citations)) if answer.citations else _unchanged()
                yield answer_html(answer), pane, [*turns, Turn(question, answer)]
        except (AssistantError, ArticleIndexError) as error:
            failed = Answer(str(error), (), "refused")
            yield _escaped(failed.text), _unchanged(), [*turns, Turn(question, failed)]

    def open_citation(self, key: str) -> str:
        """Return the article that a citation's link names, the cited sentence marked. The page's script calls it."""
        found = _CITATION_KEY.fullmatch(str(key))
        if not found:
            return _notice("This link does not name a sentence of an article.")
        article_id, version, start, end = found.groups()
        try:
            article = self._loading.result().index.article(unquote(article_id), version)
        except ArticleIndexError as error:
            return _notice(str(error))
        return article_html(article, [(int(start), int(end))])

    def add_files(self, paths: list[str] | None) -> tuple[str, Any, None]:
        """Add uploaded files; return what became of each, the article to show, and an empty list of files."""
        articles, lines = _read_uploads(paths or [])
        try:
            report = self._loading.result().index.add(*articles)
        except ArticleIndexError as error:
            return _escaped(str(error)), _unchanged(), None
        titles = {article.id: article.title for article in articles}
        for outcome in ("added", "updated", "unchanged"):
            lines += [f"{outcome}: {titles[article_id]}" for article_id in getattr(report, outcome)]
        lines += [f"failed: {source}: {reason}" for source, reason in report.failed]
        fresh = [article for article in articles if article.id in (*report.added, *report.updated)]
        shown = article_html(fresh[-1], []) if fresh else _unchanged()
        return "  \n".join(_escaped(line) for line in lines), shown, None

    def begin(self) -> tuple[str, Any]:
        """Return the newest article, and the conversation without its examples where these have no article."""
        import gradio as gr

        opened = self._loading.result()
        articles = opened.index.articles()
        pane = article_html(articles[0], []) if articles else _notice("There is no article yet; add one below.")
        return pane, _unchanged() if opened.suggestions() else gr.Chatbot(examples=[])

    def build(self) -> gr.Blocks:
        """Return the page: the conversation on the left, on the right the article with what is cited in it."""
        import gradio as gr

        def open_citation(key: str) -> str:  # Gradio marks the functions that it serves; a method bears no mark.
            return self.open_citation(key)

        pane = gr.HTML(
            _notice(LOADING),
            js_on_load=(PAGE / "pane.js").read_text(encoding="utf-8"),
            server_functions=[open_citation],
            elem_id="article",
            render=False,
        )
        page: gr.Blocks
        # Copies of uploaded files are deleted within the hour: their text is in the index.
        hourly = (3600, 3600)
        with (
            gr.Blocks(title="Article assistant", analytics_enabled=False, delete_cache=hourly) as page,
            gr.Row(equal_height=False),
        ):
            with gr.Column(scale=3, min_width=320):
                chatbot = self._build_conversation(pane)
            with gr.Column(scale=2, min_width=320):
                pane.render()  # type: ignore[no-untyped-call]
                self._build_adding(pane)
            page.load(self.begin, None, [pane, chatbot], api_visibility="private", show_progress="hidden")
        return page

    def _build_conversation(self, pane: gr.HTML) -> gr.Chatbot:
        import gradio as gr

        turns = gr.State([])
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
        question = gr.Textbox(
            label="Question", placeholder="Type a question", submit_btn=True, stop_btn=True, autofocus=True, max_lines=5
        )
        gr.ChatInterface(
            self.answer,
            chatbot=chatbot,
            textbox=question,
            examples=[[example, None] for example in index.shipped_questions()],
            additional_inputs=[turns],
            additional_outputs=[pane, turns],
            api_visibility="private",
        )
        # ChatInterface takes the placeholder away with the first question.
        hint = gr.update(placeholder=question.placeholder)
        chatbot.change(lambda: hint, None, question, api_visibility="private", show_progress="hidden")
        return chatbot

    def _build_adding(self, pane: gr.HTML) -> None:
        import gradio as gr

        with gr.Accordion("Add articles", open=False):
            uploads = gr.File(
                label="Text, Markdown, HTML, PDF, Word, EPUB or e-mail files",
                file_count="multiple",
                file_types=list(index.FILE_ENDINGS),
                height=120,
            )
            report = gr.Markdown(elem_id="report", latex_delimiters=[])
        uploads.upload(self.add_files, uploads, [report, pane, uploads], api_visibility="private")


def answer_html(answer: Answer) -> str:
    """Return an answer as a chat message: its text, taken literally, with a link for each citation's mark.

    The answering words stand out, so that one glance tells them from the sentence that they rest on.
    """
    marks = {f"[{citation.number}]": citation for citation in answer.citations}
    words = f"<strong>{_escaped(answer.words)}</strong>" if answer.words else ""
    paragraphs = []
    for paragraph in answer.text.removeprefix(answer.words).split("\n\n"):
        links: list[str] = []
        left = dict(marks)  # Each stands once at the end of a paragraph; what looks like one before them is quoted.
        while citation := left.pop(paragraph.rpartition(" ")[2], None):
            paragraph = paragraph.rpartition(" ")[0]  # noqa: PLW2901  # there may be another mark
            links.insert(0, _link(citation))
        paragraphs.append(" ".join([_escaped(paragraph), *links]))
    paragraphs[0] = words + paragraphs[0]
    status = STATUS_LINES[answer.status]
    return "\n\n".join([*([f'<span class="status">{status}</span>'] if status else []), *paragraphs])


def article_html(article: Article, marked: Sequence[Span]) -> str:
    """Return an article with some spans of its text marked; the first of them is the one to look at."""
    pieces, position = [], 0
    for start, end in sorted(set(marked)):
        start, end = max(start, position), min(end, len(article.text))  # noqa: PLW2901  # a link can name any offsets
        if start < end:
            current = ' class="current" tabindex="-1"' if (start, end) == marked[0] else ""
            pieces.append(html.escape(article.text[position:start]))
            pieces.append(f"<mark{current}>{html.escape(article.text[start:end])}</mark>")
            position = end
    pieces.append(html.escape(article.text[position:]))
    facts = [article.site or article.source, assistant.day_in_words(article.published) if article.published else ""]
    title = "" if article.text.lstrip("# \n").startswith(article.title) else f"<h2>{html.escape(article.title)}</h2>"
    line = html.escape(" · ".join(fact for fact in facts if fact))
    return f'<article><p class="status">{line}</p>{title}<div class="text">{"".join(pieces)}</div></article>'


def _unchanged() -> Any:
    """Return what tells Gradio to leave an output as it is."""
    import gradio as gr

    return gr.skip()


def _notice(text: str) -> str:
    return f'<p class="status">{html.escape(text)}</p>'


def _cited_article(opened: assistant.Assistant, citations: Sequence[Citation]) -> tuple[Article, list[Span]]:
    """Return the article that is cited first, and all places that are cited in it."""
    first = citations[0]
    article = opened.index.article(first.article_id, first.version)
    same = [c for c in citations if (c.article_id, c.version) == (first.article_id, first.version)]
    return article, [(citation.start, citation.end) for citation in same]


def _link(citation: Citation) -> str:
    key = f"#cite-{quote(citation.article_id, safe='')}/{citation.version}/{citation.start}/{citation.end}"
    title = html.escape(f"{assistant.on_one_line(citation.quote)} {assistant.describe(citation)}", quote=True)
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
    host: Annotated[
        str, typer.Option(help="The address to serve on; 0.0.0.0 lets others on the network in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to serve on.", min=1, max=65535)] = 7860,
) -> None:
    """Serve the chat page. ARTICLE_INDEX, ARTICLE_EMBEDDER and ASSISTANT_MODEL name what it works with."""
    # Gradio reads it when it is imported: nothing may be asked of another host.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    loading = Loading()
    page = Page(loading).build()
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
        _exit(
            f"The page cannot be served on {host}:{port}: the port is taken, or the host is not this machine's. "
            "Choose others with --port and --host."
        )
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
