"""The way into Chroma: a folder that one process holds, or a server; its two collections; its errors in our words."""

from __future__ import annotations

import json
import os
import socket
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from index.chroma.damage import WHOLE, drop_damaged, note_whole
from index.chroma.room import Database, free_bytes, full_disk
from index.errors import EmbedderMismatchError, IndexInUseError, NotAnIndexError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromadb import Collection
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from filelock import BaseFileLock

    from index.embedding.embedder import Embedder

SCHEMA = 2
"""What the collections hold and how; a change that older code cannot read raises it."""
ARTICLES = "articles"
CHUNKS = "chunks"
REBUILT = "-rebuilt"
"""Ends the names of collections that a rebuild is filling."""
HNSW: CreateHNSWConfiguration = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 200}
"""How Chroma's index of vectors is built and looked through.

With half as many neighbours, its usual number, a search among a million misses many of the nearest.
"""
HNSW_OF_ARTICLES: CreateHNSWConfiguration = {**HNSW, "sync_threshold": 50}
"""Chroma reads what it has not yet written into its index at each call; of whole articles a thousand would be much."""
SHARE_SEARCHED, MOST_SEARCHED = 1 / 500, 2_000
"""Of all vectors, those that a search among many looks at more closely (`ef_search`), and how many at most."""
FULL_DISK = 10_000_000
"""Bytes: a disk with fewer left is full, as far as a database is concerned."""
_LOCK = ".lock"
_HOLDER = ".holder.json"
_UNEMBEDDED = ".unembedded"
_CHROMA_FILE = "chroma.sqlite3"


class Connection:
    """An open folder or server. A folder is locked while it is open: Chroma's folders bear only one process."""

    def __init__(self, location: str, client: ClientAPI, lock: BaseFileLock | None) -> None:
        """Take what `open` has opened."""
        self.location = location
        self.client = client
        self._lock = lock
        self.is_closed = False
        self.database = Database(Path(location), client) if lock else None

    @classmethod
    def open(cls, location: str | Path | None, token: str | None = None) -> Self:
        """Connect to a folder, or to a server that may want a token.

        Raises `StoreError` or one of its kinds, and then holds nothing.
        """
        if isinstance(location, str) and location.startswith(("http://", "https://")):
            return cls._open_server(location, token)
        return cls._open_folder(default_folder() if location is None else Path(location).expanduser().resolve())

    @classmethod
    def _open_folder(cls, folder: Path) -> Self:
        _check_folder(folder)
        was_interrupted = (folder / _HOLDER).exists()
        lock = _lock(folder)
        try:
            if was_interrupted:
                drop_damaged(folder, (ARTICLES, CHUNKS), folder / _UNEMBEDDED)
            note_whole(folder)
            return cls(str(folder), _open_client(folder), lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _open_server(cls, url: str, token: str | None) -> Self:
        import chromadb
        from chromadb.config import Settings

        with _translated(url):
            parts = urlsplit(url)
            secure = parts.scheme == "https"
            client = chromadb.HttpClient(
                host=parts.hostname or "localhost",
                port=parts.port or (443 if secure else 8000),
                ssl=secure,
                # The one is what proxies ask for, the other what Chroma's own servers do.
                headers={"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else None,
                settings=Settings(anonymized_telemetry=False),
            )
        return cls(url, client, None)

    @property
    def is_exclusive(self) -> bool:
        """Whether nobody else can be writing."""
        return self._lock is not None

    def close(self) -> None:
        """Let go of Chroma, then of the folder; a second call does nothing."""
        if self.is_closed:
            return
        self.is_closed = True
        client: Any = self.client
        if self._lock:
            client.close()
            (Path(self.location) / _HOLDER).unlink(missing_ok=True)
            self._lock.release()
        else:
            # Chroma's close leaves its HTTP connections open.
            for server in (client._server, client._admin_client._server):  # noqa: SLF001
                server._session.close()  # noqa: SLF001
            client.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Run a piece of work on the collections; what Chroma raises in it becomes a `StoreError`.

        Later work can write again: at once, or as soon as a disk that was full has room.
        """
        from chromadb.errors import ChromaError

        if self.is_closed:
            raise StoreError(f"The index in {self.location} is closed; open it again with ArticleIndex.open.")
        with _translated(self.location):
            if self.database:
                self.database.recover()
            try:
                yield
            except ChromaError:
                if self.database:
                    self.database.failed()
                raise

    def check_room(self, chunks: int = 0) -> None:
        """Raise `StoreError` unless a folder's disk has room for a write of so many chunks."""
        if self.database:
            self.database.check_room(chunks)

    @property
    def is_unembedded(self) -> bool:
        """Whether vectors were lost, and all texts must be embedded anew."""
        return self.is_exclusive and (Path(self.location) / _UNEMBEDDED).exists()

    def all_are_embedded(self) -> None:
        """Note that no vector is missing any more."""
        (Path(self.location) / _UNEMBEDDED).unlink(missing_ok=True)

    def collections(self, embedder: Embedder | None = None) -> tuple[Collection, Collection]:
        """Return the collections of articles and of chunks, made for an embedder where there are none yet.

        Without one they must be there, made by any. Raises `EmbedderMismatchError` when another's model made them,
        `NotAnIndexError` when another program did.
        """
        with self.errors():
            self._finish_swap()
            here = self._by_name()
            if self.is_exclusive:
                self._discard_rebuilt(here)
            if here and not {ARTICLES, CHUNKS} & here.keys():
                raise NotAnIndexError(f"{self.location} is the Chroma database of another program; name another place.")
            for collection in (here[name] for name in (ARTICLES, CHUNKS) if name in here):
                self._check_made_by(collection, embedder)
            if embedder is not None:
                for collection in here.values():
                    _raise_schema(collection)
                here |= {name: self._create(name, embedder) for name in (CHUNKS, ARTICLES) if name not in here}
            if not {ARTICLES, CHUNKS} <= here.keys():
                raise NotAnIndexError(f"{self.location} holds no index yet; python -m index add PATH makes one.")
            return here[ARTICLES], here[CHUNKS]

    def rebuilding(self, embedder: Embedder) -> tuple[Collection, Collection]:
        """Return two new collections for an embedder, which take the place of the old ones at `finish_rebuilding`."""
        with self.errors():
            self._discard_rebuilt(self._by_name())
            chunks, articles = (self._create(name + REBUILT, embedder) for name in (CHUNKS, ARTICLES))
            return articles, chunks

    def abandon_rebuilding(self) -> None:
        """Remove the new collections; the old ones stay."""
        with self.errors():
            self._discard_rebuilt(self._by_name())

    def finish_rebuilding(self) -> None:
        """Put the rebuilt collections in the place of the old ones."""
        with self.errors():
            self.client.delete_collection(ARTICLES)
            self._finish_swap()

    def _finish_swap(self) -> None:
        """Give the rebuilt collections their names, once the old articles are gone: the point of no return."""
        here = self._by_name()
        if ARTICLES in here or ARTICLES + REBUILT not in here:
            return
        if CHUNKS + REBUILT in here:
            if CHUNKS in here:
                self.client.delete_collection(CHUNKS)
            here[CHUNKS + REBUILT].modify(name=CHUNKS)
        here[ARTICLES + REBUILT].modify(name=ARTICLES)

    def _discard_rebuilt(self, here: dict[str, Collection]) -> None:
        for name in (CHUNKS + REBUILT, ARTICLES + REBUILT):
            if name in here:
                self.client.delete_collection(name)
                del here[name]

    def _by_name(self) -> dict[str, Collection]:
        return {collection.name: collection for collection in self.client.list_collections()}

    def suit(self, collection: Collection) -> None:
        """Let searches look at more vectors where a collection has grown; those of processes that open it later do."""
        hnsw = collection.configuration_json.get("hnsw")
        wanted = min(MOST_SEARCHED, int(collection.count() * SHARE_SEARCHED))
        if hnsw and wanted >= 2 * hnsw["ef_search"]:
            with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):  # Of what Chroma calls itself.
                collection.modify(configuration={"hnsw": {"ef_search": wanted}})

    def _create(self, name: str, embedder: Embedder) -> Collection:
        return self.client.create_collection(
            name,
            metadata={"schema": SCHEMA, "embedder": embedder.name, "dimension": embedder.dimension},
            configuration={"hnsw": HNSW if name.startswith(CHUNKS) else HNSW_OF_ARTICLES},
            embedding_function=None,  # Chroma's own would fetch a model from the web.
        )

    def _check_made_by(self, collection: Collection, embedder: Embedder | None) -> None:
        made: dict[str, Any] = collection.metadata or {}
        if "schema" not in made:
            raise NotAnIndexError(f"{self.location} is the Chroma database of another program; name another place.")
        if made["schema"] > SCHEMA:
            raise NotAnIndexError(
                f"The index in {self.location} was made by a newer version of this program; install that version."
            )
        if embedder and (made["embedder"], made["dimension"]) != (embedder.name, embedder.dimension):
            raise EmbedderMismatchError(
                f"The index in {self.location} was made with the embedding model {made['embedder']!r}, and "
                f"{embedder.name!r} was asked for. Ask for {made['embedder']!r}, or change the index over: "
                f"ARTICLE_INDEX='{self.location}' ARTICLE_EMBEDDER='{embedder.name}' python -m index rebuild"
            )


def _raise_schema(collection: Collection) -> None:
    """Note that older code can no longer read a collection, before it is written to."""
    made = collection.metadata or {}
    if made.get("schema", SCHEMA) < SCHEMA:
        collection.modify(metadata={**made, "schema": SCHEMA})


def _open_client(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    with _translated(str(folder)):
        return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


def default_folder() -> Path:
    """Return where the user's own index is when no other place is named."""
    import platformdirs

    return platformdirs.user_data_path("article-assistant") / "index"


def _check_folder(folder: Path) -> None:
    try:
        if folder.exists() and not folder.is_dir():
            raise NotAnIndexError(f"{folder} is a file, not an index folder; name a folder.")
        if folder.is_dir() and not (folder / _CHROMA_FILE).exists():
            ours = (_LOCK, _HOLDER, _UNEMBEDDED, WHOLE)
            others = [entry.name for entry in folder.iterdir() if entry.name not in ours]
            if others:
                raise NotAnIndexError(
                    f"{folder} is not an index: it holds other files, such as {others[0]!r}. Name a new folder."
                )
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(_cannot_use(str(folder), error)) from error


def _lock(folder: Path) -> BaseFileLock:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _LOCK, timeout=0, thread_local=False)
    holder = folder / _HOLDER
    try:
        lock.acquire()
        holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "command": _command()}))
    except Timeout as error:
        raise IndexInUseError(
            f"The index in {folder} is open in {_named_holder(holder)}. Ask or add there, or close it first; for "
            f"several programs at once, close it, run `chroma run --path '{folder}'` and set ARTICLE_INDEX=http://localhost:8000."
        ) from error
    except OSError as error:
        lock.release()
        raise StoreError(_cannot_use(str(folder), error)) from error
    return lock


def _named_holder(holder: Path) -> str:
    try:
        held = json.loads(holder.read_text())
        where = "" if held["host"] == socket.gethostname() else f" on {held['host']}"
        who = "this very process" if held["pid"] == os.getpid() else f"process {held['pid']}{where}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
    return f"{who} ({held['command']})"


def _command() -> str:
    """Return what this process was started as, short enough for a sentence."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:80] or "python"


@contextmanager
def _translated(location: str) -> Iterator[None]:
    import httpx
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except NotFoundError as error:
        raise StoreError(f"The index in {location} was rebuilt by another program meanwhile; open it again.") from error
    except (ChromaError, httpx.HTTPError, OSError, ValueError) as error:
        raise StoreError(_cannot_use(location, error)) from error


def _cannot_use(location: str, error: Exception) -> str:
    """Return the sentence for a failure: what fails, and what the person can do about it."""
    detail = str(error).lower()
    if location.startswith(("http://", "https://")):
        return (
            f"The Chroma server at {location} does not answer as it should; start it, or check ARTICLE_INDEX ({error})."
        )
    if "readonly" in detail or "read-only" in detail or "permission denied" in detail:
        return f"The index folder {location} cannot be written; change its permissions or name another (ARTICLE_INDEX)."
    if free_bytes(Path(location)) < FULL_DISK:  # What Chroma says does not tell.
        return full_disk(Path(location))
    return f"The index folder {location} cannot be used: {error}. Name another, or mend this one from a copy."
