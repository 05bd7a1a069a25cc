"""`GgufChat`: a GGUF file as a LangChain chat model, run in this process by llama.cpp."""

from __future__ import annotations

import os
import secrets
import threading
from importlib.util import find_spec
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

import httpx
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from assistant.chat.usage import CONTEXT
from assistant.errors import ContextError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.callbacks import CallbackManagerForLLMRun
    from langchain_core.messages import BaseMessage

ANSWER_TOKENS = 400
"""The longest answer."""
MAGIC = b"GGUF"
"""The first bytes of each GGUF file."""
_ROLES = {"human": "user", "ai": "assistant", "system": "system"}
"""llama.cpp's names for LangChain's roles."""


class GgufChat(BaseChatModel):
    """An instruct model in a GGUF file.

    Its prompt follows the chat template of the file. It is loaded at the first call. Threads may
    share it; they take turns.

    Attributes:
        path: The path of the file.
        num_ctx: Tokens of prompt and answer together.
    """

    path: str
    num_ctx: int = CONTEXT
    _server: Any = PrivateAttr(default=None)
    _key: str = PrivateAttr(default_factory=secrets.token_hex)
    _turn: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "gguf"

    def check(self) -> None:
        """Raise `ModelError` unless both the file and llama.cpp are there."""
        path = Path(self.path).expanduser()
        try:
            with path.open("rb") as file:
                is_gguf = file.read(len(MAGIC)) == MAGIC
        except OSError as error:
            message = (
                f"The GGUF file {path.name} cannot be read ({error.strerror}); check its path."
            )
            raise ModelError(message) from error
        if not is_gguf:
            message = f"{path.name} is not a GGUF file; name an instruct model in that format."
            raise ModelError(message)
        if not find_spec("xllamacpp"):
            raise ModelError("GGUF files need another package: pip install xllamacpp")

    def load(self) -> None:
        """Load the weights now. Raises `ModelError` if they cannot be loaded."""
        with self._turn:
            if self._server is None:
                self.check()
                self._server = _start_server(Path(self.path).expanduser(), self._key, self.num_ctx)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text. Raises `ModelError` as `load` does."""
        self.load()
        # xllamacpp has no tokenizer call, but its server has.
        reply = httpx.post(
            f"{self._server.listening_address}/tokenize",
            json={"content": text},
            headers={"Authorization": f"Bearer {self._key}"},
        )
        return len(reply.json()["tokens"])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # LangChain passes it.
        **kwargs: Any,  # noqa: ARG002  # The same.
    ) -> Iterator[ChatGenerationChunk]:
        self.load()
        replies: Queue[Any] = Queue()
        is_abandoned = threading.Event()
        arguments = (_request(messages, stop), replies, is_abandoned)
        threading.Thread(target=self._complete, args=arguments, daemon=True).start()
        try:
            while (reply := replies.get()) is not None:
                if isinstance(reply, Exception):
                    raise reply
                for chunk in reply if isinstance(reply, list) else [reply]:
                    yield _generation_chunk(chunk)
        finally:
            is_abandoned.set()

    def _complete(
        self, request: dict[str, Any], replies: Queue[Any], is_abandoned: threading.Event
    ) -> None:
        """Put the chunks of a reply into a queue.

        After the last chunk comes None, or the error that ended the reply.

        Args:
            request: The request for a chat completion.
            replies: Receives the chunks.
            is_abandoned: Set once nobody reads the queue: the server then stops.
        """

        def take(chunk: Any) -> bool:
            replies.put(chunk)
            return is_abandoned.is_set()

        with self._turn:
            try:
                if not is_abandoned.is_set():
                    self._server.handle_chat_completions(request, take)
                replies.put(None)
            except Exception as error:  # noqa: BLE001  # `_stream` raises it.
                replies.put(error)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(chunk.text for chunk in self._stream(messages, stop, run_manager, **kwargs))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


def _start_server(path: Path, key: str, context: int) -> Any:
    """Load a GGUF file into a server of llama.cpp.

    Args:
        path: The file.
        key: The key that the server demands.
        context: Tokens of prompt and answer together.

    Raises:
        ModelError: llama.cpp cannot load the file.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel = context, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 1
    params.verbosity = -1
    # The server also listens on a local port, and only this process knows the key.
    params.api_keys = [key]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        hint = "is it complete, and of a model that llama.cpp knows?"
        raise ModelError(f"{path.name} cannot be loaded by llama.cpp; {hint}") from error


def _request(messages: list[BaseMessage], stop: list[str] | None) -> dict[str, Any]:
    """Return the request for a chat completion."""
    return {
        "messages": [{"role": _ROLES[each.type], "content": each.text} for each in messages],
        "max_tokens": ANSWER_TOKENS,
        "temperature": 0,
        "stop": stop or [],
        "stream": True,
        "stream_options": {"include_usage": True},
        "cache_prompt": True,
    }


def _generation_chunk(chunk: dict[str, Any]) -> ChatGenerationChunk:
    """Return a chunk of llama.cpp's reply as LangChain's. Raises `ModelError`."""
    if error := chunk.get("error"):
        if error.get("type") == "exceed_context_size_error":
            raise ContextError("the passages are too long for the model")
        raise ModelError(f"llama.cpp failed (code {error.get('code')})")
    deltas = [choice.get("delta") or {} for choice in chunk.get("choices") or []]
    text = "".join(delta.get("content") or "" for delta in deltas)
    metadata = None
    if usage := chunk.get("usage") or {}:
        tokens_in = int(usage.get("prompt_tokens", 0))
        tokens_out = int(usage.get("completion_tokens", 0))
        metadata = UsageMetadata(
            input_tokens=tokens_in, output_tokens=tokens_out, total_tokens=tokens_in + tokens_out
        )
    return ChatGenerationChunk(message=AIMessageChunk(content=text, usage_metadata=metadata))
