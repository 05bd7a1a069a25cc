"""Vector files that a crash has damaged are found and removed.

Chroma writes its search graph (HNSW) in place: a process that is killed during a write leaves files
that contradict each other. Its texts are safe in SQLite. Damaged files may crash their reader, so
a process of its own reads them (`python -m index.chroma.disk.damage`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromadb import Collection

SOUND_NOTE = ".whole.json"
"""The file with the states of Chroma's vector files when they were last sound.

It saves a check, which takes minutes for a million vectors.
"""
VECTOR_NAMES = "index_metadata.pickle"
"""Chroma's file with the names of the vectors in the files beside it."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux's id of the time since the machine started."""
VECTORS_PER_READ = 5_000
SHORTEST_VECTOR = 1e-3
"""A shorter vector is damaged: chunks have unit vectors, articles the means of these."""
DAMAGED = 3
"""The exit code for damage that Chroma reports. A crash of the check means worse damage."""


def remove_damaged_vectors(folder: Path, collections: Sequence[str], mark: Path) -> None:
    """Remove the unreadable vectors of a closed folder.

    Nothing is checked if no vector file has changed since `note_sound`.

    Args:
        folder: The index folder.
        collections: The names of the collections to check.
        mark: A file to create before vectors are removed.
    """
    if _read_note(folder) == _file_states(folder) or not _is_damaged(folder, collections):
        return
    damaged = [name for name in collections if _is_damaged(folder, [name])]
    mark.touch()
    for segment in _vector_segments(folder, damaged):
        shutil.rmtree(folder / segment, ignore_errors=True)


def note_sound(folder: Path) -> None:
    """Note the states of a folder's vector files as sound."""
    with suppress(OSError):  # On a full disk the next check is merely not saved.
        (folder / SOUND_NOTE).write_text(json.dumps(_file_states(folder)))


def _read_note(folder: Path) -> object:
    """Return the noted states of the vector files, if any."""
    try:
        return json.loads((folder / SOUND_NOTE).read_text())
    except (OSError, ValueError):
        return None


def _file_states(folder: Path) -> dict[str, object]:
    """Return the state of each vector file: its size and modification time.

    Segments without vectors, which Chroma recreates on every open, get time 0. The boot id is
    included because times cannot be trusted after a power loss.
    """
    states: dict[str, object] = {"started": BOOT_ID.read_text() if BOOT_ID.exists() else ""}
    for path in sorted(folder.glob("*/*")):
        stat = path.stat()
        changed = stat.st_mtime_ns if (path.parent / VECTOR_NAMES).exists() else 0
        states[str(path.relative_to(folder))] = [stat.st_size, changed]
    return states


def _is_damaged(folder: Path, collections: Sequence[str]) -> bool:
    """Return whether another process finds damage in the collections."""
    check = subprocess.run(  # noqa: S603  # It runs this module.
        [sys.executable, "-m", "index.chroma.disk.damage", str(folder), *collections],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return check.returncode == DAMAGED or check.returncode < 0


def _vector_segments(folder: Path, collections: Sequence[str]) -> list[str]:
    """Return the names of the folders that contain the collections' vectors."""
    import sqlite3

    query = (
        "SELECT s.id, c.name FROM segments s JOIN collections c ON s.collection = c.id WHERE "
        "s.scope = 'VECTOR'"
    )
    address = f"{(folder / 'chroma.sqlite3').as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        return [segment for segment, name in database.execute(query) if name in collections]


def main(folder: str, *collections: str) -> int:
    """Read every vector of some collections; return the exit code."""
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import InternalError

    settings = Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(folder, settings=settings)
    try:
        present = [item for item in client.list_collections() if item.name in collections]
        is_sound = all(_is_sound(collection) for collection in present)
    except InternalError:
        is_sound = False
    return 0 if is_sound else DAMAGED


def _is_sound(collection: Collection) -> bool:
    """Return whether a collection can be searched and has no zero vector."""
    dimension = int((collection.metadata or {}).get("dimension", 1))
    collection.query([1.0] * dimension, n_results=1, include=[])
    for start in range(0, collection.count(), VECTORS_PER_READ):
        rows = collection.get(limit=VECTORS_PER_READ, offset=start, include=["embeddings"])
        lengths = np.linalg.norm(np.asarray(rows["embeddings"]), axis=1)
        if not (lengths > SHORTEST_VECTOR).all():
            return False
    return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
