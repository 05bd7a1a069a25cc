"""What a library page needs of an index: a list without texts, removal with undo, refreshing one, stopping."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from chromadb.errors import InternalError
from crash_rounds import HashEmbedder

from index import Article, ArticleIndex, ArticleNotFoundError, Entry
from index.chroma.records import STAGED, Record
from index.chunking import chunk_article

MILL = Article.from_text(
    "Mill opens\n\nMay 3, 2021\n\nThe paper mill opened. Its director is Greta Lindqvist.", "mill"
)
RAIN = Article.from_text("Rain\n\nMay 10, 2021\n\nRain fell on the hills for nine days.", "rain")
BOOK = Article.from_text(
    "Tides\n\n" + "\n\n".join(f"Chapter {n}. " + "The river rose. " * 40 for n in range(500)),
    "book",
)


@pytest.fixture(params=["folder", "server"])
def place(request, tmp_path):
    """Where an index may be: a folder that is not there yet, or a real Chroma server that holds nothing."""
    return (
        tmp_path / "index"
        if request.param == "folder"
        else request.getfixturevalue("chroma_server")
    )


@pytest.fixture
def library(place):
    """An index with two articles, once in a folder and once on a server."""
    with ArticleIndex.open(place, HashEmbedder()) as index:
        index.add(MILL, RAIN)
        yield index


def test_the_list_tells_of_each_article_without_its_text(library, tmp_path):
    """Newest first, with words, chunks, the moment of adding, and whether it can be read again."""
    (tmp_path / "bread.txt").write_text("Bread\n\nBakers bake before dawn.")
    library.add(tmp_path / "bread.txt", BOOK)
    rain, mill, bread, book = library.entries()
    assert replace(rain, added=None) == Entry(
        RAIN.id,
        "Rain",
        "rain",
        date(2021, 5, 10),
        RAIN.language,
        None,
        None,
        12,
        1,
        None,
        is_renewable=False,
        is_changing=False,
    )
    assert [entry.title for entry in (mill, bread)] == ["Mill opens", "Bread"]
    assert book.chunks == len(chunk_article(BOOK)) > 100
    assert bread.is_renewable
    assert timedelta(0) <= datetime.now(UTC) - rain.added < timedelta(minutes=2)


def test_an_article_that_changes_is_listed_as_changing_and_keeps_its_first_day(library):
    """Whoever is at it, another program too; a newer text does not make the article newly added."""
    before = {entry.id: entry.added for entry in library.entries()}
    library._registry.write(Record(MILL, STAGED, writer="another program"))
    assert [entry.is_changing for entry in library.entries()] == [False, True]
    library._registry.locks.unlock(MILL.id)
    library._registry.write(
        replace(
            library._registry.current([MILL.id])[MILL.id], added=datetime(2020, 1, 1, tzinfo=UTC)
        )
    )
    library.add(replace(MILL, text=f"{MILL.text} It burned down."))
    after = {entry.id: entry.added for entry in library.entries()}
    assert after == {RAIN.id: before[RAIN.id], MILL.id: datetime(2020, 1, 1, tzinfo=UTC)}


def test_a_removal_can_be_undone(library):
    """The article is as it was: found, with its day of adding and the text that it had before."""
    newer = replace(MILL, text=f"{MILL.text} It burned down in June.")
    library.add(newer)
    before = library.entries()
    removed = library.remove(MILL.id)
    assert library.search("burned", k=5, articles=[MILL.id]) == []
    library.put_back(removed)
    assert library.entries() == before
    assert library.article(MILL.id) == newer
    assert library.article(MILL.id, MILL.version) == MILL
    assert library.search("burned", k=1)[0].chunk.article_id == MILL.id
    assert library.check().problems == ()


def test_undoing_a_removal_overwrites_nothing_newer(library):
    """An article that was added again meanwhile stays as it is now."""
    removed = library.remove(MILL.id)
    newer = replace(MILL, text=f"{MILL.text} It burned down in June.")
    library.add(newer)
    library.put_back(removed)
    assert library.article(MILL.id) == newer


def test_one_article_can_be_refreshed(library, tmp_path):
    """The others are not read, though they changed too; an unknown one is an error."""
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    for path in (one, two):
        path.write_text(f"{path.stem}\n\nIt is old.")
    first, second = library.add(one, two).added
    for path in (one, two):
        path.write_text(f"{path.stem}\n\nIt is new.")
    report = library.refresh(first)
    assert (report.updated, report.unchanged) == ((first,), ())
    assert "old" in library.article(second).text
    with pytest.raises(ArticleNotFoundError):
        library.refresh("nobody")


def test_an_add_is_stopped_in_the_midst_of_an_article(library):
    """What was added by then stays, the article at work leaves nothing, and those behind it are not touched."""
    stop, shares = threading.Event(), []

    def on_progress(progress):
        if progress.source == BOOK.source:
            shares.append(progress.share)
        if shares and shares[-1] > 0.3:
            stop.set()

    other = Article.from_text("Bread is baked before dawn.", "bread")
    report = library.add(
        replace(RAIN, text="It is dry."), BOOK, other, on_progress=on_progress, stop=stop
    )
    assert (report.updated, report.added, report.failed) == ((RAIN.id,), (), ())
    assert 0.3 < max(shares) < 0.9
    assert {entry.id for entry in library.entries()} == {MILL.id, RAIN.id}
    assert library.check().problems == ()
    assert library.add(BOOK, stop=stop) == library.add(stop=threading.Event())


def test_what_another_program_removes_meanwhile_is_like_nothing(library, monkeypatch):
    """What is gone between the search for neighbours and the reading of their texts is no neighbour."""
    copy = replace(MILL, id="copy", source="copy")
    library.add(copy)
    assert library.similar(MILL.id) == ["copy"]
    collection = library._registry.collection
    query = collection.query

    def torn(*args, **more):
        found = query(*args, **more)
        library.remove("copy")
        return found

    monkeypatch.setattr(collection, "query", torn)
    assert library.similar(MILL.id) == []


def test_an_add_is_told_even_where_its_articles_cannot_be_compared(library, monkeypatch):
    """What Chroma says when another program removes what it is looking for costs the hint of copies, not the report."""

    def torn(*_, **__):
        raise InternalError("Error finding id")

    monkeypatch.setattr(library._registry.collection, "query", torn)
    copy = replace(MILL, id="copy", source="copy")
    report = library.add(copy)
    assert (report.added, report.similar) == (("copy",), ())
