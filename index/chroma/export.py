"""Export file: a zip archive of articles, previous versions and vectors."""

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

EXPORT_FORMAT = 1
"""The version of the file. A change that older code cannot read raises it."""
LONGEST_RECORD = 100_000_000
"""Bytes of one article in the file."""
HEADER_FILE, RECORDS_FILE, VECTORS_FILE = "index.json", "articles.jsonl", "vectors.f32"
UNIT_TOLERANCE = 1e-3
"""The greatest difference between the length of a vector and 1."""


@dataclass(frozen=True, slots=True)
class ExportedArticle:
    """An article in an exported file.

    Attributes:
        record: The record, current or previous.
        vectors: The vectors of its chunks, if the importer's model made them.
    """

    record: Record
    vectors: Vectors | None


def write_export(path: Path, writer: IndexWriter) -> int:
    """Write an index into a new file.

    Args:
        path: The file, which must not exist.
        writer: The writer of the index.

    Returns:
        The number of current articles.

    Raises:
        StoreError: The file exists or cannot be written. No part of it stays.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        if path.exists():
            raise StoreError(f"{path} exists already; name another file, or remove it first.")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            count = _write(archive, writer)
        part.replace(path)
    except OSError as error:
        reason = f"{path} cannot be written ({error.strerror}); name another file."
        raise StoreError(reason) from error
    finally:
        part.unlink(missing_ok=True)
    return count


def read_export(path: Path, embedder: Embedder) -> Iterator[ExportedArticle]:
    """Yield the articles of an exported file.

    Args:
        path: The file.
        embedder: The model of the importing index; vectors of another model are left out.

    Raises:
        StoreError: The file is damaged or is not an export. Articles yielded before are sound.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _read(archive, embedder)
    except OSError as error:
        reason = f"{path} cannot be read ({error.strerror}); check its path."
        raise StoreError(reason) from error
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
        reason = f"{path} is damaged or is not an exported index; export it again."
        raise StoreError(reason) from error


def _write(archive: zipfile.ZipFile, writer: IndexWriter) -> int:
    """Write an export's three parts; return the number of current articles."""
    # Write the header.
    embedder = writer.embedder
    header = {
        "format": EXPORT_FORMAT,
        "embedder": embedder.name,
        "dimension": embedder.dimension,
    }
    archive.writestr(HEADER_FILE, json.dumps(header))
    # Write the records, previous ones first: an import stores them before the current ones.
    records = [*writer.registry.in_state(PREVIOUS), *writer.registry.in_state(CURRENT)]
    with archive.open(RECORDS_FILE, "w") as file:
        for record in records:
            file.write(TypeAdapter(Record).dump_json(record) + b"\n")
    # Write the vectors of the current articles, in the order of their records.
    current = [record.article for record in records if record.state == CURRENT]
    with archive.open(VECTORS_FILE, "w", force_zip64=True) as file:
        for article in current:
            file.write(writer.reader.vectors(article).astype("<f4").tobytes())
    return len(current)


def _read(archive: zipfile.ZipFile, embedder: Embedder) -> Iterator[ExportedArticle]:
    """Yield the articles of an archive, checking each."""
    # Check all parts first: zipfile notices damage only at the end of a part.
    if damaged := archive.testzip():
        raise ValueError(f"{damaged} is damaged")
    # Read the header.
    with archive.open(HEADER_FILE) as file:
        header = json.loads(file.read(LONGEST_RECORD))
    if header["format"] != EXPORT_FORMAT:
        raise StoreError(
            "The file was exported by a newer version of this program; install that version."
        )
    has_our_model = (header["embedder"], header["dimension"]) == (embedder.name, embedder.dimension)
    # Read each record with its vectors.
    with archive.open(RECORDS_FILE) as lines, archive.open(VECTORS_FILE) as file:
        while line := lines.readline(LONGEST_RECORD):
            record = TypeAdapter(Record).validate_json(line)
            if record.state not in {CURRENT, PREVIOUS}:
                raise ValueError(f"a record is {record.state}")
            record.article.check()
            vectors = None
            if has_our_model and record.state == CURRENT:
                vectors = _read_vectors(file, record.article, embedder.dimension)
            yield ExportedArticle(record, vectors)


def _read_vectors(file: IO[bytes], article: Article, dimension: int) -> Vectors:
    """Read the vectors of the next article. Raises `ValueError` if one is no unit vector."""
    shape = len(chunk_article(article)), dimension
    vectors = np.frombuffer(file.read(4 * shape[0] * dimension), "<f4").reshape(shape)
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=UNIT_TOLERANCE):
        raise ValueError("not unit vectors")
    return vectors
