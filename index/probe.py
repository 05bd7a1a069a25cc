"""Whether Chroma can still read a collection of a folder: a program of its own, since damaged files may crash it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

PART = 5_000
"""How many vectors are looked at at a time."""
SHORTEST = 1e-3
"""The length of a vector below which it is none: chunks have unit vectors, articles their means."""
DAMAGED = 3
"""The exit code for files that Chroma finds damaged; a signal says that they were worse."""


def damaged(folder: Path, dimensions: Mapping[str, int]) -> list[str]:
    """Return which collections of a folder that is closed cannot be searched for what their files hold."""
    return [name for name in dimensions if _fails(folder, name, dimensions)] if _fails(folder, "", dimensions) else []


def _fails(folder: Path, name: str, dimensions: Mapping[str, int]) -> bool:
    """Tell whether one collection is damaged, or any if none is named."""
    looked_at = [f"{key}={size}" for key, size in dimensions.items() if name in {key, ""}]
    done = subprocess.run(  # noqa: S603  # This very program.
        [sys.executable, "-m", "index.probe", str(folder), *looked_at],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode == DAMAGED or done.returncode < 0


def main(folder: str, *collections: str) -> int:
    """Look at some collections, each given as name=dimension, and return the exit code."""
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import InternalError

    client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
    try:
        for name, dimension in (collection.split("=") for collection in collections):
            held = client.get_collection(name, embedding_function=None)
            held.query([1.0] * int(dimension), n_results=1, include=[])
            for start in range(0, held.count(), PART):
                found = held.get(limit=PART, offset=start, include=["embeddings"])
                if not (np.linalg.norm(np.asarray(found["embeddings"]), axis=1) > SHORTEST).all():
                    return DAMAGED
    except InternalError:
        return DAMAGED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
