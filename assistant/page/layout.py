"""The layout of the page in Gradio: its components, and the events that connect them."""

# Gradio reads the annotations of event handlers as classes, so there is no `from __future__` here.
import functools
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any

import gradio as gr

from assistant import MOST_PASSAGES, PASSAGES
from assistant.page.chat_state import AskOptions, ChatUpdate
from assistant.page.handlers import EXPECTED, LOADING, AssistantLoader, ChatHandlers
from assistant.page.programs import Programs
from assistant.page.rendering import answering_line, escaped, messages, notice
from index import FILE_ENDINGS

ANSWERED_AT_ONCE = 4
"""Questions answered at the same time; the others wait in line, and the page shows their place."""
LIKED = {True: "Like", False: "Dislike", None: None}
"""Gradio's words for a user's opinion of an answer."""
EMPTY_CHAT = "## Ask about the articles\nEvery answer shows the sentence that it rests on."
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""Options of an event that is hidden from programs and shows no progress."""

FOLDER = files("assistant") / "page"
"""The folder of the page's style, scripts, markup and icon."""
HEAD_SCRIPTS = (
    "page",
    "storage",
    "settings",
    "conversation_list",
    "citations",
    "messages",
    "article_table",
    "job_list",
)
"""Scripts that define functions of `window.page`; the components' own scripts call them."""


def _page_file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


THEME = gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=["system-ui", "sans-serif"])
# Not by css_paths: Gradio rewrites such files and drops rules that it does not know.
HEAD = f"<style>{_page_file('page.css')}</style>" + "".join(
    f"<script>{_page_file(f'{name}.js')}</script>" for name in HEAD_SCRIPTS
)
ICON = str(FOLDER / "favicon.svg")


class ChatPage:
    """The page's components and events."""

    def __init__(self, loader: AssistantLoader, allow_hosts: Sequence[str] = ()) -> None:
        """Use the loader's assistant; `allow_hosts` may be fetched although not public."""
        self._handlers = ChatHandlers(loader, allow_hosts)
        self._programs = Programs(loader.result, allow_hosts)
        self.uploads = self._handlers.library.uploads

    def build(self) -> gr.Blocks:
        """Return the page: the conversation on the left, tabs on the right."""
        page: gr.Blocks
        with gr.Blocks(title="Article assistant", analytics_enabled=False) as page:
            with gr.Row(equal_height=False, elem_id="page"):
                with gr.Column(scale=3, min_width=320, elem_id="left"):
                    self._build_conversation()
                with gr.Column(scale=2, min_width=320, elem_id="right"), gr.Tabs():
                    with gr.Tab("Article", elem_id="article-tab"):
                        open_article = self._handlers.open_article
                        self._article = _element("article", notice(LOADING), open_article)
                    with gr.Tab("Library", elem_id="library-tab"):
                        self._build_library()
                    with gr.Tab("Settings", elem_id="settings-tab"), gr.Group(elem_id="settings"):
                        self._build_settings()
            # Before all events: Gradio adds a number to a name that an earlier function has.
            for function in self._programs.functions():
                name = function.__name__
                gr.events.api(_with_messages(function), api_name=name, concurrency_id="answers")
            self._connect_conversation()
            self._connect_settings(page)
        return page

    def _build_conversation(self) -> None:
        # Not in a tab: Gradio runs a component's script when its tab is first opened.
        handlers = self._handlers
        functions = (handlers.read_passages, handlers.text_of, handlers.markdown_of)
        self._conversation = _element("conversations", {}, *functions)
        self._chat = gr.Chatbot(
            show_label=False,
            label="Conversation",
            elem_id="conversation",
            height="100%",
            layout="bubble",
            buttons=["copy"],
            editable="user",
            latex_delimiters=[],
            placeholder=EMPTY_CHAT,
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
        self._model_line = gr.HTML(answering_line(handlers.default_model()), elem_id="model")

    def _build_library(self) -> None:
        library = self._handlers.library
        jobs = library.jobs
        functions = (
            library.look,
            library.refresh,
            library.remove,
            library.put_back,
            jobs.cancel,
            jobs.dismiss,
        )
        self._library = _element("library", {"articles": None}, *functions)
        with gr.Accordion("Add articles", open=False, elem_id="adding"):
            address = gr.Textbox(
                label="Address of a page, feed or sitemap",
                placeholder="https://",
                submit_btn="Add",
                max_lines=1,
            )
            chooser = gr.File(
                label="Files, at most 20 MB each and 500 MB together",
                file_count="multiple",
                file_types=list(FILE_ENDINGS),
                height=160,
            )
            text = gr.Textbox(
                label="Text of an article, its title as the first line", lines=3, max_lines=12
            )
            add_text = gr.Button("Add the text", size="sm")
        # Pass only the keys of uploaded files: given their values, Gradio would read or fetch them.
        keys = gr.JSON(visible=False)
        get_keys = "(files) => [null, (files ?? []).map((file) => file.path)]"

        def add_files(_: Any, keys: Any) -> None:
            library.add_files(keys)

        _connect_adding(address.submit, library.add_address, [address])
        _connect_adding(chooser.upload, add_files, [chooser, keys], get_keys)
        _connect_adding(add_text.click, library.add_text, [text])

    def _build_settings(self) -> None:
        self._passages = gr.Slider(
            1,
            MOST_PASSAGES,
            PASSAGES,
            step=1,
            label="Passages read for an answer; more take longer",
        )
        self._language = gr.Dropdown(
            [("Any language", "")],
            value="",
            label="Language of the answers: only articles in it are asked",
            allow_custom_value=True,
        )
        self._model = gr.Dropdown(
            [("As it was started", "")], value="", label="Model", allow_custom_value=True
        )
        colours = [("As the system", "system"), ("Light", "light"), ("Dark", "dark")]
        self._theme = gr.Radio(colours, label="Colours")

    def _connect_conversation(self) -> None:
        chat, conversation, box, handlers = (
            self._chat,
            self._conversation,
            self._box,
            self._handlers,
        )
        choices = [self._library, self._language, self._passages, self._model]
        shown = [chat, conversation, self._article, box]

        def ask(question: str, stored: Any, *chosen: Any) -> Iterator[Any]:
            options = AskOptions.of(*chosen)
            yield from _answering(handlers.ask(question, stored, options), stored)

        def ask_named(data: gr.EventData, stored: Any, *chosen: Any) -> Iterator[Any]:
            yield from ask(str(data.question), stored, *chosen)

        def ask_again(position: int, question: str | None, stored: Any, chosen: Any) -> Any:
            options = AskOptions.of(*chosen)
            return _answering(handlers.ask_again(position, question, stored, options), stored)

        def retry(data: gr.RetryData, stored: Any, *chosen: Any) -> Iterator[Any]:
            yield from ask_again(_position(data), None, stored, chosen)

        def edit(data: gr.EditData, stored: Any, *chosen: Any) -> Iterator[Any]:
            yield from ask_again(_position(data), str(data.value), stored, chosen)

        # Events that answer a question wait in one line, and each user sees the place in it.
        line: dict[str, Any] = {"concurrency_limit": ANSWERED_AT_ONCE, "concurrency_id": "answers"}
        answering = [
            trigger(
                function,
                inputs,
                shown,
                api_visibility="private",
                show_progress="minimal",
                **line,
            )
            for trigger, function, inputs in (
                (box.submit, ask, [box, conversation, *choices]),
                (self._suggested.ask, ask_named, [conversation, *choices]),
                (conversation.ask, ask_named, [conversation, *choices]),
                (chat.retry, retry, [conversation, *choices]),
                (chat.edit, edit, [conversation, *choices]),
            )
        ]
        for event in answering:
            event.then(_ready, None, box, **QUIET)  # After a stopped answer too.
        box.stop(None, cancels=answering)
        self._connect_other_events(answering, shown)

    def _connect_other_events(self, answering: list[Any], shown: list[Any]) -> None:
        """Connect undo, like, the opening of a conversation, and the suggestions.

        Args:
            answering: The events that answer a question.
            shown: The components that a conversation's events set.
        """
        chat, conversation, handlers = self._chat, self._conversation, self._handlers

        def undo(data: gr.UndoData, stored: Any) -> Any:
            return _update(handlers.undo(_position(data), stored), stored)

        def like(data: gr.LikeData, stored: Any) -> Any:
            liked = data.liked if isinstance(data.liked, bool) else None
            return _update(handlers.like(_position(data), liked, stored), stored)

        def restore(stored: Any) -> Any:
            return _update(handlers.open(stored), stored)

        restored = conversation.restore(
            _with_messages(restore), conversation, shown, cancels=answering, **QUIET
        )
        for event in (*answering, restored):
            # "always_last": an answer given meanwhile still gets its suggestions.
            event.then(
                _with_messages(handlers.suggest),
                conversation,
                self._suggested,
                trigger_mode="always_last",
                **QUIET,
            )
        chat.undo(_with_messages(undo), conversation, shown, **QUIET)
        chat.like(_with_messages(like), conversation, shown, **QUIET)

    def _connect_settings(self, page: gr.Blocks) -> None:
        handlers = self._handlers
        settings: list[Any] = [self._theme, self._passages, self._language, self._model]

        def begin() -> tuple[Any, Any, Any]:
            languages = [("Any language", ""), *handlers.library.languages()]
            default, *others = handlers.models()
            models = [(f"{default} (as it was started)", ""), *((name, name) for name in others)]
            return handlers.newest_article(), gr.Dropdown(languages), gr.Dropdown(models)

        def describe_model(chosen: Any) -> str:
            return answering_line(handlers.model(chosen))

        stored = page.load(
            None, settings, settings, js="(...values) => window.settings.load(...values)"
        )
        page.load(
            _with_messages(begin), None, [self._article, self._language, self._model], **QUIET
        )
        for trigger in (stored.then, self._model.input):
            trigger(_with_messages(describe_model), self._model, self._model_line, **QUIET)
        page.load(_with_messages(handlers.suggest), self._conversation, self._suggested, **QUIET)
        for setting in settings:
            store = "(...values) => window.settings.store(...values)"
            setting.input(None, settings, None, js=store)


def _connect_adding(
    trigger: Callable[..., Any],
    add: Callable[..., Any],
    inputs: list[Any],
    script: str | None = None,
) -> None:
    """Connect an input of the library: add its value, empty it, and refresh the list.

    Args:
        trigger: The event that adds.
        add: The function that adds the inputs' values.
        inputs: The components whose values are added; the first one is emptied.
        script: JavaScript that converts the values first.
    """
    event = trigger(_with_messages(add), inputs, None, js=script, **QUIET)
    event.success(lambda: None, None, inputs[0], **QUIET)
    event.then(None, js="() => window.library.look()")


def _element(name: str, value: Any, *functions: Callable[..., Any]) -> gr.HTML:
    """Return a component of our own.

    Args:
        name: The name of its markup file and of its script file.
        value: Its first value.
        functions: Server functions that its script may call.
    """
    return gr.HTML(
        value,
        # A template is rendered anew with each value, which would undo the script's work.
        html_template="",
        markup=_page_file(f"{name}.html"),
        js_on_load=_page_file(f"{name}.js"),
        server_functions=[_for_scripts(function) for function in functions],
        apply_default_css=False,
        elem_id=name,
    )


def _for_scripts(function: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Return a function for scripts: it takes a list of arguments, and returns a value or error."""

    def call(arguments: list[Any]) -> dict[str, Any]:
        try:
            return {"value": function(*arguments)}
        except EXPECTED as error:
            return {"error": str(error)}
        except (TypeError, ValueError):
            return {"error": "This is not available any more; load the page again."}

    call.__name__ = function.__name__
    return call


def _with_messages(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that shows the messages of its expected errors."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except EXPECTED as error:
            raise gr.Error(str(error), title="", print_exception=False) from error

    return call


def _answering(updates: Iterator[ChatUpdate], stored: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield the components' values while an answer grows; the question box can stop it."""
    busy = gr.Textbox("", submit_btn=False, stop_btn=True)
    for number, update in enumerate(updates):
        *shown, _ = _update(update, stored)
        yield *shown, busy if number == 0 else gr.skip()


def _ready() -> gr.Textbox:
    """Return the question box, ready to send."""
    return gr.Textbox(submit_btn=True, stop_btn=False)


def _update(update: ChatUpdate, stored: Any) -> tuple[Any, Any, Any, Any]:
    """Return the values of the chat, the stored conversation, the article and the box."""
    shown: Any = messages(update.turns)
    if update.asked:
        shown.append({"role": "user", "content": escaped(update.asked)})
    liked = [LIKED[turn.liked] for turn in update.turns]
    article = gr.skip() if update.article is None else update.article
    box = gr.skip() if update.taken_back is None else gr.Textbox(update.taken_back)
    return gr.Chatbot(shown, feedback_value=liked), update.stored(stored), article, box


def _position(data: Any) -> int:
    """Return the position of an event's message."""
    return int(data.index[0] if isinstance(data.index, (list, tuple)) else data.index)
