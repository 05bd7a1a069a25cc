"""The layout of the page in Gradio: its components, and the events that connect them."""

# Gradio reads the annotations of event handlers, and they have to be classes: no future import.
import functools
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any

import gradio as gr

from assistant import MOST_PASSAGES, PASSAGES
from assistant.page.desk import EXPECTED, LOADING, Desk, Loading, View, Wish
from assistant.page.programs import Programs
from assistant.page.rendering import answering_line, escaped, messages, notice
from index import FILE_ENDINGS

ANSWERED_AT_ONCE = 4
"""Questions answered at the same time; the others wait in line and see their place in it."""
LIKED = {True: "Like", False: "Dislike", None: None}
"""Gradio's words for a reader's opinion of an answer."""
NOTHING_YET = "## Ask about the articles\nEvery answer shows the sentence that it rests on."


FOLDER = files("assistant") / "page"
"""The page's style, scripts, markup and icon."""


def _page_file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


THEME = gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=["system-ui", "sans-serif"])
# Not by css_paths: Gradio rewrites such files and drops rules that it does not know.
HEAD = f"<style>{_page_file('page.css')}</style><script>{_page_file('page.js')}</script>"
ICON = str(FOLDER / "favicon.svg")


class Page:
    """The page's components and what connects them."""

    def __init__(self, loading: Loading, allow_hosts: Sequence[str] = ()) -> None:
        """Take the assistant that is being opened; articles may come from `allow_hosts`, though not public."""
        self._desk = Desk(loading, allow_hosts)
        self._programs = Programs(loading.result, allow_hosts)
        self.uploads = self._desk.library.uploads

    def build(self) -> gr.Blocks:
        """Return the page: the conversation on the left; on the right the article, the library and the rest."""
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
        library = self._desk.library
        jobs = library.jobs
        functions = (
            library.look,
            library.refresh,
            library.remove,
            library.put_back,
            jobs.cancel,
            jobs.dismiss,
        )
        self._library = _element("library", {"among": None}, *functions)
        with gr.Accordion("Add articles", open=False, elem_id="adding"):
            address = gr.Textbox(
                label="Address of a page, feed or sitemap",
                placeholder="https://",
                submit_btn="Add",
                max_lines=1,
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
            (
                files.upload,
                lambda _, keys: library.add_files(keys),
                files,
                [files, keys],
                keys_of_files,
            ),
            (add_text.click, library.add_text, text, [text], None),
        ):
            begun = trigger(_told(add), told, None, js=script, api_visibility="private", show_progress="hidden")
            begun.success(lambda: None, None, given, api_visibility="private", show_progress="hidden")
            begun.then(None, js="() => window.library.look()")

    def _build_settings(self) -> None:
        self._passages = gr.Slider(
            1,
            MOST_PASSAGES,
            PASSAGES,
            step=1,
            label="How much is read for an answer (passages); more takes longer",
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

    def _connect_settings(self, page: gr.Blocks) -> None:
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
            chosen(
                _told(lambda model: answering_line(self._desk.model(model))),
                self._model,
                self._answering,
                **quiet,
            )
        page.load(_told(self._desk.suggest), self._talk, self._suggested, **quiet)
        for setting in settings:
            setting.input(None, settings, None, js="(...values) => window.settings.keep(...values)")


def _element(name: str, value: Any, *functions: Callable[..., Any]) -> gr.HTML:
    """Return a component of our own: its markup and its script, which may call the functions, are files."""
    return gr.HTML(
        value,
        # A template would be filled in anew with each value, and what the script and the reader did would be gone.
        html_template="",
        markup=_page_file(f"{name}.html"),
        js_on_load=_page_file(f"{name}.js"),
        server_functions=[_for_scripts(function) for function in functions],
        apply_default_css=False,
        elem_id=name,
    )


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

    @functools.wraps(function)
    def telling(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except EXPECTED as error:
            raise gr.Error(str(error), title="", print_exception=False) from error

    return telling


def _answering(views: Iterator[View], talk: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield what the page shows while a question is answered: meanwhile the box can stop it."""
    busy = gr.Textbox("", submit_btn=False, stop_btn=True)
    for number, view in enumerate(views):
        *shown, _ = _view(view, talk)
        yield *shown, busy if number == 0 else gr.skip()


def _ready() -> gr.Textbox:
    """Return the box as it is when a question can be sent."""
    return gr.Textbox(submit_btn=True, stop_btn=False)


def _view(view: View, talk: Any) -> tuple[Any, Any, Any, Any]:
    """Return what the conversation, what is kept of it, the article beside it and the box are to be."""
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
