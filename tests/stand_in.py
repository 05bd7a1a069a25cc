"""A stand-in for OpenAI, Ollama and Anthropic servers, with scripted replies and failures."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "sk-very-secret-key"  # noqa: S105  # It opens nothing.
OVERFLOW = (
    "This model's maximum context length is 4096 tokens; the request has more. "
    "context_length_exceeded"
)
DIALECTS = ("openai", "ollama", "anthropic")


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Print nothing if a client disconnects: some tests make it do so."""


@dataclass
class StandIn:
    """The server, its replies to come, and the requests that it received.

    Attributes:
        replies: The replies, in order; the last one repeats.
        failure: The failure of the next requests: "hang", "half", "empty" or an HTTP status; ""
            for no failure.
        failures: The number of requests that fail.
        retry_after: The seconds in the Retry-After header of an HTTP failure; None for no header.
        longest: The longest request in characters; a longer one overflows the model's context.
        pause: Seconds between two pieces of a reply.
        has: The names of the installed models.
        asked: The bodies of the requests received so far.
    """

    replies: list[str] = field(default_factory=lambda: ["NOT IN THE PASSAGES"])
    failure: str | int = ""
    failures: int = 1_000
    retry_after: float | None = None
    longest: int = 10**9
    pause: float = 0.0
    has: tuple[str, ...] = ("echo",)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Self:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                models = {"models": [{"name": f"{name}:1b"} for name in stand_in.has]}
                models["data"] = [{"id": name} for name in stand_in.has]
                self._whole(200, models)

            def do_POST(self) -> None:
                stand_in._answer(
                    self, json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                )

            def _whole(self, status: int, told: Any, headers: dict[str, str] | None = None) -> None:
                body = json.dumps(told).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._over = threading.Event()
        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """The base address of the server."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self) -> dict[str, str]:
        """Return the variables that direct the clients of all three services to this server."""
        return {
            "OPENAI_BASE_URL": f"{self.address}/v1",
            "OPENAI_API_KEY": SECRET,
            "OLLAMA_HOST": self.address,
            "ANTHROPIC_BASE_URL": self.address,
            "ANTHROPIC_API_KEY": SECRET,
        }

    def _answer(self, handler: Any, request: dict[str, Any]) -> None:
        self.asked.append(request)
        reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
        failure, self.failures = (
            (self.failure if self.failures else ""),
            self.failures - bool(self.failures),
        )
        if len(json.dumps(request)) > self.longest:
            handler._whole(400, {"error": {"message": OVERFLOW, "code": "context_length_exceeded"}})
        elif failure == "hang":
            self._over.wait(60)
        elif isinstance(failure, int):
            after = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
            handler._whole(failure, {"error": {"message": f"no, {SECRET}", "type": "error"}}, after)
        else:
            self._stream(handler, "" if failure == "empty" else reply, is_cut=failure == "half")

    def _stream(self, handler: Any, reply: str, *, is_cut: bool) -> None:
        handler.send_response(200)
        dialect = (
            "ollama"
            if handler.path == "/api/chat"
            else "anthropic"
            if "messages" in handler.path
            else "openai"
        )
        kind = "application/x-ndjson" if dialect == "ollama" else "text/event-stream"
        handler.send_header("Content-Type", kind)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        pieces = [reply[at : at + 7] for at in range(0, len(reply), 7)]
        lines = list(
            {"openai": _openai, "ollama": _ollama, "anthropic": _anthropic}[dialect](pieces)
        )
        for line in lines[: len(lines) // 2] if is_cut else lines:
            data = line.encode()
            handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            handler.wfile.flush()
            time.sleep(self.pause)
        if is_cut:
            handler.close_connection = True
        else:
            handler.wfile.write(b"0\r\n\r\n")


def _openai(pieces: list[str]) -> Iterator[str]:
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "echo"}
    for piece in pieces:
        choice = {
            "index": 0,
            "delta": {"role": "assistant", "content": piece},
            "finish_reason": None,
        }
        yield f"data: {json.dumps(head | {'choices': [choice]})}\n\n"
    stop = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield f"data: {json.dumps(head | {'choices': [stop]})}\n\n"
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    yield f"data: {json.dumps(head | {'choices': [], 'usage': usage})}\n\n"
    yield "data: [DONE]\n\n"


def _ollama(pieces: list[str]) -> Iterator[str]:
    head = {"model": "echo", "created_at": "2026-01-01T00:00:00Z"}
    for piece in pieces:
        message = {"role": "assistant", "content": piece}
        yield f"{json.dumps(head | {'message': message, 'done': False})}\n"
    message = {"role": "assistant", "content": ""}
    counts = {"prompt_eval_count": 100, "eval_count": 20, "done_reason": "stop"}
    yield f"{json.dumps(head | {'message': message, 'done': True} | counts)}\n"


def _anthropic(pieces: list[str]) -> Iterator[str]:
    def event(kind: str, **told: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **told})}\n\n"

    usage = {"input_tokens": 100, "output_tokens": 1}
    message = {
        "id": "1",
        "type": "message",
        "role": "assistant",
        "model": "echo",
        "content": [],
        "usage": usage,
    }
    yield event("message_start", message=message | {"stop_reason": None, "stop_sequence": None})
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in pieces:
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield event("content_block_stop", index=0)
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    yield event("message_delta", delta=stop, usage={"output_tokens": 20})
    yield event("message_stop")
