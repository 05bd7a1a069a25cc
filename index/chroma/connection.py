"""`Connection`: an open Chroma folder or server with its two collections."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from index.chroma.disk.damage import note_sound, remove_damaged_vectors
from index.chroma.disk.folder import IndexFolder, default_folder
from index.chroma.disk.room import Database
from index.chroma.errors import SERVER_SCHEMES, translated_errors
from index.chroma.schema import (
    ARTICLE_HNSW,
    CHUNK_HNSW,
    check_origin,
    create_collection,
    foreign_database,
    raise_schema,
)
from index.errors import NotAnIndexError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromadb import Collection
    from chromadb.api import ClientAPI

    from index.embedding.embedder import Embedder

ARTICLE_COLLECTION = "articles"
CHUNK_COLLECTION = "chunks"
REBUILT = "-rebuilt"
"""The suffix of the two collections that a rebuild fills."""


class Connection:
    """An open folder or server. An open folder is locked.

    Attributes:
        location: The folder, or the address of the server.
        client: Chroma's client.
        is_closed: Whether `close` was called.
        database: The database of a folder; a server has its own.
    """

    def __init__(self, location: str, client: ClientAPI, folder: IndexFolder | None) -> None:
        """Use an open client; `open` makes one."""
        self.location = location
        self.client = client
        self.is_closed = False
        self.database = Database(folder.path, client) if folder else None
        self._folder = folder

    @classmethod
    def open(cls, location: str | Path | None, token: str | None = None) -> Self:
        """Open a folder or connect to a server.

        Args:
            location: A folder or a server's address; by default the user's folder.
            token: The token of a server that asks for one.

        Raises:
            StoreError: The location cannot be used. Nothing stays locked.
        """
        if isinstance(location, str) and location.lower().startswith(SERVER_SCHEMES):
            return cls._open_server(location, token)
        path = default_folder() if location is None else Path(location).expanduser().resolve()
        return cls._open_folder(IndexFolder.hold(path))

    @classmethod
    def _open_folder(cls, folder: IndexFolder) -> Self:
        import chromadb
        from chromadb.config import Settings

        location = str(folder.path)
        try:
            if folder.was_interrupted:
                collections = (ARTICLE_COLLECTION, CHUNK_COLLECTION)
                remove_damaged_vectors(folder.path, collections, folder.unembedded_mark)
            note_sound(folder.path)
            with translated_errors(location):
                settings = Settings(anonymized_telemetry=False)
                client = chromadb.PersistentClient(location, settings=settings)
            return cls(location, client, folder)
        except BaseException:
            folder.abandon()
            raise

    @classmethod
    def _open_server(cls, url: str, token: str | None) -> Self:
        import chromadb
        from chromadb.config import Settings

        # Proxies read the first header, Chroma's own servers the second.
        headers = {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else None
        with translated_errors(url):
            parts = urlsplit(url)
            secure = parts.scheme == "https"
            client = chromadb.HttpClient(
                host=parts.hostname or "localhost",
                port=parts.port or (443 if secure else 8000),
                ssl=secure,
                headers=headers,
                settings=Settings(anonymized_telemetry=False),
            )
        return cls(url, client, None)

    @property
    def is_exclusive(self) -> bool:
        """Whether no other process can be writing."""
        return self._folder is not None

    def close(self) -> None:
        """Close Chroma, then release the folder. A second call does nothing."""
        if self.is_closed:
            return
        self.is_closed = True
        client: Any = self.client
        if self._folder:
            client.close()
            self._folder.release()
        else:
            # Chroma's close leaves its HTTP connections open.
            for server in (client._server, client._admin_client._server):  # noqa: SLF001
                server._session.close()  # noqa: SLF001
            client.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Translate Chroma's errors in a piece of work on the collections.

        After an error in a folder the database is reopened: at once, or once a full disk has room.

        Raises:
            StoreError: The work failed, or the connection is closed.
        """
        from chromadb.errors import ChromaError

        if self.is_closed:
            raise StoreError(
                f"The index in {self.location} is closed; open it again with ArticleIndex.open."
            )
        with translated_errors(self.location):
            if self.database:
                self.database.recover()
            try:
                yield
            except ChromaError:
                if self.database:
                    self.database.reopen_after_failure()
                raise

    def check_room(self, chunks: int = 0) -> None:
        """Raise `StoreError` if a folder's disk lacks room to write some chunks."""
        if self.database:
            self.database.check_room(chunks)

    @property
    def is_unembedded(self) -> bool:
        """Whether vectors were lost, so that all texts need embedding again."""
        return self._folder is not None and self._folder.unembedded_mark.exists()

    def mark_embedded(self) -> None:
        """Note that all vectors are present again."""
        if self._folder:
            self._folder.unembedded_mark.unlink(missing_ok=True)

    def collections(self, embedder: Embedder | None = None) -> tuple[Collection, Collection]:
        """Return the collections of articles and of chunks.

        Args:
            embedder: The model that the collections must be made with. Missing collections are
                created for it. Without a model the collections must exist.

        Raises:
            EmbedderMismatchError: The collections were made with another model.
            NotAnIndexError: The database belongs to another program, or is empty.
        """
        with self.errors():
            # Finish or undo an interrupted rebuild.
            self._finish_swap()
            collections = self._collections_by_name()
            if self.is_exclusive:
                self._discard_rebuilt(collections)
            # Refuse the database of another program, version or model.
            names = (ARTICLE_COLLECTION, CHUNK_COLLECTION)
            present = [collections[name] for name in names if name in collections]
            if collections and not present:
                raise NotAnIndexError(foreign_database(self.location))
            for collection in present:
                check_origin(collection, embedder, self.location)
            # Create missing collections.
            if embedder is not None:
                for collection in collections.values():
                    raise_schema(collection)
                for name in (CHUNK_COLLECTION, ARTICLE_COLLECTION):
                    if name not in collections:
                        collections[name] = self._create(name, embedder)
            if not collections.keys() >= set(names):
                raise NotAnIndexError(
                    f"{self.location} contains no index yet; create one with `python -m index "
                    "add PATH`."
                )
            return collections[ARTICLE_COLLECTION], collections[CHUNK_COLLECTION]

    def start_rebuild(self, embedder: Embedder) -> tuple[Collection, Collection]:
        """Return two new collections, for articles and chunks.

        `finish_rebuild` swaps them in, `abandon_rebuild` removes them.
        """
        with self.errors():
            self._discard_rebuilt(self._collections_by_name())
            chunks = self._create(CHUNK_COLLECTION + REBUILT, embedder)
            articles = self._create(ARTICLE_COLLECTION + REBUILT, embedder)
            return articles, chunks

    def abandon_rebuild(self) -> None:
        """Remove the new collections; the old ones stay."""
        with self.errors():
            self._discard_rebuilt(self._collections_by_name())

    def finish_rebuild(self) -> None:
        """Replace the old collections by the new ones."""
        with self.errors():
            self.client.delete_collection(ARTICLE_COLLECTION)
            self._finish_swap()

    def _finish_swap(self) -> None:
        """Rename the new collections once the old articles are deleted.

        That deletion is the point of no return: an interrupted swap is finished at the next
        opening.
        """
        collections = self._collections_by_name()
        new_articles = collections.get(ARTICLE_COLLECTION + REBUILT)
        if ARTICLE_COLLECTION in collections or new_articles is None:
            return
        if new_chunks := collections.get(CHUNK_COLLECTION + REBUILT):
            if CHUNK_COLLECTION in collections:
                self.client.delete_collection(CHUNK_COLLECTION)
            new_chunks.modify(name=CHUNK_COLLECTION)
        new_articles.modify(name=ARTICLE_COLLECTION)

    def _discard_rebuilt(self, collections: dict[str, Collection]) -> None:
        """Delete the new collections, from Chroma and from the mapping."""
        for name in (CHUNK_COLLECTION + REBUILT, ARTICLE_COLLECTION + REBUILT):
            if name in collections:
                self.client.delete_collection(name)
                del collections[name]

    def _collections_by_name(self) -> dict[str, Collection]:
        return {collection.name: collection for collection in self.client.list_collections()}

    def _create(self, name: str, embedder: Embedder) -> Collection:
        hnsw = CHUNK_HNSW if name.startswith(CHUNK_COLLECTION) else ARTICLE_HNSW
        return create_collection(self.client, name, embedder, hnsw)
