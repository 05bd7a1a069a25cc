"""A chat model, called: within a time, again where that helps, and its failures told in our words."""

from __future__ import annotations

import logging
import threading
import time
from functools import lru_cache
from itertools import chain
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_any, stop_before_delay

from assistant.errors import ContextError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_core.language_models.chat_models import BaseChatModel
    from tenacity import RetryCallState

    from assistant.models import Spent
    from assistant.prompts import Message

LONGEST_WAIT = 10
"""How many times its patience a model has for all that a question asks of it, however it drips."""
TRIES = 3
PAUSE = 0.5
"""Seconds before the second try, where the server names none; twice as many before the third."""
LONGEST_TEXT = 4_000
"""Characters of an answer; what comes after them is not read."""
BUDGET = 6_000
"""Tokens of passages, for a model that does not tell how many it can read."""
FOR_THE_REST = 1_500
"""Tokens that rules, question and answer may take."""
CHARACTERS_A_TOKEN = 3.0
"""Of English text it is more with nearly every tokenizer: a guess that is wrong on the safe side."""

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP's codes for what may go well a moment later; 529 is Anthropic's for too many requests at once."""
_REASONS = {
    401: "the server of {name} refuses the key; set the right one",
    403: "the server of {name} refuses the key; set the right one",
    404: "the server knows no model {name}; check the name",
    429: "the server of {name} takes no more requests for now",
}
_BAD_REQUEST = frozenset({None, 400, 413, 422})
_TOO_LONG = ("context_length", "context length", "context size", "too long", "maximum context", "too many tokens")

_log = logging.getLogger(__package__)


class Caller:
    """Asks one chat model. Threads may share it."""

    def __init__(self, model: BaseChatModel, name: str, patience: float) -> None:
        """Ask a LangChain chat model, which messages call by a name.

        `patience` is the seconds in which it has to begin its answer, and to go on with it after each word.
        """
        self.model, self.name, self.patience = model, name, patience
        # The same passages come again with each question, and a model may count by asking a server.
        self.tokens = lru_cache(maxsize=10_000)(self._tokens)

    def load(self) -> None:
        """Load the weights of a model that runs in this process. Raises `ModelError`."""
        if load := getattr(self.model, "load", None):
            load()

    def budget(self) -> int:
        """Return how many tokens of passages the model can read."""
        profile: Any = getattr(self.model, "profile", None) or {}
        told = profile.get("max_input_tokens") or getattr(self.model, "num_ctx", None)
        return min(int(told) - FOR_THE_REST, BUDGET) if told else BUDGET

    def check_time(self, spent: Spent) -> None:
        """Raise `ModelError` when a question has taken as long as it may."""
        if time.monotonic() > self._end(spent):
            raise ModelError(f"{self.name} did not end its answer within {LONGEST_WAIT * self.patience:g} seconds")

    def _end(self, spent: Spent) -> float:
        return spent.began + LONGEST_WAIT * self.patience

    def _tokens(self, text: str) -> int:
        """Return how many tokens a text has: by the model's own tokenizer where it is at hand, else a safe guess."""
        count = getattr(self.model, "count_tokens", None)
        return int(count(text)) if count else int(len(text) / CHARACTERS_A_TOKEN) + 1

    def call(self, messages: Sequence[Message], spent: Spent) -> Iterator[str]:
        """Yield the text that the model writes, whole each time. Raises `ModelError`, `ContextError` among them."""
        text = ""
        try:
            for piece in self._begun(messages, spent):
                text += piece[: LONGEST_TEXT + 1 - len(text)]
                yield text
                if len(text) > LONGEST_TEXT:
                    return
        except Exception as error:
            raise _in_our_words(error, self.name, self.patience, has_begun=bool(text)) from error
        if not text.strip():
            raise ModelError(f"{self.name} said nothing")

    def _begun(self, messages: Sequence[Message], spent: Spent) -> Iterator[str]:
        """Return the pieces of an answer that has begun: until then, what may pass is tried again."""
        deadline = time.monotonic() + self.patience
        tries = Retrying(
            retry=retry_if_exception(_is_passing),
            stop=stop_any(stop_after_attempt(TRIES), stop_before_delay(self.patience)),
            wait=_pause,
            before_sleep=self._tell,
            reraise=True,
        )

        def begin() -> Iterator[str]:
            spent.calls += 1
            pieces = self._pieces(messages, spent, deadline)
            return chain([next(pieces, "")], pieces)

        return tries(begin)

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        # Not what it says: that may hold a key.
        _log.debug(
            "%s failed (%s, HTTP %s) and is asked again", self.name, type(error).__name__, error and _status(error)
        )

    def _pieces(self, messages: Sequence[Message], spent: Spent, deadline: float) -> Iterator[str]:
        """Yield the pieces as they come, each within the time; a model that hangs is left behind in its thread."""
        arrived: Queue[Any] = Queue()
        is_left = threading.Event()
        threading.Thread(target=self._run, args=(messages, arrived, is_left), daemon=True).start()
        try:
            while (held := _within(arrived, deadline)) is not None:
                if isinstance(held, Exception):
                    raise held
                if usage := held.usage_metadata:
                    spent.tokens_in += usage["input_tokens"]
                    spent.tokens_out += usage["output_tokens"]
                if held.text:
                    deadline = min(time.monotonic() + self.patience, self._end(spent))
                    yield held.text
        finally:
            is_left.set()

    def _run(self, messages: Sequence[Message], arrived: Queue[Any], is_left: threading.Event) -> None:
        """Put into a queue what the model gives, or what it raises, and at its end None."""
        try:
            for chunk in self.model.stream(list(messages)):
                arrived.put(chunk)
                if is_left.is_set():
                    return
            arrived.put(None)
        except Exception as error:  # noqa: BLE001  # It is raised where the answer is waited for.
            arrived.put(error)


def _within(arrived: Queue[Any], deadline: float) -> Any:
    """Return what comes next. Raises `TimeoutError` when that is too late."""
    try:
        return arrived.get(timeout=max(deadline - time.monotonic(), 0.01))
    except Empty:
        raise TimeoutError from None


def _pause(state: RetryCallState) -> float:
    """Return how many seconds to wait before the next try: as many as the server says, else more each time."""
    error = state.outcome.exception() if state.outcome else None
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return float(PAUSE * 2 ** (state.attempt_number - 1))


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "code"):
            if isinstance(status := getattr(holder, name, None), int):
                return status
    return None


def _is_passing(error: BaseException) -> bool:
    return _status(error) in _PASSING


def _in_our_words(error: Exception, name: str, patience: float, *, has_begun: bool) -> ModelError:
    """Return what went wrong in one sentence, which has nothing of what the error says: that may hold a key."""
    if isinstance(error, ModelError):
        return error
    status, kind = _status(error), type(error).__name__
    if not has_begun and status in _BAD_REQUEST and any(words in str(error).lower() for words in _TOO_LONG):
        return ContextError(f"the passages are too long for {name}")
    if has_begun:
        reason = f"the answer of {name} broke off"
    elif isinstance(error, TimeoutError) or "Timeout" in kind:
        reason = f"{name} did not answer within {patience:g} seconds"
    elif status:
        reason = _REASONS.get(status, "the server of {name} failed (HTTP {status})").format(name=name, status=status)
    elif isinstance(error, (ConnectionError, httpx.TransportError)) or "Connection" in kind:
        reason = f"the server of {name} cannot be reached; start it, or check its address"
    else:
        reason = f"{name} failed ({kind})"
    return ModelError(reason)
