"""`Caller`: calls a chat model with time limits and retries, and explains its failures."""

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

    from assistant.chat.prompts import Message
    from assistant.chat.usage import Usage

LONGEST_WAIT = 10
"""The time limit of a question, as a multiple of the patience: a model may drip words."""
TRIES = 3
PAUSE = 0.5
"""Seconds before the second try unless the server says otherwise; doubled for the third."""
LONGEST_TEXT = 4_000
"""Characters of an answer; the rest is not read."""
BUDGET = 6_000
"""Tokens of passages for a model that does not report its context length."""
FOR_THE_REST = 1_500
"""Tokens reserved for the rules, the question and the answer."""
CHARACTERS_A_TOKEN = 3.0
"""A low estimate: nearly every tokenizer makes longer tokens of English text."""

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP statuses worth a retry. 529 is Anthropic's "overloaded"."""
_REASONS = {
    401: "the server of {name} refuses the key; set the right one",
    403: "the server of {name} refuses the key; set the right one",
    404: "the server knows no model {name}; check the name",
    429: "the server of {name} takes no more requests for now",
}
_BAD_REQUEST = frozenset({None, 400, 413, 422})
_TOO_LONG = (
    "context_length",
    "context length",
    "context size",
    "too long",
    "maximum context",
    "too many tokens",
)

_log = logging.getLogger(__package__)


class Caller:
    """Calls one chat model. Threads may share it."""

    def __init__(self, model: BaseChatModel, name: str, patience: float) -> None:
        """Call a LangChain chat model.

        Args:
            model: The chat model.
            name: Its name in messages.
            patience: Seconds that it has to begin its answer, and between two words.
        """
        self.model, self.name, self.patience = model, name, patience
        # Passages recur from question to question, and counting may ask a server.
        self.tokens = lru_cache(maxsize=10_000)(self._tokens)

    def load(self) -> None:
        """Load the weights of a model that runs in this process. Raises `ModelError`."""
        if load := getattr(self.model, "load", None):
            load()

    def budget(self) -> int:
        """Return the number of tokens of passages that the model can read."""
        profile: Any = getattr(self.model, "profile", None) or {}
        context = profile.get("max_input_tokens") or getattr(self.model, "num_ctx", None)
        return min(int(context) - FOR_THE_REST, BUDGET) if context else BUDGET

    def check_time(self, usage: Usage) -> None:
        """Raise `ModelError` after the time limit of a question."""
        if time.monotonic() > self._end(usage):
            limit = LONGEST_WAIT * self.patience
            raise ModelError(f"{self.name} did not end its answer within {limit:g} seconds")

    def _end(self, usage: Usage) -> float:
        return usage.began + LONGEST_WAIT * self.patience

    def _tokens(self, text: str) -> int:
        """Return the number of tokens of a text, by the model's own tokenizer if it has one."""
        count = getattr(self.model, "count_tokens", None)
        return int(count(text)) if count else int(len(text) / CHARACTERS_A_TOKEN) + 1

    def call(self, messages: Sequence[Message], usage: Usage) -> Iterator[str]:
        """Yield the growing text of the model. Raises `ModelError` or its subclass `ContextError`."""
        text = ""
        try:
            for piece in self._begun(messages, usage):
                text += piece[: LONGEST_TEXT + 1 - len(text)]
                yield text
                if len(text) > LONGEST_TEXT:
                    return
        except Exception as error:
            raise _in_our_words(error, self.name, self.patience, has_begun=bool(text)) from error
        if not text.strip():
            raise ModelError(f"{self.name} wrote nothing")

    def _begun(self, messages: Sequence[Message], usage: Usage) -> Iterator[str]:
        """Return the pieces of an answer once it has begun; until then, retry passing failures."""
        deadline = time.monotonic() + self.patience
        tries = Retrying(
            retry=retry_if_exception(_is_passing),
            stop=stop_any(stop_after_attempt(TRIES), stop_before_delay(self.patience)),
            wait=_pause,
            before_sleep=self._tell,
            reraise=True,
        )

        def begin() -> Iterator[str]:
            usage.calls += 1
            pieces = self._pieces(messages, usage, deadline)
            return chain([next(pieces, "")], pieces)

        return tries(begin)

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        # Not the message of the error: it may contain a key.
        _log.debug(
            "%s failed (%s, HTTP %s) and is asked again",
            self.name,
            type(error).__name__,
            error and _status(error),
        )

    def _pieces(self, messages: Sequence[Message], usage: Usage, deadline: float) -> Iterator[str]:
        """Yield pieces as they arrive, within the time limit; a hanging model stays in its thread."""
        arrived: Queue[Any] = Queue()
        is_left = threading.Event()
        threading.Thread(target=self._run, args=(messages, arrived, is_left), daemon=True).start()
        try:
            while (held := _within(arrived, deadline)) is not None:
                if isinstance(held, Exception):
                    raise held
                if counts := held.usage_metadata:
                    usage.tokens_in += counts["input_tokens"]
                    usage.tokens_out += counts["output_tokens"]
                if held.text:
                    deadline = min(time.monotonic() + self.patience, self._end(usage))
                    yield held.text
        finally:
            is_left.set()

    def _run(
        self, messages: Sequence[Message], arrived: Queue[Any], is_left: threading.Event
    ) -> None:
        """Put the chunks of the model into a queue, then None, or the error that it raises."""
        try:
            for chunk in self.model.stream(list(messages)):
                arrived.put(chunk)
                if is_left.is_set():
                    return
            arrived.put(None)
        except Exception as error:  # noqa: BLE001  # `_pieces` raises it.
            arrived.put(error)


def _within(arrived: Queue[Any], deadline: float) -> Any:
    """Return the next item of a queue. Raises `TimeoutError` after the deadline."""
    try:
        return arrived.get(timeout=max(deadline - time.monotonic(), 0.01))
    except Empty:
        raise TimeoutError from None


def _pause(state: RetryCallState) -> float:
    """Return the seconds before the next try: the server's Retry-After, or growing pauses."""
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
    """Return the failure in a sentence of ours: the error's own message may contain a key."""
    if isinstance(error, ModelError):
        return error
    status, kind = _status(error), type(error).__name__
    if (
        not has_begun
        and status in _BAD_REQUEST
        and any(words in str(error).lower() for words in _TOO_LONG)
    ):
        return ContextError(f"the passages are too long for {name}")
    if has_begun:
        reason = f"the answer of {name} broke off"
    elif isinstance(error, TimeoutError) or "Timeout" in kind:
        reason = f"{name} did not answer within {patience:g} seconds"
    elif status:
        reason = _REASONS.get(status, "the server of {name} failed (HTTP {status})").format(
            name=name, status=status
        )
    elif isinstance(error, (ConnectionError, httpx.TransportError)) or "Connection" in kind:
        reason = f"the server of {name} cannot be reached; start it, or check its address"
    else:
        reason = f"{name} failed ({kind})"
    return ModelError(reason)
