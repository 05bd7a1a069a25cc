"""Vectors that Chroma can no longer read are found and removed.

Chroma writes its search graph (HNSW) in place: a program that is killed just then leaves files that do not fit each
other, while its texts are safe in SQLite. Damaged files may crash who reads them, so a program of its own does.
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

WHOLE = ".whole.json"
"""The file that names Chroma's files of vectors as they were when they were whole: a million are long to look at."""
NAMES = "index_metadata.pickle"
"""Chroma's file with the names of the vectors that it has put into the others beside it."""
BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Where Linux names this start of the machine."""
PART = 5_000
"""How many vectors are looked at at a time."""
SHORTEST = 1e-3
"""The length of a vector below which it is none: chunks have unit vectors, articles their means."""
DAMAGED = 3
"""The exit code for files that Chroma finds damaged; a signal says that they were worse."""


def drop_damaged(folder: Path, collections: Sequence[str], mark: Path) -> None:
    """Remove the vectors of those collections of a closed folder that cannot be read, having made a file as a mark.

    None are looked at where nothing has been written to them since `note_whole`.
    """
    if _noted(folder) == _as_it_is(folder) or not _fails(folder, collections):
        return
    damaged = [name for name in collections if _fails(folder, [name])]
    mark.touch()
    for segment in _vector_segments(folder, damaged):
        shutil.rmtree(folder / segment, ignore_errors=True)


def note_whole(folder: Path) -> None:
    """Note that the vectors of a folder can be read as they are."""
    with suppress(OSError):  # On a full disk they are looked at again.
        (folder / WHOLE).write_text(json.dumps(_as_it_is(folder)))


def _noted(folder: Path) -> object:
    try:
        return json.loads((folder / WHOLE).read_text())
    except (OSError, ValueError):
        return None


def _as_it_is(folder: Path) -> dict[str, object]:
    """Return the size, and the time of the last change, of each file in which Chroma keeps vectors.

    The time is 0 for those that it makes anew whenever it opens them, since it has put no vectors into them yet. With
    them goes the start of the machine, where it tells: what it was writing when it lost its power may have any time.
    """
    started = BOOT.read_text() if BOOT.exists() else ""
    files: dict[str, object] = {"started": started}
    for path in sorted(folder.glob("*/*")):
        file = path.stat()
        changed = file.st_mtime_ns if (path.parent / NAMES).exists() else 0
        files[str(path.relative_to(folder))] = [file.st_size, changed]
    return files


def _fails(folder: Path, collections: Sequence[str]) -> bool:
    """Tell whether any of some collections is damaged."""
    done = subprocess.run(  # noqa: S603  # This very program.
        [sys.executable, "-m", "index.chroma.damage", str(folder), *collections],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode == DAMAGED or done.returncode < 0


def _vector_segments(folder: Path, collections: Sequence[str]) -> list[str]:
    """Return the names of the folders in which Chroma keeps the vectors of some collections."""
    import sqlite3

    query = "SELECT s.id, c.name FROM segments s JOIN collections c ON s.collection = c.id WHERE s.scope = 'VECTOR'"
    with closing(sqlite3.connect(f"{(folder / 'chroma.sqlite3').as_uri()}?mode=ro", uri=True)) as database:
        return [segment for segment, name in database.execute(query) if name in collections]


def main(folder: str, *collections: str) -> int:
    """Search those of some collections that are there, look at every vector, and return the exit code."""
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import InternalError

    client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
    try:
        for held in client.list_collections():
            if held.name not in collections:
                continue
            dimension = int((held.metadata or {}).get("dimension", 1))
            held.query([1.0] * dimension, n_results=1, include=[])
            for start in range(0, held.count(), PART):
                found = held.get(limit=PART, offset=start, include=["embeddings"])
                if not (np.linalg.norm(np.asarray(found["embeddings"]), axis=1) > SHORTEST).all():
                    return DAMAGED
    except InternalError:
        return DAMAGED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
