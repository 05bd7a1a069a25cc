"""Messages between this program and its reading process: plain data, length first.

A message is a JSON object with a payload of bytes. It is never unpickled: a file that took over
the reading process could otherwise take over this program, too.
"""

from __future__ import annotations

import json
import struct
from datetime import date
from typing import TYPE_CHECKING, Any, BinaryIO

from index.article import LONGEST_TEXT, Article, id_of
from index.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Message = tuple[dict[str, Any], bytes]

LARGEST_MESSAGE = 4 * LONGEST_TEXT + 1_000_000
"""Bytes of a message: a character has up to four, and the other fields need some more."""
MEMORY_EXIT = 75
"""The exit status of a reading process that has no memory left to reply."""

_LENGTHS = struct.Struct(">II")  # The lengths of the JSON object and of the payload.
_CODEC = "utf-8", "surrogatepass"
# The fields of an article beside its id, text and day.
_NEEDED = ("source", "title")
_OPTIONAL = ("language", "author", "site")


def send(stream: BinaryIO, fields: Mapping[str, Any], payload: bytes = b"") -> None:
    """Write a message. Raises `SourceError` if it is too large."""
    head = json.dumps(fields).encode()
    if len(head) + len(payload) > LARGEST_MESSAGE:
        raise SourceError("its text has too many characters; split it into articles")
    stream.write(_LENGTHS.pack(len(head), len(payload)))
    stream.write(head)
    stream.write(payload)
    stream.flush()


def receive(stream: BinaryIO) -> Message | None:
    """Read a message; None at the end of the stream. Raises `ValueError` for anything else."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    of_head, of_payload = _LENGTHS.unpack(lengths)
    if of_head + of_payload > LARGEST_MESSAGE:
        raise ValueError("the message is too long")
    head, payload = stream.read(of_head), stream.read(of_payload)
    if len(head) < of_head or len(payload) < of_payload:
        return None
    fields = json.loads(head)
    if not isinstance(fields, dict):
        raise ValueError("the message is no object")  # noqa: TRY004  # It is a wrong message.
    return fields, payload


def pack(content: Article | list[str]) -> Message:
    """Return the message of an article, or of a list of addresses. Raises `SourceError`."""
    if not isinstance(content, Article):
        return {"kind": "links"}, _encode("\n".join(content))
    fields = {name: getattr(content, name) for name in (*_NEEDED, *_OPTIONAL)}
    published = content.published.isoformat() if content.published else None
    return {"kind": "article", "published": published, **fields}, _encode(content.text)


def unpack(message: Message) -> Article | list[str]:
    """Return the article or the addresses of a message. Raises `ValueError` if it is wrong."""
    fields, payload = message
    text = payload.decode(*_CODEC)
    if fields.get("kind") == "links":
        return text.split("\n") if text else []
    if fields.get("kind") != "article":
        raise ValueError("the message has an unknown kind")
    values: dict[str, Any] = {
        name: fields.get(name) for name in (*_NEEDED, *_OPTIONAL, "published")
    }
    for name, value in values.items():
        if not isinstance(value, str) and (value is not None or name in _NEEDED):
            raise ValueError(f"the message has a wrong {name}")
    published = values.pop("published")
    return Article(
        id=id_of(fields["source"]),
        text=text,
        published=date.fromisoformat(published) if published else None,
        **values,
    )


def _encode(text: str) -> bytes:
    if len(text) > LONGEST_TEXT:
        size = f"{LONGEST_TEXT // 1_000_000} million characters"
        raise SourceError(f"its text has more than {size}; split it into articles")
    return text.encode(*_CODEC)
