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

LONGEST_ANSWER = 400
"""Tokens."""
MAGIC = b"GGUF"
_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class GgufChat(BaseChatModel):
    """An instruct model in a GGUF file, prompted with the chat template of the file.

    It is loaded at the first call. Threads may share it; they take turns.

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
        """Raise `ModelError` if the file is missing or not GGUF, or if llama.cpp is missing."""
        path = Path(self.path).expanduser()
        try:
            with path.open("rb") as file:
                is_gguf = file.read(len(MAGIC)) == MAGIC
        except OSError as error:
            raise ModelError(
                f"The GGUF file {path.name} cannot be read ({error.strerror}); check its path."
            ) from error
        if not is_gguf:
            raise ModelError(
                f"{path.name} is not a GGUF file; name an instruct model in that format."
            )
        if not find_spec("xllamacpp"):
            raise ModelError("GGUF files need another package: pip install xllamacpp")

    def load(self) -> None:
        """Load the weights. Raises `ModelError` as `check` does, or if llama.cpp cannot load them."""
        with self._turn:
            if self._server is None:
                self.check()
                self._server = _server(Path(self.path).expanduser(), self._key, self.num_ctx)

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
        arrived: Queue[Any] = Queue()
        is_left = threading.Event()
        request = {
            "messages": [{"role": _ROLES[one.type], "content": one.text} for one in messages],
            "max_tokens": LONGEST_ANSWER,
            "temperature": 0,
            "stop": stop or [],
            "stream": True,
            "stream_options": {"include_usage": True},
            "cache_prompt": True,
        }

        def take(chunk: Any) -> bool:
            arrived.put(chunk)
            return is_left.is_set()

        def run() -> None:
            with self._turn:
                try:
                    if not is_left.is_set():
                        self._server.handle_chat_completions(request, take)
                    arrived.put(None)
                except Exception as error:  # noqa: BLE001  # The generator below raises it.
                    arrived.put(error)

        threading.Thread(target=run, daemon=True).start()
        try:
            while (held := arrived.get()) is not None:
                if isinstance(held, Exception):
                    raise held
                for chunk in held if isinstance(held, list) else [held]:
                    yield _generation(chunk)
        finally:
            is_left.set()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(chunk.text for chunk in self._stream(messages, stop, run_manager, **kwargs))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


def _server(path: Path, key: str, context: int) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel = context, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 1
    params.verbosity = -1
    # The server also listens on a local port; only this process knows the key.
    params.api_keys = [key]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        hint = "is it complete, and of a model that llama.cpp knows?"
        raise ModelError(f"{path.name} cannot be loaded by llama.cpp; {hint}") from error


def _generation(chunk: dict[str, Any]) -> ChatGenerationChunk:
    if error := chunk.get("error"):
        if error.get("type") == "exceed_context_size_error":
            raise ContextError("the passages are too long for the model")
        raise ModelError(f"llama.cpp failed (code {error.get('code')})")
    text = "".join(
        (choice.get("delta") or {}).get("content") or "" for choice in chunk.get("choices") or []
    )
    usage = chunk.get("usage") or {}
    metadata = None
    if usage:
        read, written = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
        metadata = UsageMetadata(
            input_tokens=read, output_tokens=written, total_tokens=read + written
        )
    return ChatGenerationChunk(message=AIMessageChunk(content=text, usage_metadata=metadata))
