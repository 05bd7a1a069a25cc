"""The chat page, which `python ui.py` serves: its wiring."""

# Gradio reads what an event's handler wants to know from its annotations, which have to be classes: no future import.
import functools
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from assistant import MOST_PASSAGES, PASSAGES, AssistantError
from assistant.page import (
    EXPECTED,
    FOLDER,
    LARGEST_FILE,
    LOADING,
    Desk,
    Doors,
    Ending,
    Guard,
    Loading,
    Programs,
    ServingError,
    View,
    Wish,
    accounts,
    answering_line,
    escaped,
    is_this_machine,
    messages,
    names_of,
    notice,
)
from index import FILE_ENDINGS, ArticleIndexError

if TYPE_CHECKING:
    import gradio as gr

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

ANSWERED_AT_ONCE = 4
"""How many questions are answered at the same time; the others wait in line, and see their place in it."""
LONGEST_LINE = 500
"""How many questions may wait."""
SESSIONS = 500
"""Of how many pages and programs Gradio remembers what they were shown, at 80 kB each; one that asks again is anew."""
LIKED = {True: "Like", False: "Dislike", None: None}
"""What Gradio calls what a reader thinks of an answer."""
HEAD_START = 2.0
"""Seconds in which the first page is shown before the models load, unless it asks for them: both want the processor."""
NOTHING_YET = "## Ask about the articles\nEvery answer shows the sentence that it rests on."


class Page:
    """The page's components and what connects them."""

    def __init__(self, loading: Loading, allow_hosts: Sequence[str] = ()) -> None:
        """Take the assistant that is being opened; articles may come from `allow_hosts`, though not public."""
        self._desk = Desk(loading, allow_hosts)
        self._programs = Programs(loading.result, allow_hosts)
        self.uploads = self._desk.library.uploads

    def build(self) -> "gr.Blocks":
        """Return the page: the conversation on the left; on the right the article, the library and the rest."""
        import gradio as gr

        page: gr.Blocks
        with gr.Blocks(title="Article assistant", analytics_enabled=False) as page:
            with gr.Row(equal_height=False, elem_id="page"):
                with gr.Column(scale=3, min_width=320, elem_id="left"):
                    self._build_conversation()
                with gr.Column(scale=2, min_width=320, elem_id="right"), gr.Tabs():
                    with gr.Tab("Article", elem_id="article-tab"):
                        self._pane = _element("article", notice(LOADING), self._desk.open_article)
                    with gr.Tab("Library", elem_id="library-tab"):
                        self._build_library()
                    with gr.Tab("Settings", elem_id="settings-tab"), gr.Group(elem_id="settings"):
                        self._build_settings()
            # First, so that their names are theirs: Gradio names what else there is after its functions.
            for function in self._programs.functions():
                gr.events.api(_told(function), api_name=function.__name__, concurrency_id="answers")
            self._connect_conversation()
            self._connect_settings(page)
        return page

    def _build_conversation(self) -> None:
        import gradio as gr

        # Not in a tab: Gradio runs a part's script when its tab is first opened.
        self._talk = _element("talks", {}, self._desk.read_passages, self._desk.text_of, self._desk.markdown_of)
        self._chat = gr.Chatbot(
            show_label=False,
            label="Conversation",
            elem_id="conversation",
            height="100%",
            layout="bubble",
            buttons=["copy"],
            editable="user",
            latex_delimiters=[],
            placeholder=NOTHING_YET,
        )
        self._suggested = _element("suggestions", {"after": 0, "questions": []})
        self._box = gr.Textbox(
            label="Question",
            placeholder="Ask a question about the articles",
            submit_btn=True,
            autofocus=True,
            max_lines=5,
            elem_id="question",
        )
        self._answering = gr.HTML(answering_line(self._desk.usual_model()), elem_id="model")

    def _build_library(self) -> None:
        import gradio as gr

        library = self._desk.library
        jobs = library.jobs
        functions = (library.look, library.refresh, library.remove, library.put_back, jobs.cancel, jobs.dismiss)
        self._library = _element("library", {"among": None}, *functions)
        with gr.Accordion("Add articles", open=False, elem_id="adding"):
            address = gr.Textbox(
                label="Address of a page, feed or sitemap", placeholder="https://", submit_btn="Add", max_lines=1
            )
            files = gr.File(
                label="Files, at most 20 MB each and 500 MB together",
                file_count="multiple",
                file_types=list(FILE_ENDINGS),
                height=160,
            )
            text = gr.Textbox(label="Text of an article, its title as the first line", lines=3, max_lines=12)
            add_text = gr.Button("Add the text", size="sm")
        # Files are told of by their keys: Gradio itself would read, or fetch, what it is told of as a file.
        keys = gr.JSON(visible=False)
        keys_of_files = "(files) => [null, (files ?? []).map((file) => file.path)]"
        for trigger, add, given, told, script in (
            (address.submit, library.add_address, address, [address], None),
            (files.upload, lambda _, keys: library.add_files(keys), files, [files, keys], keys_of_files),
            (add_text.click, library.add_text, text, [text], None),
        ):
            begun = trigger(_told(add), told, None, js=script, api_visibility="private", show_progress="hidden")
            begun.success(lambda: None, None, given, api_visibility="private", show_progress="hidden")
            begun.then(None, js="() => window.library.look()")

    def _build_settings(self) -> None:
        import gradio as gr

        self._passages = gr.Slider(
            1, MOST_PASSAGES, PASSAGES, step=1, label="How much is read for an answer (passages); more takes longer"
        )
        self._language = gr.Dropdown(
            [("Any language", "")],
            value="",
            label="Language of the answers: only articles in it are asked",
            allow_custom_value=True,
        )
        self._model = gr.Dropdown([("As it was started", "")], value="", label="What answers", allow_custom_value=True)
        self._theme = gr.Radio([("As the system", "system"), ("Light", "light"), ("Dark", "dark")], label="Colours")

    def _connect_conversation(self) -> None:
        import gradio as gr

        chat, talk, box, desk = self._chat, self._talk, self._box, self._desk
        wishes = [self._library, self._language, self._passages, self._model]
        shown = [chat, talk, self._pane, box]

        def ask(question: str, kept: Any, *wish: Any) -> Iterator[Any]:
            yield from _answering(desk.ask(question, kept, Wish.of(*wish)), kept)

        def ask_named(data: gr.EventData, kept: Any, *wish: Any) -> Iterator[Any]:
            yield from _answering(desk.ask(str(data.question), kept, Wish.of(*wish)), kept)

        def retry(data: gr.RetryData, kept: Any, *wish: Any) -> Iterator[Any]:
            yield from _answering(desk.ask_again(_position(data), None, kept, Wish.of(*wish)), kept)

        def edit(data: gr.EditData, kept: Any, *wish: Any) -> Iterator[Any]:
            yield from _answering(desk.ask_again(_position(data), str(data.value), kept, Wish.of(*wish)), kept)

        def undo(data: gr.UndoData, kept: Any) -> Any:
            return _view(desk.undo(_position(data), kept), kept)

        def like(data: gr.LikeData, kept: Any) -> Any:
            liked = data.liked if isinstance(data.liked, bool) else None
            return _view(desk.like(_position(data), liked, kept), kept)

        def restore(kept: Any) -> Any:
            return _view(desk.open(kept), kept)

        # Those that answer questions wait in one line, and whoever waits sees the place in it.
        line: dict[str, Any] = {"concurrency_limit": ANSWERED_AT_ONCE, "concurrency_id": "answers"}
        asked = [
            trigger(function, inputs, shown, api_visibility="private", show_progress="minimal", **line)
            for trigger, function, inputs in (
                (box.submit, ask, [box, talk, *wishes]),
                (self._suggested.ask, ask_named, [talk, *wishes]),
                (talk.ask, ask_named, [talk, *wishes]),
                (chat.retry, retry, [talk, *wishes]),
                (chat.edit, edit, [talk, *wishes]),
            )
        ]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        restored = talk.restore(_told(restore), talk, shown, cancels=asked, **quiet)
        for event in asked:
            event.then(_ready, None, box, **quiet)  # Also when it was stopped, and has come to its end.
        for event in (*asked, restored):
            # What is asked meanwhile is not lost: its suggestions are looked for at the end of those before it.
            event.then(_told(desk.suggest), talk, self._suggested, trigger_mode="always_last", **quiet)
        chat.undo(_told(undo), talk, shown, **quiet)
        chat.like(_told(like), talk, shown, **quiet)
        box.stop(None, cancels=asked)

    def _connect_settings(self, page: "gr.Blocks") -> None:
        import gradio as gr

        settings: list[Any] = [self._theme, self._passages, self._language, self._model]

        def begin() -> tuple[Any, Any, Any]:
            languages = [("Any language", ""), *self._desk.library.languages()]
            usual, *others = self._desk.models()
            models = [(f"{usual} (as it was started)", ""), *((name, name) for name in others)]
            return self._desk.newest_article(), gr.Dropdown(languages), gr.Dropdown(models)

        kept = page.load(None, settings, settings, js="(...values) => window.settings.kept(...values)")
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        page.load(_told(begin), None, [self._pane, self._language, self._model], **quiet)
        for chosen in (kept.then, self._model.input):
            chosen(_told(lambda model: answering_line(self._desk.model(model))), self._model, self._answering, **quiet)
        page.load(_told(self._desk.suggest), self._talk, self._suggested, **quiet)
        for setting in settings:
            setting.input(None, settings, None, js="(...values) => window.settings.keep(...values)")


def _element(name: str, value: Any, *functions: Callable[..., Any]) -> "gr.HTML":
    """Return a component of our own: its markup and its script, which may call the functions, are files."""
    import gradio as gr

    return gr.HTML(
        value,
        # A template would be filled in anew with each value, and what the script and the reader did would be gone.
        html_template="",
        markup=_text(f"{name}.html"),
        js_on_load=_text(f"{name}.js"),
        server_functions=[_for_scripts(function) for function in functions],
        apply_default_css=False,
        elem_id=name,
    )


def _text(name: str) -> str:
    """Return the text of one of the page's files."""
    return (FOLDER / name).read_text(encoding="utf-8")


def _for_scripts(function: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Return a function for the page's scripts, which give a list of arguments: it gives a value, or an error."""

    def answering(given: list[Any]) -> dict[str, Any]:
        try:
            return {"value": function(*given)}
        except EXPECTED as error:
            return {"error": str(error)}
        except (TypeError, ValueError):
            return {"error": "The page asked for something that is not there; load the page again."}

    answering.__name__ = function.__name__
    return answering


def _told(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose expected errors are told to whoever calls it."""
    import gradio as gr

    @functools.wraps(function)
    def telling(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except EXPECTED as error:
            raise gr.Error(str(error), title="", print_exception=False) from error

    return telling


def _answering(views: Iterator[View], talk: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield what the page shows while a question is answered: meanwhile the box can stop it."""
    import gradio as gr

    busy = gr.Textbox("", submit_btn=False, stop_btn=True)
    for number, view in enumerate(views):
        *shown, _ = _view(view, talk)
        yield *shown, busy if number == 0 else gr.skip()


def _ready() -> "gr.Textbox":
    """Return the box as it is when a question can be sent."""
    import gradio as gr

    return gr.Textbox(submit_btn=True, stop_btn=False)


def _view(view: View, talk: Any) -> tuple[Any, Any, Any, Any]:
    """Return what the conversation, what is kept of it, the article beside it and the box are to be."""
    import gradio as gr

    shown: Any = messages(view.exchanges)
    if view.asked:
        shown.append({"role": "user", "content": escaped(view.asked)})
    liked = [LIKED[exchange.liked] for exchange in view.exchanges]
    article = gr.skip() if view.article is None else view.article
    box = gr.skip() if view.taken_back is None else gr.Textbox(view.taken_back)
    return gr.Chatbot(shown, feedback_value=liked), view.kept(talk), article, box


def _position(data: Any) -> int:
    """Return which message an event is about."""
    return int(data.index[0] if isinstance(data.index, (list, tuple)) else data.index)


@app.command()
def main(
    host: Annotated[
        str, typer.Option(help="The address to serve on; 0.0.0.0 lets others on the network in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to serve on.", min=1, max=65535)] = 7860,
    model: Annotated[
        str | None, typer.Option(help="What answers: reader, gguf:PATH, ollama:NAME, openai:NAME …", metavar="NAME")
    ] = None,
    auth: Annotated[
        str | None, typer.Option(help="Who may come in: user:password, or a file with such lines.", metavar="AUTH")
    ] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Let everybody in who can reach the page.")] = False,
    name: Annotated[
        list[str] | None, typer.Option(help="A name by which browsers ask for the page; may be given again.")
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Add pages of this host although it is not on the public internet; may be given again."),
    ] = None,
) -> None:
    """Serve the chat page. ARTICLE_INDEX, ARTICLE_EMBEDDER and ASSISTANT_MODEL name what it works with."""
    # Gradio and its client, which its MCP server asks with, read them when imported: no other host is told of anything.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        users = accounts(auth) if auth else None
    except ServingError as error:
        _exit(str(error))
    if not (users or no_auth or is_this_machine(host)):
        _exit(
            f"On {host} others can reach the page, and read, add and remove articles. Say who may with --auth "
            "user:password or --auth FILE, or let everybody in with --no-auth."
        )
    # Of what is imported nothing becomes garbage, and looking for it takes a fifth of the start.
    gc.disable()
    loading, ending = Loading(model), Ending()
    page = Page(loading, allow_host or ())
    names = names_of(host, name or [])
    try:
        _launch(page, loading, ending, server_name=host, server_port=port, auth=users, names=names)
    except OSError:
        _exit(
            f"The page cannot be served on {host}:{port}: the port is taken, or the host is not this machine's. "
            "Choose others with --port and --host."
        )
    gc.freeze()
    gc.enable()
    typer.echo(f"The page is open at http://{host}:{port} (stop it with Ctrl+C).")
    ending.wait_until_asked_for(HEAD_START)
    try:
        index = loading.result().index
    except (AssistantError, ArticleIndexError) as error:
        _exit(str(error))
    ending.wait_until_asked_for()
    typer.echo("Stopping: what was asked by now is answered first. Once more stops it at once.")
    ending.wait_until_answered()
    index.close()
    page.uploads.close()
    _exit()


def _launch(page: Page, loading: Loading, ending: Ending, *, names: frozenset[str], auth: Any, **place: Any) -> None:
    """Serve the page in threads of its own, to whoever calls the server by one of its names. Raises `OSError`."""
    import gradio as gr

    blocks, is_starting = page.build(), threading.Event()
    is_starting.set()
    blocks.queue(max_size=LONGEST_LINE)
    blocks.launch(
        **place,
        auth=auth,
        # Gradio's MCP server does not ask who comes: where there are passwords, there is none.
        mcp_server=auth is None,
        app_kwargs=_around(page, loading, ending, names, is_starting),
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        run_history=False,
        footer_links=[],
        max_file_size=LARGEST_FILE,
        state_session_capacity=SESSIONS,
        theme=gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=["system-ui", "sans-serif"]),
        # Not by css_paths: Gradio rewrites what it is given there, and drops rules that it does not know.
        head=f"<style>{_text('page.css')}</style><script>{_text('page.js')}</script>",
        favicon_path=str(FOLDER / "favicon.svg"),
    )
    is_starting.clear()


def _around(
    page: Page, loading: Loading, ending: Ending, names: frozenset[str], is_starting: threading.Event
) -> dict[str, Any]:
    """Return the routes of our own, and the middleware in front of all routes, as Gradio's application takes them."""
    from gradio.routes import file_upload_statuses
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def health(_: Any) -> JSONResponse:
        state = loading.state()
        return JSONResponse({"status": state}, status_code=503 if state == "failed" else 200)

    return {
        "middleware": [
            Middleware(Guard, names=names),
            Middleware(Doors, is_starting=is_starting),
            Middleware(ending.before),
        ],
        "routes": [
            Route("/health", health),
            # Before Gradio's own, which keeps files where anybody can name them.
            Route(
                "/gradio_api/upload",
                functools.partial(page.uploads.take, statuses=file_upload_statuses),
                methods=["POST"],
            ),
        ],
    }


def _exit(reason: str = "") -> NoReturn:
    if reason:
        typer.echo(reason, err=True)
    # Gradio's server threads would keep a plain sys.exit waiting.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if reason else 0)


if __name__ == "__main__":
    app()
