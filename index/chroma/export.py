"""An index ↔ one file that holds all of it: articles, the texts that they had before, and the vectors."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter

from index.chroma.records import CURRENT, PREVIOUS, Record
from index.chunking import chunk_article
from index.errors import SourceError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from index.article import Article
    from index.chroma.reader import Vectors
    from index.chroma.writer import IndexWriter
    from index.embedding.embedder import Embedder

FORMAT = 1
"""What the file holds and how; a change that older programs cannot read raises it."""
LONGEST_LINE = 100_000_000
"""Bytes of one article in the file."""
HEAD, RECORDS, VECTORS = "index.json", "articles.jsonl", "vectors.f32"


@dataclass(frozen=True, slots=True)
class ExportedArticle:
    """A record of the file, and the vectors of its chunks if the index that takes it in can use them."""

    record: Record
    vectors: Vectors | None


def write_export(path: Path, writer: IndexWriter) -> int:
    """Write all that an index holds into a file that is not there yet; return how many articles that is.

    Raises `StoreError`, and then leaves no file.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        if path.exists():
            raise StoreError(f"{path} is there already; name another file, or remove it first.")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            count = _write(archive, writer)
        part.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}); name another place.") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def read_export(path: Path, embedder: Embedder) -> Iterator[ExportedArticle]:
    """Yield what a file holds, its vectors where the embedder's model made them.

    Raises `StoreError` when it is no such file, or a damaged one; what was yielded before is sound.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _read(archive, embedder)
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); check its path.") from error
    except (
        SourceError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        LookupError,
        ValueError,
        TypeError,
        RuntimeError,
    ) as error:
        raise StoreError(f"{path} is no exported index, or is damaged; export it again.") from error


def _write(archive: zipfile.ZipFile, writer: IndexWriter) -> int:
    embedder = writer.embedder
    head = {"format": FORMAT, "embedder": embedder.name, "dimension": embedder.dimension}
    archive.writestr(HEAD, json.dumps(head))
    records = [*writer.registry.in_state(PREVIOUS), *writer.registry.in_state(CURRENT)]
    with archive.open(RECORDS, "w") as file:
        for record in records:
            file.write(TypeAdapter(Record).dump_json(record) + b"\n")
    current = [record.article for record in records if record.state == CURRENT]
    with archive.open(VECTORS, "w", force_zip64=True) as file:
        for article in current:
            file.write(writer.reader.vectors(article).astype("<f4").tobytes())
    return len(current)


def _read(archive: zipfile.ZipFile, embedder: Embedder) -> Iterator[ExportedArticle]:
    # Before anything is read: a damaged part is otherwise known only when all of it has been taken in.
    if damaged := archive.testzip():
        raise ValueError(f"{damaged} is damaged")
    with archive.open(HEAD) as file:
        head = json.loads(file.read(LONGEST_LINE))
    if head["format"] != FORMAT:
        raise StoreError("The file was exported by a newer version of this program; install that version.")
    is_ours = (head["embedder"], head["dimension"]) == (embedder.name, embedder.dimension)
    with archive.open(RECORDS) as lines, archive.open(VECTORS) as vectors:
        while line := lines.readline(LONGEST_LINE):
            record = TypeAdapter(Record).validate_json(line)
            if record.state not in {CURRENT, PREVIOUS}:
                raise ValueError("no such record is exported")
            record.article.check()
            has_vectors = is_ours and record.state == CURRENT
            yield ExportedArticle(
                record, _next_vectors(vectors, record.article, embedder.dimension) if has_vectors else None
            )


def _next_vectors(file: IO[bytes], article: Article, dimension: int) -> Vectors:
    shape = len(chunk_article(article)), dimension
    vectors = np.frombuffer(file.read(4 * shape[0] * dimension), "<f4").reshape(shape)
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3):
        raise ValueError("not unit vectors")
    return vectors
