from __future__ import annotations

import json
import random
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from conftest import CountingEmbedder
from crash_rounds import HashEmbedder

from index import Article, ArticleIndex, StoreError
from index.chroma.records import CURRENT, STAGED, Record
from index.chroma.schema import SCHEMA
from index.sources.page import Page

MILL = Article.from_text(
    "Mill opens\n\nMay 3, 2021\n\n"
    + " ".join(f"Hall {n} of the mill has {n} machines." for n in range(90)),
    "mill",
)
RAIN = Article.from_text(
    "Rain\n\nRain fell on the hills for nine days.", "rain", author="Ines", site="The Herald"
)
NEWER = replace(MILL, text=f"{MILL.text} It burned down in June.", published=date(2021, 6, 1))


@pytest.fixture
def filled(new_index):
    """An index with two articles, of which one had another text before."""
    new_index.add(MILL, RAIN)
    new_index.add(NEWER)
    return new_index


def test_a_sound_index_has_no_problem(filled):
    """Everything that is there is looked at."""
    report = filled.check()
    assert report.problems == ()
    assert report.articles == 2
    assert report.chunks == len(filled._writer.chunks.get()["ids"]) > 4


def chunk_ids(index, article):
    return sorted(index._writer.chunks.get(where={"article_id": article.id})["ids"])


def lose_a_chunk(index):
    index._searcher._chunks.delete(ids=chunk_ids(index, MILL)[:1])


def alter_a_chunk(index):
    vector = index.embedder.embed_query("Something else.")
    index._writer.chunks.update(chunk_ids(index, MILL)[0], [vector], {"text": "Something else."})


def move_a_chunk(index):
    index._writer.chunks.update(chunk_ids(index, MILL)[0], metadatas={"start": 3})


def spoil_a_vector(index):
    index._writer.chunks.update(
        chunk_ids(index, MILL)[0], embeddings=[[5.0] * index.embedder.dimension]
    )


def spoil_the_mean(index):
    index._registry.collection.update(MILL.id, embeddings=[[0.5] * index.embedder.dimension])


def leave_chunks(index):
    index._writer._chunk_store.store([(replace(MILL, text="The mill that was."), None)])


def orphan_chunks(index):
    index._registry.collection.delete(ids=[RAIN.id, f"{RAIN.id}:{RAIN.version}:mark"])


def mark(index, article):
    index._registry.collection.upsert(
        f"{article.id}:{article.version}:mark",
        [index._registry.vector(article.id)],
        {"article_id": article.id, "state": "mark", "text": article.text},
        "",
    )


def mark_an_earlier_version(index):
    mark(index, MILL)


def die_in_a_change(index):
    index._registry.write(Record(MILL, STAGED, writer="one that died"))
    index._writer._chunk_store.store([(MILL, None)])


def alter_an_earlier_text(index):
    alter_a_text(index, f"{MILL.id}:{MILL.version}")


def alter_a_text(index, place):
    index._registry.collection.update(place, metadatas={"text": "Something else."})


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (lose_a_chunk, "1 of its"),
        (alter_a_chunk, "missing, altered"),
        (move_a_chunk, "missing, altered"),
        (spoil_a_vector, "no proper vector"),
        (spoil_the_mean, "not the mean"),
        (leave_chunks, "chunks are left"),
        (orphan_chunks, "chunks are left"),
        (mark_an_earlier_version, "marked as current"),
        (die_in_a_change, "interrupted"),
        (alter_an_earlier_text, "previous version"),
    ],
)
def test_harm_is_found_and_mended(filled, monkeypatch, harm, what):
    """A check names it and changes nothing; a repair mends it, and the articles are what they were."""
    monkeypatch.setattr("index.chroma.locks.STALE_SECONDS", 0.5)
    harm(filled)
    before = filled.articles()
    (problem,) = filled.check().problems
    assert what in problem.what
    assert filled.check().problems == (problem,)
    assert filled.check(repair=True).problems == (replace(problem, is_mended=True),)
    assert filled.check().problems == ()
    assert filled.articles() == before
    assert (
        filled.search("How many machines has hall 7 of the mill?", k=1)[0].chunk.version
        == NEWER.version
    )


def lose_a_text(index, place):
    index._registry.collection.delete(ids=[place])


@pytest.mark.parametrize("harm", [alter_a_text, lose_a_text])
def test_a_text_that_was_altered_is_named_and_not_mended(filled, harm):
    """Only its source can tell what it was; adding it again mends it."""
    harm(filled, f"{RAIN.id}:{RAIN.version}:mark")
    (problem,) = filled.check(repair=True).problems
    assert not problem.is_mended
    assert "add it again" in problem.what
    filled.add(RAIN)
    assert filled.check().problems == ()


def test_an_index_moves_as_one_file(filled, tmp_path, embedder):
    """All articles, their earlier texts and their vectors are there again, and nothing is embedded for it."""
    filled._writer.put(Record(RAIN, CURRENT, Page("https://example.org/rain", etag='"1"')))
    assert filled.export_to(tmp_path / "all.zip") == 2
    counting = CountingEmbedder(embedder)
    with ArticleIndex.open(tmp_path / "other", counting) as other:
        report = other.import_from(tmp_path / "all.zip")
        assert sorted(report.added) == sorted([MILL.id, RAIN.id])
        assert other.articles() == filled.articles()
        assert other.article(MILL.id, MILL.version) == MILL
        assert other._registry.find(RAIN.id) == filled._registry.find(RAIN.id)
        assert other.check().problems == ()
        assert counting.passages == 0
        query = "How many machines has hall 7?"
        assert [result.chunk for result in other.search(query)] == [
            result.chunk for result in filled.search(query)
        ]
        assert other.import_from(tmp_path / "all.zip").unchanged


def test_an_index_of_another_model_embeds_what_it_takes_in(filled, tmp_path, embedder):
    """Vectors of one model mean nothing to another."""
    filled.export_to(tmp_path / "all.zip")
    counting = CountingEmbedder(embedder, name="another-model")
    with ArticleIndex.open(tmp_path / "other", counting) as other:
        other.import_from(tmp_path / "all.zip")
        assert counting.passages == other.check().chunks
        assert other.articles() == filled.articles()


def test_an_export_overwrites_nothing(filled, tmp_path):
    """A file that is there stays as it is; a place that cannot be written is one sentence; no part is left behind."""
    (tmp_path / "all.zip").write_text("mine")
    for path, reason in (
        (tmp_path / "all.zip", "exists already"),
        (tmp_path / "no" / "x.zip", "cannot be written"),
    ):
        with pytest.raises(StoreError, match=reason):
            filled.export_to(path)
    assert (tmp_path / "all.zip").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def rewritten(path, name, data):
    """Write an exported file anew with other data in one of its parts."""
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for part, held in (parts | {name: data}).items():
            archive.writestr(part, held)


@pytest.mark.parametrize(
    "harm", ["text", "cut", "head", "newer", "record", "id", "type", "state", "short", "vectors"]
)
def test_a_file_that_is_no_export_is_refused(filled, tmp_path, embedder, harm):
    """Whatever is wrong with it, one sentence says so, and what was in the index stays."""
    path = tmp_path / "all.zip"
    filled.export_to(path)
    with zipfile.ZipFile(path) as archive:
        head, lines = (
            json.loads(archive.read("index.json")),
            archive.read("articles.jsonl").splitlines(),
        )
    record = json.loads(lines[-1])
    if harm == "text":
        path.write_text("mine")
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif harm == "head":
        rewritten(path, "index.json", b"[]")
    elif harm == "newer":
        rewritten(path, "index.json", json.dumps(head | {"format": 99}).encode())
    elif harm == "record":
        rewritten(path, "articles.jsonl", b'{"state": "current"}\n')
    elif harm == "id":
        record["article"]["id"] = f"{MILL.id}:staged"
        rewritten(path, "articles.jsonl", json.dumps(record).encode() + b"\n")
    elif harm == "type":
        record["article"]["text"] = 3
        rewritten(path, "articles.jsonl", json.dumps(record).encode() + b"\n")
    elif harm == "state":
        rewritten(path, "articles.jsonl", json.dumps(record | {"state": "lost"}).encode() + b"\n")
    elif harm == "short":
        rewritten(path, "vectors.f32", b"123")
    else:
        rewritten(path, "vectors.f32", np.full(10**5, np.nan, "<f4").tobytes())
    with ArticleIndex.open(tmp_path / "other", embedder) as other:
        other.add(RAIN)
        with pytest.raises(StoreError, match=r"all\.zip|newer version") as caught:
            other.import_from(path)
        assert "\n" not in str(caught.value)
        assert RAIN in other.articles()
        assert other.check().problems == ()


def is_imported(index, path):
    try:
        index.import_from(path)
    except StoreError:
        return False
    return True


def test_whatever_damage_an_export_has_it_is_an_index_or_an_error(filled, tmp_path):
    """Bytes changed anywhere, or an entry that claims to be encrypted: refused, it has put nothing in."""
    path = tmp_path / "all.zip"
    filled.export_to(path)
    whole, draw = path.read_bytes(), random.Random(17)
    with ArticleIndex.open(tmp_path / "other", HashEmbedder()) as other:
        other.add(RAIN)
        for number in range(80):
            data = bytearray(whole)
            for _ in range(draw.choice([1, 5, 50])):
                data[draw.randrange(len(data))] = draw.randrange(256)
            if not number:  # The flag of encryption, in the directory and before the first entry.
                data = bytearray(whole)
                data[6] |= 1
                data[whole.index(b"PK\1\2") + 8] |= 1
            path.write_bytes(data)
            before = other.articles()
            assert is_imported(other, path) or other.articles() == before
        assert RAIN.id in {article.id for article in other.articles()}
        assert other.check().problems == ()


def test_writers_of_one_article_take_turns(chroma_server, embedder, monkeypatch):
    """On a server a second writer waits for the first; a lock of one that died is taken over."""
    monkeypatch.setattr("index.chroma.locks.STALE_SECONDS", 1.0)
    with (
        ArticleIndex.open(chroma_server, embedder) as one,
        ArticleIndex.open(chroma_server, embedder) as two,
    ):
        with one._registry.locks.hold([MILL], one._writer.reader.count_chunks):
            adding = threading.Thread(target=two.add, args=(NEWER,))
            adding.start()
            time.sleep(0.5)
            assert two.articles() == []
        adding.join(timeout=30)
        assert one.articles() == [NEWER]
        die_in_a_change(two)
        begun = time.monotonic()
        one.remove(MILL.id)
        assert time.monotonic() - begun > 1.0
        assert two.articles() == []
        assert two.check().problems == ()
        die_in_a_change(two)
        assert one.add(NEWER, RAIN).added == (NEWER.id, RAIN.id)
        assert two.check().problems == ()


def test_writers_of_several_articles_do_not_wait_for_one_another_for_ever(chroma_server, embedder):
    """Each of four adds the same articles, beginning with another; all come to their end."""
    many = [replace(MILL, id=name, source=name) for name in "abcdefgh"]
    with ExitStack() as opened:
        indexes = [
            opened.enter_context(ArticleIndex.open(chroma_server, embedder)) for _ in range(4)
        ]
        with ThreadPoolExecutor(len(indexes)) as pool:
            adding = [
                pool.submit(one.add, *many[2 * n :], *many[: 2 * n])
                for n, one in enumerate(indexes)
            ]
            added = [report.result(timeout=60).added for report in adding]
        assert sorted(name for names in added for name in names) == list("abcdefgh")
        assert indexes[0].check().problems == ()


def test_an_article_that_cannot_be_put_in_keeps_none_of_its_batch_out(filled, monkeypatch):
    """Where storing several together fails, each is tried alone; the one that fails is named and leaves nothing."""
    others = [
        replace(RAIN, id=name, source=name, text=f"{name} {RAIN.text}")
        for name in ("one", "bad", "two")
    ]
    upsert = filled._writer.chunks.upsert

    def failing(ids, *stored):
        if any(chunk_id.startswith("bad:") for chunk_id in ids):
            raise ValueError("too odd")
        upsert(ids, *stored)

    monkeypatch.setattr(filled._writer.chunks, "upsert", failing)
    report = filled.add(*others)
    assert report.added == ("one", "two")
    assert [source for source, _ in report.failed] == ["bad"]
    assert filled.check().problems == ()


@pytest.mark.parametrize("by_mark", [True, False])
def test_a_version_that_was_read_before_it_changed_is_not_remembered(filled, monkeypatch, by_mark):
    """An article that changes while its version is read is read again the next time."""
    registry = filled._registry
    registry.write(registry.current([MILL.id])[MILL.id])  # Its version is to be read again.
    get = registry.collection.get

    def slow(**which):
        found = get(**which)
        monkeypatch.undo()
        filled.add(MILL)
        return found

    def read():
        asked = {(MILL.id, MILL.version), (MILL.id, NEWER.version)}
        return dict(registry.select_current(asked)) if by_mark else registry.versions({MILL.id})

    monkeypatch.setattr(registry.collection, "get", slow)
    assert read() == {MILL.id: NEWER.version}
    assert read() == registry.versions({MILL.id}) == {MILL.id: MILL.version}


def test_a_mark_tells_which_version_is_current(chroma_server, embedder):
    """Neither one that is being put in nor one that was passes for it, with a stray mark or after the way back."""
    old, new, other = ((article.id, article.version) for article in (MILL, NEWER, RAIN))
    with ArticleIndex.open(chroma_server, embedder) as index:
        registry = index._registry
        index.add(MILL, RAIN)
        assert (
            registry._marked({old, new, other})
            == registry.select_current({old, new, other})
            == {old, other}
        )
        index.add(NEWER)
        mark(index, MILL)
        assert (
            registry._marked({old, new, other})
            == registry.select_current({old, new, other})
            == {new, other}
        )
        index.add(MILL)
        assert registry.select_current({old, new, other}) == {old, other}
        index.remove(MILL.id)
        assert (
            registry.select_current({old, new, other})
            == registry._marked({old, new, other})
            == {other}
        )
        as_of_schema_1(index)
        assert registry.select_current({old, new, other}) == {other}


def as_of_schema_1(index):
    """Keep all texts as documents, and no marks."""
    articles, chunks = index._registry.collection, index._writer.chunks
    texts = [
        (held["article_id"], held["version"], held["state"], text)
        for held, text in index._registry.rows(where={"state": {"$in": ["current", "previous"]}})
    ]
    for article_id, version, state, text in texts:
        place = article_id if state == "current" else f"{article_id}:{version}"
        articles.update(place, [index._registry.vector(place)], {"text": None}, text)
    articles.delete(where={"state": "mark"})
    held = chunks.get(include=["metadatas", "embeddings"])
    said = [metadata["text"] for metadata in held["metadatas"]]
    chunks.update(held["ids"], held["embeddings"], [{"text": None}] * len(said), said)
    for collection in (articles, chunks):
        collection.modify(metadata={**collection.metadata, "schema": 1})


def test_an_older_index_is_read_and_changed(filled, embedder):
    """It says what it said before; what is changed in it is kept as in a new one, which an older program refuses."""
    before = filled.articles(), {result.chunk for result in filled.search("machines", k=100)}
    as_of_schema_1(filled)
    assert filled._writer.chunks.get()["documents"][0]
    filled.close()
    with ArticleIndex.open(filled.location, embedder) as index:
        assert (
            index.articles(),
            {result.chunk for result in index.search("machines", k=100)},
        ) == before
        assert index.article(MILL.id, MILL.version) == MILL
        assert index.check().problems == ()
        index.add(MILL, replace(RAIN, title="Rain again"))
        assert index.check().problems == ()
        assert index.article(MILL.id, NEWER.version) == NEWER
        assert not any(index._writer.chunks.get()["documents"])
        assert [one.metadata["schema"] for one in index._connection.collections()] == [
            SCHEMA,
            SCHEMA,
        ]


def test_searches_look_at_more_vectors_where_an_index_has_grown(tmp_path, embedder, monkeypatch):
    """The share of all counts once it is more than twice what was looked at; another opening finds it so."""
    monkeypatch.setattr("index.chroma.schema.EF_SEARCH_SHARE", 100)
    with ArticleIndex.open(tmp_path / "index", embedder) as index:
        index.add(RAIN)
        assert index._writer.chunks.configuration_json["hnsw"]["ef_search"] == 200
        index.add(MILL)
        chunks = index._writer.chunks.count()
    with ArticleIndex.open(tmp_path / "index", embedder) as index:
        assert index._writer.chunks.configuration_json["hnsw"]["ef_search"] == 100 * chunks > 400
        assert index.search("mill")


def test_a_writer_that_was_taken_for_dead_changes_nothing(chroma_server, embedder):
    """When it comes back and its lock is gone, its change is refused, and the other's stands."""
    with ArticleIndex.open(chroma_server, embedder) as one:
        one.add(RAIN)
        with one._registry.locks.hold([MILL], one._writer.reader.count_chunks) as lease:
            one._registry.collection.delete(ids=[f"{MILL.id}:staged"])
            one._registry.write(Record(MILL, STAGED, writer="another"))
            with pytest.raises(StoreError, match="add it again"):
                lease.check()
        assert [record.writer for record in one._registry.in_state(STAGED)] == ["another"]
