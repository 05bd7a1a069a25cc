"""Chroma collections: how they are created, recognised and tuned."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from index.errors import EmbedderMismatchError, NotAnIndexError

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration

    from index.embedding.embedder import Embedder

SCHEMA = 2
"""The version of the collections' content. A change that older code cannot read raises it."""
CHUNK_HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "max_neighbors": 32,
    "ef_construction": 200,
    "ef_search": 200,
}
"""Settings of Chroma's vector index for chunks.

With Chroma's default of 16 neighbours, a search among a million vectors misses many near ones.
"""
ARTICLE_HNSW: CreateHNSWConfiguration = {**CHUNK_HNSW, "sync_threshold": 50}
"""The same for articles. Chroma rereads unsynced records at each call; these hold whole texts."""
EF_SEARCH_SHARE = 1 / 500
"""The share of a collection's vectors that a search compares closely (`ef_search`)."""
MOST_EF_SEARCH = 2_000
"""The most vectors that a search compares closely."""


def create_collection(
    client: ClientAPI, name: str, embedder: Embedder, hnsw: CreateHNSWConfiguration
) -> Collection:
    """Create an empty collection.

    Args:
        client: The client of the folder or server.
        name: The name of the collection.
        embedder: The model that makes its vectors; noted in its metadata.
        hnsw: The settings of its vector index.
    """
    return client.create_collection(
        name,
        metadata={"schema": SCHEMA, "embedder": embedder.name, "dimension": embedder.dimension},
        configuration={"hnsw": hnsw},
        embedding_function=None,  # Chroma's default would download a model.
    )


def check_origin(collection: Collection, embedder: Embedder | None, location: str) -> None:
    """Raise unless this program and the right model made a collection.

    Args:
        collection: The collection to check.
        embedder: The model to compare with, if any.
        location: The folder or server, for messages.

    Raises:
        NotAnIndexError: Another program, or a newer version, made the collection.
        EmbedderMismatchError: The collection was made with another model.
    """
    origin: dict[str, Any] = collection.metadata or {}
    if "schema" not in origin:
        raise NotAnIndexError(foreign_database(location))
    if origin["schema"] > SCHEMA:
        raise NotAnIndexError(
            f"The index in {location} was made by a newer version of this program; install "
            "that version."
        )
    model = origin["embedder"]
    if embedder and (model, origin["dimension"]) != (embedder.name, embedder.dimension):
        raise EmbedderMismatchError(
            f"The index in {location} was made with the embedding model {model!r}, not "
            f"{embedder.name!r}. Open it with {model!r}, or convert it: "
            f"ARTICLE_INDEX='{location}' ARTICLE_EMBEDDER='{embedder.name}' python -m index rebuild"
        )


def foreign_database(location: str) -> str:
    """Return the sentence for the database of another program."""
    return f"{location} is the Chroma database of another program; name another place."


def raise_schema(collection: Collection) -> None:
    """Raise the schema of an old collection before its first write."""
    metadata = collection.metadata or {}
    if metadata.get("schema", SCHEMA) < SCHEMA:
        collection.modify(metadata={**metadata, "schema": SCHEMA})


def widen_searches(collection: Collection) -> None:
    """Raise `ef_search` of a grown collection, from the next opening on."""
    hnsw = collection.configuration_json.get("hnsw")
    ef_search = min(MOST_EF_SEARCH, int(collection.count() * EF_SEARCH_SHARE))
    if hnsw and ef_search >= 2 * hnsw["ef_search"]:
        # Chroma warns of a deprecated call that it makes itself.
        with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
            collection.modify(configuration={"hnsw": {"ef_search": ef_search}})
