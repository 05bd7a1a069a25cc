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

QUESTION_PATIENCE = 10
"""The time limit of a question, in multiples of the patience: a model may write slowly for ever."""
MOST_TRIES = 3
FIRST_RETRY_PAUSE = 0.5
"""Seconds before the second try, doubled for the third, unless the server names a time."""
LONGEST_REPLY = 4_000
"""Characters read of a reply."""
PASSAGE_TOKENS = 6_000
"""Tokens of passages for a model that does not report its context length."""
RESERVED_TOKENS = 1_500
"""Tokens for the rules, the question and the answer."""
CHARACTERS_A_TOKEN = 3.0
"""A low estimate: nearly every tokenizer makes longer tokens of English text."""

_TEMPORARY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP statuses worth a retry. 529 is Anthropic's "overloaded"."""
_REASONS = {  # By HTTP status.
    401: "the server of {name} refuses the key; set the right one",
    403: "the server of {name} refuses the key; set the right one",
    404: "the server knows no model {name}; check the name",
    429: "the server of {name} takes no more requests for now",
}
_BAD_REQUEST = frozenset({None, 400, 413, 422})
"""HTTP statuses of a prompt that is too long. Some clients hide the status."""
_TOO_LONG = (
    "context_length",
    "context length",
    "context size",
    "too long",
    "maximum context",
    "too many tokens",
)
"""Phrases of providers about a prompt that is too long: "maximum context length is 4096"."""

_log = logging.getLogger(__package__)


class Caller:
    """Calls one chat model. Threads may share it.

    Attributes:
        model: The chat model.
        name: Its name in messages.
        patience: Seconds that it has to begin its answer, and between two words.
        count_tokens: Returns the number of tokens of a text.
    """

    def __init__(self, model: BaseChatModel, name: str, patience: float) -> None:
        """Call a LangChain chat model.

        Args:
            model: The chat model.
            name: Its name in messages.
            patience: Seconds that it has to begin its answer, and between two words.
        """
        self.model, self.name, self.patience = model, name, patience
        # Passages recur from question to question, and counting may ask a server.
        self.count_tokens = lru_cache(maxsize=10_000)(self._count_tokens)

    def load(self) -> None:
        """Load the weights of a model that runs in this process. Raises `ModelError`."""
        if load := getattr(self.model, "load", None):
            load()

    def budget(self) -> int:
        """Return the tokens of passages that the model can read at once."""
        profile: Any = getattr(self.model, "profile", None) or {}
        context = profile.get("max_input_tokens") or getattr(self.model, "num_ctx", None)
        return min(int(context) - RESERVED_TOKENS, PASSAGE_TOKENS) if context else PASSAGE_TOKENS

    def check_time(self, usage: Usage) -> None:
        """Raise `ModelError` if the time for the question is over."""
        if time.monotonic() > self._end(usage):
            limit = QUESTION_PATIENCE * self.patience
            raise ModelError(f"{self.name} did not end its answer within {limit:g} seconds")

    def _end(self, usage: Usage) -> float:
        """Return the end of the time for a question, as monotonic time in seconds."""
        return usage.began + QUESTION_PATIENCE * self.patience

    def _count_tokens(self, text: str) -> int:
        """Return the tokens of a text, counted by the model or else estimated."""
        count = getattr(self.model, "count_tokens", None)
        return int(count(text)) if count else int(len(text) / CHARACTERS_A_TOKEN) + 1

    def call(self, messages: Sequence[Message], usage: Usage) -> Iterator[str]:
        """Yield the growing reply of the model.

        Args:
            messages: The prompt.
            usage: Receives the calls and tokens.

        Raises:
            ContextError: The prompt is too long for the model.
            ModelError: The model failed otherwise.
        """
        text = ""
        try:
            for piece in self._start(messages, usage):
                text += piece[: LONGEST_REPLY + 1 - len(text)]
                yield text
                if len(text) > LONGEST_REPLY:
                    return
        except Exception as error:
            raise _model_error(error, self.name, self.patience, has_begun=bool(text)) from error
        if not text.strip():
            raise ModelError(f"{self.name} wrote nothing")

    def _start(self, messages: Sequence[Message], usage: Usage) -> Iterator[str]:
        """Return the pieces of a reply once it has begun. Retries temporary failures."""
        deadline = time.monotonic() + self.patience
        tries = Retrying(
            retry=retry_if_exception(_is_temporary),
            stop=stop_any(stop_after_attempt(MOST_TRIES), stop_before_delay(self.patience)),
            wait=_pause_seconds,
            before_sleep=self._log_retry,
            reraise=True,
        )

        def begin() -> Iterator[str]:
            usage.calls += 1
            pieces = self._pieces(messages, usage, deadline)
            return chain([next(pieces, "")], pieces)

        return tries(begin)

    def _log_retry(self, state: RetryCallState) -> None:
        """Log the failure of a call that is tried again."""
        error = state.outcome.exception() if state.outcome else None
        # Leave out the message of the error: it may contain a key.
        kind, status = type(error).__name__, error and _http_status(error)
        _log.debug("%s failed (%s, HTTP %s) and is called again", self.name, kind, status)

    def _pieces(self, messages: Sequence[Message], usage: Usage, deadline: float) -> Iterator[str]:
        """Yield the pieces of a reply as they arrive. A model that hangs stays in its thread.

        Args:
            messages: The prompt.
            usage: Receives the tokens.
            deadline: The latest time for the first piece, as monotonic time in seconds.

        Raises:
            TimeoutError: No piece has arrived in time.
        """
        chunks: Queue[Any] = Queue()
        is_abandoned = threading.Event()
        arguments = (messages, chunks, is_abandoned)
        threading.Thread(target=self._produce, args=arguments, daemon=True).start()
        try:
            while (chunk := _next_item(chunks, deadline)) is not None:
                if isinstance(chunk, Exception):
                    raise chunk
                if counts := chunk.usage_metadata:
                    usage.tokens_in += counts["input_tokens"]
                    usage.tokens_out += counts["output_tokens"]
                if chunk.text:
                    deadline = min(time.monotonic() + self.patience, self._end(usage))
                    yield chunk.text
        finally:
            is_abandoned.set()

    def _produce(
        self, messages: Sequence[Message], chunks: Queue[Any], is_abandoned: threading.Event
    ) -> None:
        """Put the chunks of a reply into a queue.

        After the last chunk comes None, or the error that ended the reply.

        Args:
            messages: The prompt.
            chunks: Receives the chunks.
            is_abandoned: Set once nobody reads the queue.
        """
        try:
            for chunk in self.model.stream(list(messages)):
                chunks.put(chunk)
                if is_abandoned.is_set():
                    return
            chunks.put(None)
        except Exception as error:  # noqa: BLE001  # `_pieces` raises it.
            chunks.put(error)


def _next_item(queue: Queue[Any], deadline: float) -> Any:
    """Return the next item of a queue. Raises `TimeoutError` after the deadline."""
    try:
        return queue.get(timeout=max(deadline - time.monotonic(), 0.01))
    except Empty:
        raise TimeoutError from None


def _pause_seconds(state: RetryCallState) -> float:
    """Return the seconds before the next try: the server's Retry-After, or growing pauses."""
    error = state.outcome.exception() if state.outcome else None
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return float(FIRST_RETRY_PAUSE * 2 ** (state.attempt_number - 1))


def _http_status(error: BaseException) -> int | None:
    """Return the HTTP status of a provider's error, if it has one."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "code"):
            if isinstance(status := getattr(holder, name, None), int):
                return status
    return None


def _is_temporary(error: BaseException) -> bool:
    return _http_status(error) in _TEMPORARY


def _model_error(error: Exception, name: str, patience: float, *, has_begun: bool) -> ModelError:
    """Return a failure in a sentence of ours: the error's own message may contain a key.

    Args:
        error: The error of a client or server.
        name: The name of the model.
        patience: Seconds that the model had.
        has_begun: Whether it failed amid its reply.
    """
    if isinstance(error, ModelError):
        return error
    status, kind = _http_status(error), type(error).__name__
    message = str(error).lower()
    is_too_long = status in _BAD_REQUEST and any(phrase in message for phrase in _TOO_LONG)
    if is_too_long and not has_begun:
        return ContextError(f"the passages are too long for {name}")
    if has_begun:
        reason = f"the answer of {name} broke off"
    elif isinstance(error, TimeoutError) or "Timeout" in kind:
        reason = f"{name} did not answer within {patience:g} seconds"
    elif status:
        unknown = "the server of {name} failed (HTTP {status})"
        reason = _REASONS.get(status, unknown).format(name=name, status=status)
    elif isinstance(error, (ConnectionError, httpx.TransportError)) or "Connection" in kind:
        reason = f"the server of {name} cannot be reached; start it, or check its address"
    else:
        reason = f"{name} failed ({kind})"
    return ModelError(reason)
