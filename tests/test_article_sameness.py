from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from crash_rounds import HashEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import Article, ArticleIndex, SourceError
from index.chroma.records import PREVIOUS, Record
from index.chunking import chunk_article
from index.sources.isolation.reading import read_file
from index.sources.page import Page

TEXT = "Café opens\n\nMay 3, 2021\n\nThe café at the mill opened on Monday. Its owner is Greta."
EVENING = datetime(2021, 5, 3, 23, 30)  # noqa: DTZ001  # A naive one is among what is tried.
FAR_EAST, FAR_WEST = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))

texts = st.sampled_from(
    [
        TEXT,
        f"{TEXT} ",
        f"\n{TEXT}\n",
        f"\ufeff{TEXT}",
        f"{TEXT}\x00",
        TEXT.replace("\n", "\r\n"),
        unicodedata.normalize("NFD", TEXT),
        TEXT.replace(" opened", "\u00a0opened"),
    ]
)
names = st.sampled_from(
    [None, "", " ", "\t\n", "\u00a0\u2003", "Greta", "Greta ", "Greta\x00", "Éva", "E\u0301va"]
)
titles = st.sampled_from(
    ["", " ", "Café opens", "Café opens ", "Cafe\u0301 opens", "Café\x00opens"]
)
days = st.sampled_from(
    [
        None,
        date(2021, 5, 3),
        EVENING,
        EVENING.replace(tzinfo=UTC),
        EVENING.replace(tzinfo=FAR_EAST),
        EVENING.replace(tzinfo=FAR_WEST),
        date(1, 1, 1),
    ]
)
twins = st.fixed_dictionaries(
    {},
    optional={
        "text": texts,
        "title": titles,
        "published": days,
        "language": names,
        "author": names,
        "site": names,
    },
)


@pytest.fixture
def indexes(tmp_path):
    """Two indexes in folders, the second for what the first imports."""
    with (
        ArticleIndex.open(tmp_path / "one", HashEmbedder()) as one,
        ArticleIndex.open(tmp_path / "other", HashEmbedder()) as other,
    ):
        yield one, other


def assert_whole(index: ArticleIndex, article: Article) -> None:
    """Assert that an index holds an article with all its chunks, finds each, and sees nothing wrong."""
    held = index.article(article.id)
    assert held == article
    assert held.version == article.version
    chunks = chunk_article(article)
    found = index.search(chunks[0].text, k=50, articles=[article.id])
    assert sorted(result.chunk.id for result in found) == sorted(chunk.id for chunk in chunks)
    assert sorted(index._writer.chunks.get()["ids"]) == sorted(chunk.id for chunk in chunks)
    assert index.check().problems == ()


def assert_told(report, before: Article, after: Article) -> None:
    """Assert that a report calls an article unchanged if nothing in it differs, and updated otherwise."""
    is_same = before == after
    assert is_same == (before.version == after.version)
    assert report.failed == ()
    assert (report.unchanged if is_same else report.updated) == (after.id,)


@given(first=twins, second=twins)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_almost_equal_article_takes_away_another(indexes, tmp_path, first, second):
    """Whatever little two articles differ in, after add, import and refresh the newer is there whole."""
    index, other = indexes
    path = tmp_path / "café.txt"
    path.write_bytes(TEXT.encode())
    before = read_file(path)
    index.add(path)
    for step, changes in (
        ("add", first),
        ("import", second),
        ("add", second),
        ("refresh", {}),
        ("import", first),
    ):
        after = replace(before, **changes) if step != "refresh" else read_file(path)
        if step == "add":
            report = index.add(after)
        elif step == "refresh":
            report = index.refresh(after.id)
        else:
            other.add(after)
            other.export_to(tmp_path / "all.zip")
            report = index.import_from(tmp_path / "all.zip")
            (tmp_path / "all.zip").unlink()
            other.remove(after.id)
        assert_told(report, before, after)
        assert_whole(index, after)
        before = after
    index.remove(before.id)


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\u00a0"])
@pytest.mark.parametrize("name", ["author", "site", "language"])
def test_blank_text_tells_nothing(name, blank):
    """A name or language that is blank is one that the article does not tell."""
    plain = Article("mill", "Mill opens", "It opened.", "mill")
    blank_one = replace(plain, **{name: blank})
    assert getattr(blank_one, name) is None
    assert blank_one == plain
    assert blank_one.version == plain.version


@pytest.mark.parametrize("zone", [None, UTC, FAR_EAST, FAR_WEST])
def test_a_moment_of_publication_becomes_the_day_where_it_was_published(zone):
    """The index keeps days: the moment's own zone tells which."""
    article = Article("mill", "Mill opens", "It opened.", "mill", EVENING.replace(tzinfo=zone))
    assert type(article.published) is date
    assert article == replace(article, published=date(2021, 5, 3))


@pytest.mark.parametrize("broken", ["\ud800", "\ud83d\ude00", None, 3, b"mill"])
@pytest.mark.parametrize(
    "name", ["id", "title", "text", "source", "language", "author", "site", "published"]
)
def test_a_field_that_cannot_be_written_is_that_articles_failure(indexes, name, broken):
    """Broken characters or another type in any field: the article is refused in words, and the next one goes in."""
    if broken is None and name in {"language", "author", "site", "published"}:
        return
    plain = Article("mill", "Mill opens", "It opened.", "mill")
    bad = replace(plain, id="bad", text="It closed.")
    bad = replace(bad, **{name: broken})
    index, _ = indexes
    with pytest.raises(SourceError, match=name if name != "published" else "publication"):
        bad.check()
    report = index.add(bad, plain)
    assert report.added == (plain.id,)
    assert len(report.failed) == 1
    assert_whole(index, plain)


def test_an_id_that_is_the_mark_of_another_article_is_refused():
    """It would be written over the text of that one."""
    plain = Article("mill", "Mill opens", "It opened.", "mill")
    with pytest.raises(SourceError, match="ending that the index reserves"):
        replace(plain, id=f"mill:{plain.version}:mark").check()


def spell_version(index: ArticleIndex, article: Article, version: str) -> None:
    """Store an article under another version than its own, as a program does that hashes otherwise."""
    registry, chunks = index._registry, index._writer.chunks
    record = registry.collection.get(ids=[article.id], include=["embeddings"])
    registry.collection.update(article.id, record["embeddings"][0], {"version": version})
    mark = f"{article.id}:{article.version}:mark"
    held = registry.collection.get(ids=[mark], include=["embeddings", "metadatas"])
    registry.collection.delete(ids=[mark])
    registry.collection.add(
        f"{article.id}:{version}:mark", held["embeddings"], held["metadatas"], [""]
    )
    stored = chunks.get(include=["embeddings", "metadatas"])
    chunks.delete(ids=stored["ids"])
    chunks.add(
        [place.replace(article.version, version) for place in stored["ids"]],
        stored["embeddings"],
        [metadata | {"version": version} for metadata in stored["metadatas"]],
        [""] * len(stored["ids"]),
    )


def test_a_version_that_was_hashed_otherwise_is_replaced(indexes):
    """An equal article that is stored under another version is put in again, and nothing of the other is left."""
    index, _ = indexes
    article = Article("mill", "Mill opens", "It opened.", "mill", author="Greta")
    index.add(article)
    spell_version(index, article, "0123456789abcdef")
    index._registry.cache.clear()
    assert index.search("It opened.")
    assert index.add(article).updated == (article.id,)
    assert_whole(index, article)
    assert index.add(article).unchanged == (article.id,)


def test_what_becomes_current_is_never_cleared_away(indexes):
    """Where the stored record differs from an article of the same version, text and chunks of that version stay."""
    index, _ = indexes
    article = Article("mill", "Mill opens", "It opened.", "mill")
    index.add(article)
    index._registry.collection.update(article.id, metadatas={"title": "Another title"})
    index.add(article)
    assert_whole(index, article)


def test_chunks_that_are_lost_are_stored_again_with_a_new_page(indexes):
    """An article that is unchanged but for the page that it came from gets its chunks back."""
    index, _ = indexes
    article = Article("mill", "Mill opens", "It opened.", "mill")
    index.add(article)
    index._writer.chunks.delete(ids=index._writer.chunks.get()["ids"])
    index._writer.put(Record(article, "current", Page("https://example.org/mill")))
    assert_whole(index, article)


def test_a_text_that_an_earlier_record_holds_is_mended(indexes):
    """An index that lost the text of its current version, and kept it as a previous one, is whole after a repair."""
    index, _ = indexes
    article = Article("mill", "Mill opens", "It opened.", "mill")
    index.add(article)
    index._registry.write(Record(article, PREVIOUS))
    index._registry.collection.delete(ids=[f"{article.id}:{article.version}:mark"])
    index._writer.chunks.delete(ids=index._writer.chunks.get()["ids"])
    (problem,) = index.check(repair=True).problems
    assert problem.is_mended
    assert_whole(index, article)
