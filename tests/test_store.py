from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

import numpy as np
import pytest
from chromadb.errors import InternalError
from conftest import GUARD, CountingEmbedder
from crash_rounds import HashEmbedder

from index import (
    AddProgress,
    Article,
    ArticleIndex,
    ArticleNotFoundError,
    EmbedderMismatchError,
    IndexInUseError,
    NotAnIndexError,
    StoreError,
)
from index.chroma.records import STAGED, Record
from index.chunking import chunk_article
from index.shipped import shipped_article

MILL = Article.from_text(
    "Mill opens\n\nMay 3, 2021\n\nThe paper mill in Ostheim opened on Monday. Its director is Greta Lindqvist.",
    "mill",
)
RAIN = Article.from_text("Rain\n\nMay 10, 2021\n\nRain fell on the hills for nine days.", "rain")
UNDATED = Article.from_text("Bread\n\nBakers in Ostheim bake rye bread before dawn.", "bread")


@pytest.fixture(params=["folder", "server"])
def place(request, tmp_path):
    """Where an index may be: a folder that is not there yet, or a real Chroma server that holds nothing."""
    return (
        tmp_path / "index"
        if request.param == "folder"
        else request.getfixturevalue("chroma_server")
    )


@pytest.fixture
def new_index(place, embedder):
    """An empty index, once in a folder and once on a server."""
    with ArticleIndex.open(place, embedder) as index:
        yield index


def longer(article: Article, words: str) -> Article:
    """Return a newer version of an article."""
    return Article(
        article.id,
        article.title,
        f"{article.text} {words}",
        article.source,
        article.published,
        article.language,
    )


def test_what_is_added_is_found(new_index, article_path):
    """A file goes in, and a question finds the chunk that answers it, with its place in the article."""
    report = new_index.add(article_path)
    (article_id,) = report.added
    best = new_index.search("who runs The Defenders?")[0]
    assert "Marco Ramirez and Doug Petrie" in best.chunk.text
    assert 0 <= best.score <= 1
    assert new_index.article(article_id).text[best.chunk.start : best.chunk.end] == best.chunk.text


def test_the_text_in_the_index_is_the_file(new_index, article_path):
    """Chroma gives back, character for character, what was read."""
    new_index.add(article_path)
    assert new_index.articles()[0].text.encode() == article_path.read_bytes()


def test_adding_again_embeds_nothing_and_says_so(place, embedder, article_path):
    """The second time every article is unchanged and no passage goes to the model."""
    counting = CountingEmbedder(embedder)
    with ArticleIndex.open(place, counting) as index:
        first = index.add(article_path, MILL)
        embedded = counting.passages
        assert embedded > 0
        second = index.add(article_path, MILL)
        assert second.unchanged == first.added
        assert (second.added, second.updated, second.failed) == ((), (), ())
        assert counting.passages == embedded


def test_a_changed_article_replaces_the_old_one_whole(new_index):
    """The new text is found, the old is not, and a citation of the old version still opens."""
    new_index.add(MILL)
    newer = longer(MILL, "It burned down in June.")
    assert new_index.add(newer).updated == (MILL.id,)
    assert new_index.articles() == [newer]
    found = new_index.search("paper mill in Ostheim", k=20)
    assert {result.chunk.version for result in found} == {newer.version}
    assert new_index.article(MILL.id, MILL.version) == MILL
    assert new_index.article(MILL.id, newer.version) == new_index.article(MILL.id) == newer


def test_an_article_loses_what_its_newer_version_does_not_tell(new_index):
    """A day, a language, an author or a site that it no longer names is not kept from before."""
    told = replace(MILL, author="Greta Lindqvist", site="The Herald")
    silent = replace(MILL, published=None, language=None)
    new_index.add(told)
    new_index.add(silent)
    assert new_index.article(MILL.id) == silent
    assert new_index.article(MILL.id, told.version) == told


def test_one_bad_source_stops_no_other(new_index, tmp_path):
    """Each source that fails is named with its reason; the rest go in."""
    (tmp_path / "bad.txt").write_bytes(b"\x00\x01")
    (tmp_path / "good.txt").write_text("Good\n\nThe bridge was painted green.")
    blank = Article("x", "t", " ", "blank")
    report = new_index.add(
        "/no/such/file.txt", tmp_path / "bad.txt", blank, tmp_path / "good.txt", RAIN
    )
    assert len(report.added) == 2
    assert [source for source, _ in report.failed] == [
        "/no/such/file.txt",
        str(tmp_path / "bad.txt"),
        "blank",
    ]
    assert all(reason for _, reason in report.failed)


def test_a_search_takes_any_number_of_articles(new_index):
    """The best chunks come first, however many ids are named."""
    new_index.add(MILL, RAIN)
    ids = [MILL.id, *(f"article {number}" for number in range(40_000)), RAIN.id]
    found = new_index.search("who is the director of the mill?", k=20, articles=ids)
    assert found == new_index.search("who is the director of the mill?", k=20)
    assert {result.chunk.article_id for result in found} == {MILL.id, RAIN.id}


def test_removal_removes(new_index):
    """After it no search, list or id finds the article or an older version of it, nor is anything of it stored."""
    new_index.add(MILL, RAIN)
    new_index.add(longer(MILL, "It burned down in June."))
    new_index.remove(MILL.id)
    assert new_index.articles() == [RAIN]
    assert all(
        result.chunk.article_id == RAIN.id for result in new_index.search("paper mill", k=20)
    )
    for version in (None, MILL.version):
        with pytest.raises(ArticleNotFoundError, match="python -m index list"):
            new_index.article(MILL.id, version)
    assert set(new_index._registry.collection.get()["ids"]) == {
        RAIN.id,
        f"{RAIN.id}:{RAIN.version}:mark",
    }
    assert all(chunk_id.startswith(RAIN.id) for chunk_id in new_index._writer.chunks.get()["ids"])


def test_removing_what_is_not_there_is_an_error(new_index):
    """It says so, and how to see what is there."""
    with pytest.raises(ArticleNotFoundError, match="no article 'nothing'"):
        new_index.remove("nothing")


def test_refresh_reads_files_again(new_index, tmp_path):
    """A changed file is updated, one that is gone is reported and kept, an article without a file is left alone."""
    stays, goes = tmp_path / "stays.txt", tmp_path / "goes.txt"
    stays.write_text("Stays\n\nThe bridge is red.")
    goes.write_text("Goes\n\nThe tower is tall.")
    new_index.add(stays, goes, RAIN)
    stays.write_text("Stays\n\nThe bridge is green.")
    goes.unlink()
    report = new_index.refresh()
    assert len(report.updated) == 1
    assert report.unchanged == (RAIN.id,)
    assert [source for source, _ in report.failed] == [str(goes)]
    assert new_index.count() == 3


def test_a_search_can_be_limited(new_index):
    """By article, and by day, both ends counting; articles without a date are then left out."""
    new_index.add(MILL, RAIN, UNDATED)

    def found(**limits):
        return {result.chunk.article_id for result in new_index.search("Ostheim", k=20, **limits)}

    assert found() == {MILL.id, RAIN.id, UNDATED.id}
    assert found(articles=[RAIN.id, UNDATED.id]) == {RAIN.id, UNDATED.id}
    assert found(articles=[]) == set()
    assert found(published_after=date(2021, 5, 4)) == {RAIN.id}
    assert found(published_before=date(2021, 5, 3)) == {MILL.id}
    assert found(published_after=date(2021, 5, 3), published_before=date(2021, 5, 10)) == {
        MILL.id,
        RAIN.id,
    }
    assert found(articles=[MILL.id], published_after=date(2021, 5, 4)) == set()


def test_articles_are_listed_newest_first(new_index):
    """Those without a date come last."""
    new_index.add(UNDATED, MILL, RAIN)
    assert new_index.articles() == [RAIN, MILL, UNDATED]


def test_odd_searches_are_answered(new_index):
    """A blank query finds nothing, k beyond the index finds all, k below one is an error."""
    new_index.add(MILL)
    assert new_index.search("  ") == []
    assert len(new_index.search("mill", k=1000)) == 1
    with pytest.raises(ValueError, match="at least one"):
        new_index.search("mill", k=0)


def test_a_retriever_serves_other_chains(new_index):
    """LangChain gets Documents that name the article and the place in it."""
    new_index.add(MILL)
    (document,) = new_index.as_retriever(k=1).invoke("who is the director of the mill?")
    assert document.metadata["source"] == "mill"
    assert document.metadata["published"] == "2021-05-03"
    assert MILL.text[document.metadata["start"] : document.metadata["end"]] == document.page_content


def test_an_article_has_the_mean_of_its_chunks_for_a_vector(new_index, article_path):
    """The record of an article can be searched like a chunk."""
    (article_id,) = new_index.add(article_path).added
    record = new_index._registry.collection.get(ids=[article_id], include=["embeddings"])[
        "embeddings"
    ][0]
    chunks = new_index._writer.chunks.get(include=["embeddings"])["embeddings"]
    assert np.allclose(record, np.mean(chunks, axis=0), atol=1e-5)


def test_what_was_added_is_there_after_closing(place, embedder):
    """A folder opened again holds the same; closing twice does no harm; a closed index says that it is closed."""
    with ArticleIndex.open(place, embedder) as index:
        index.add(MILL)
    index.close()
    with pytest.raises(StoreError, match="is closed"):
        index.search("mill")
    with ArticleIndex.open(place, embedder) as index:
        assert index.articles() == [MILL]
        assert index.search("who is the director of the mill?")


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_second_opening_names_the_holder(new_index, embedder):
    """One process has a folder open at a time; who comes second learns who has it and what to do."""
    with pytest.raises(
        IndexInUseError, match=r"open in this process .*chroma run --path .*ARTICLE_INDEX"
    ):
        ArticleIndex.open(new_index.location, embedder)
    script = f"from index import ArticleIndex; ArticleIndex.open({new_index.location!r})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert f"process {os.getpid()} " in done.stderr
    new_index.add(MILL)
    assert new_index.count() == 1


def test_another_embedding_model_is_refused_and_rebuild_changes_it(place, embedder):
    """The error names both models and the command; after a rebuild the other model opens the same articles."""
    other = CountingEmbedder(embedder, name="another-model")
    newer = longer(MILL, "It burned down in June.")
    with ArticleIndex.open(place, embedder) as index:
        index.add(MILL, RAIN)
        index.add(newer)
    with pytest.raises(
        EmbedderMismatchError, match=r"'all-MiniLM-L6-v2'.*'another-model'.*python -m index rebuild"
    ):
        ArticleIndex.open(place, other)
    assert ArticleIndex.rebuild(place, other).added
    with ArticleIndex.open(place, other) as index:
        assert index.articles() == [RAIN, newer]
        assert index.article(MILL.id, MILL.version) == MILL
        assert index.search("who is the director of the mill?")[0].chunk.article_id == MILL.id
    with pytest.raises(EmbedderMismatchError):
        ArticleIndex.open(place, embedder)


def test_a_failed_rebuild_leaves_the_index_as_it_was(place, embedder):
    """The old articles are there and open with the old model."""

    class FailingEmbedder(CountingEmbedder):
        def embed_documents(self, texts):
            raise StoreError("the model broke")

    with ArticleIndex.open(place, embedder) as index:
        index.add(MILL)
    with pytest.raises(StoreError, match="the index is unchanged"):
        ArticleIndex.rebuild(place, FailingEmbedder(embedder, name="another-model"))
    with ArticleIndex.open(place, embedder) as index:
        assert index.articles() == [MILL]
        assert index.search("mill")
        assert {collection.name for collection in index._connection.client.list_collections()} == {
            "articles",
            "chunks",
        }


@pytest.mark.parametrize("kind", ["file", "other files", "other Chroma", "damaged"])
def test_what_is_no_index_is_refused_and_left_alone(tmp_path, embedder, kind):
    """A file, a folder of other things, another program's database and a damaged one each get one clear sentence."""
    import chromadb

    place = tmp_path / "place"
    if kind == "file":
        place.write_text("mine")
    elif kind == "other files":
        place.mkdir()
        (place / "thesis.doc").write_text("mine")
    elif kind == "other Chroma":
        client = chromadb.PersistentClient(str(place))
        client.create_collection("theirs", embedding_function=None)
        client.close()
    else:
        place.mkdir()
        (place / "chroma.sqlite3").write_bytes(b"not a database" * 100)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(StoreError) as caught:
        ArticleIndex.open(place, embedder)
    assert "\n" not in str(caught.value)
    assert str(place) in str(caught.value)
    assert isinstance(caught.value, NotAnIndexError) == (kind != "damaged")
    assert set(before) <= {path.name for path in tmp_path.rglob("*")}


def limited(script: str, *prefix: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"PYTHONPATH": str(GUARD)},
    )


def test_a_read_only_folder_is_an_error_of_one_sentence(tmp_path):
    """It says that the folder cannot be written, and how to name another."""
    folder = tmp_path / "index"
    folder.mkdir()
    folder.chmod(0o555)
    script = (
        "from index import ArticleIndex, StoreError\n"
        f"try: ArticleIndex.open({str(folder)!r})\n"
        "except StoreError as error: print(error)\n"
    )
    # root may write anywhere; without its capabilities it is held to the permissions of its own files.
    prefix = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
    done = limited(script, *prefix)
    assert "cannot be written" in done.stdout, done.stderr
    assert "ARTICLE_INDEX" in done.stdout
    assert done.stdout.count("\n") == 1


def test_an_add_that_is_stopped_keeps_what_was_added(new_index, monkeypatch):
    """Ctrl+C in the middle of an article leaves those before it, nothing of it, and an index that goes on."""

    class Stopping(CountingEmbedder):
        def embed_documents(self, texts):
            if "rain" in texts[0].lower():
                raise KeyboardInterrupt
            return super().embed_documents(texts)

    monkeypatch.setattr("index.adding.embedding_ahead.BATCH_CHUNKS", 1)
    new_index._writer.embedder = Stopping(new_index.embedder)
    with pytest.raises(KeyboardInterrupt):
        new_index.add(MILL, RAIN, UNDATED)
    assert new_index.articles() == [MILL]
    assert new_index.check().problems == ()
    new_index._writer.embedder = new_index.embedder
    assert len(new_index.add(MILL, RAIN, UNDATED).added) == 2


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_full_disk_is_named(new_index, monkeypatch):
    """When Chroma fails on a disk without room, the sentence says so, whatever Chroma said."""
    monkeypatch.setattr("index.chroma.errors.FULL_DISK", sys.maxsize)
    with (
        pytest.raises(StoreError, match="is full; free some space"),
        new_index._connection.errors(),
    ):
        raise OSError("failed to apply logs")


@pytest.mark.slow
def test_a_full_disk_loses_nothing(tmp_path, embedder):
    """What does not fit is reported as failed with one sentence; what was there stays, and with room it is added."""
    folder = tmp_path / "index"
    with ArticleIndex.open(folder, embedder) as index:
        index.add(MILL)
    script = (
        "import resource, signal\n"
        "from index import Article, ArticleIndex\n"
        f"index = ArticleIndex.open({str(folder)!r})\n"
        "index.search('load the model')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))\n"
        "text = ' '.join(f'The bridge number {n} is green.' for n in range(10_000))\n"
        "print(index.add(Article('bridges', 'Bridges', text, 'bridges')).failed)\n"
        "print([article.id for article in index.articles()])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "print(index.add(Article('bridges', 'Bridges', text[:3_000], 'bridges')).added, index.check().problems)\n"
    )
    done = limited(script)
    failed, there, added = done.stdout.splitlines()
    assert "bridges" in failed, done.stderr
    assert there == f"['{MILL.id}']"
    assert added == "('bridges',) ()"
    with ArticleIndex.open(folder, embedder) as index:
        assert {article.id for article in index.articles()} == {MILL.id, "bridges"}
        assert {result.chunk.article_id for result in index.search("mill", k=50)} == {
            MILL.id,
            "bridges",
        }
        assert {chunk_id.split(":")[0] for chunk_id in index._writer.chunks.get()["ids"]} == {
            MILL.id,
            "bridges",
        }


def test_a_crash_leaves_each_article_old_or_new(tmp_path, embedder):
    """Killed at any moment of an add, the index opens with the article whole, and the next add finishes it."""
    folder = tmp_path / "index"
    text = "\n\n".join(f"The bridge number {n} over the river is green." * 12 for n in range(60))
    old, new = (
        Article.from_text(f"{text}\n\n{word}", "bridges", title="Bridges")
        for word in ("old", "new")
    )
    with ArticleIndex.open(folder, embedder) as index:
        index.add(old)
    script = (
        "import sys\n"
        "from index import Article, ArticleIndex\n"
        f"index = ArticleIndex.open({str(folder)!r})\n"
        "index.search('load the model')\n"
        "print('ready', flush=True)\n"
        "text = sys.stdin.read()\n"
        "print(index.add(Article.from_text(text, 'bridges', title='Bridges')), flush=True)\n"
    )
    adding = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert adding.stdin is not None
    assert adding.stdout is not None
    assert adding.stdout.readline() == b"ready\n"
    adding.stdin.write(new.text.encode())
    adding.stdin.close()
    time.sleep(0.4)
    adding.send_signal(signal.SIGKILL)
    adding.wait(timeout=30)
    adding.stdout.close()
    with ArticleIndex.open(folder, embedder) as index:
        assert index.articles() in ([old], [new])
        held = index.articles()[0]
        stored = index._writer.chunks.get()["ids"]
        assert stored
        assert all(chunk_id.rsplit(":", 2)[1] == held.version for chunk_id in stored)
        index.add(new)
        assert index.articles() == [new]
        assert {result.chunk.version for result in index.search("bridge", k=50)} == {new.version}


def fill(folder, embedder):
    """Put so much into an index that Chroma writes its search graph to disk; return the articles."""
    texts = (
        "\n\n".join(f"Bridge {n} has arch {arch}. " * 30 for arch in range(150)) for n in range(9)
    )
    articles = [
        Article(f"b{n}", f"Bridge {n}", text, f"bridge {n}", None, "en")
        for n, text in enumerate(texts)
    ]
    with ArticleIndex.open(folder, embedder) as index:
        index.add(*articles)
        index.add(longer(articles[0], "It fell."))
    return [longer(articles[0], "It fell."), *articles[1:]]


@pytest.mark.parametrize("harm", ["header.bin", "length.bin", "index_metadata.pickle"])
def test_a_search_graph_that_a_kill_has_damaged_is_made_anew(tmp_path, caplog, harm):
    """Chroma writes it in place; where a program did not close the folder, its texts are embedded anew if need be."""
    folder = tmp_path / "index"
    articles = fill(folder, HashEmbedder())
    graphs = list(folder.glob(f"*/{harm}"))
    assert graphs
    for graph in graphs:
        graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 3])
    (folder / ".holder.json").write_text("{}")
    with ArticleIndex.open(folder, HashEmbedder()) as index:
        assert sorted(index.articles(), key=str) == sorted(articles, key=str)
        assert index.check().problems == ()
        assert index.search("arch", articles=[articles[3].id])
    assert "embedded again" in caplog.text
    with ArticleIndex.open(folder, HashEmbedder()) as index:
        assert index.count() == 9


def test_a_graph_that_nobody_wrote_to_is_not_looked_at_again(tmp_path, monkeypatch):
    """After a kill only what was being written can be damaged; to look at a million vectors takes minutes."""
    looked_at = []
    monkeypatch.setattr(
        "index.chroma.disk.damage._is_damaged", lambda _, names: looked_at.append(names)
    )
    folder = tmp_path / "index"
    fill(folder, HashEmbedder())
    with ArticleIndex.open(folder, HashEmbedder()) as index:
        index.search("arch")  # What Chroma had not written yet it writes now.
    with ArticleIndex.open(folder, HashEmbedder()):
        (folder / ".holder.json").rename(folder / "kept")
    (folder / "kept").rename(folder / ".holder.json")
    with ArticleIndex.open(folder, HashEmbedder()) as index:
        assert index.count() == 9
    assert looked_at == []
    os.utime(next(folder.glob("*/index_metadata.pickle")))
    (folder / ".holder.json").write_text("{}")
    with ArticleIndex.open(folder, HashEmbedder()) as index:
        assert index.count() == 9
    assert looked_at == [("articles", "chunks")]


def test_an_interrupted_change_back_keeps_the_version_that_a_citation_names(tmp_path, embedder):
    """What an article said before can still be opened when the way back to it breaks off."""
    newer = longer(MILL, "It burned down in June.")
    with ArticleIndex.open(tmp_path / "index", embedder) as index:
        index.add(MILL)
        index.add(newer)
        index._registry.write(Record(MILL, STAGED, writer="one that died"))
        index._writer._chunk_store.store([(MILL, None)])
    with ArticleIndex.open(tmp_path / "index", embedder) as index:
        assert index.articles() == [newer]
        assert index.article(MILL.id, MILL.version) == MILL
        assert index._registry.collection.get(where={"state": "staged"})["ids"] == []


def test_a_search_that_an_article_is_deleted_under_starts_again(new_index, monkeypatch):
    """Chroma fails on a chunk that goes while it searches; only what keeps failing is an error."""
    new_index.add(MILL)
    search = new_index._searcher._chunks.similarity_search_by_vector_with_relevance_scores
    failures = [InternalError("Error finding id")] * 2

    def failing(*args, **more):
        if failures:
            raise failures.pop()
        return search(*args, **more)

    monkeypatch.setattr(
        new_index._searcher._chunks, "similarity_search_by_vector_with_relevance_scores", failing
    )
    assert new_index.search("mill")
    failures.extend([InternalError("Error finding id")] * 100)
    with pytest.raises(StoreError, match="Error finding id"):
        new_index.search("mill")


def test_readers_see_one_version_while_it_changes(new_index):
    """Threads that search during updates get chunks of one version each time, never of both, never none."""
    versions = [
        MILL,
        longer(MILL, "It burned down in June."),
        longer(MILL, "It was built again in July."),
    ]
    new_index.add(versions[0])
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            seen = {result.chunk.version for result in new_index.search("paper mill", k=10)}
            if len(seen) != 1:
                wrong.append(seen)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(8):
        new_index.add(versions[(number + 1) % 3])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_the_default_index_begins_with_the_shipped_article_once(tmp_path, embedder, monkeypatch):
    """A new default index holds the shipped article; once removed it does not come back."""
    monkeypatch.setattr("index.chroma.connection.default_folder", lambda: tmp_path / "default")
    with ArticleIndex.open(None, embedder) as index:
        assert index.articles() == [shipped_article()]
        index.remove(shipped_article().id)
    with ArticleIndex.open(None, embedder) as index:
        assert index.articles() == []


def test_the_shipped_article_names_its_source():
    """Its publisher and day stand beside its text, and agree with what is read from it."""
    facts = json.loads((files("index") / "data" / "article.json").read_text())
    article = shipped_article()
    assert article.source == facts["source"] == "Collider"
    assert article.published == date.fromisoformat(facts["published"])


def test_each_chunk_has_its_own_vector(tmp_path, monkeypatch):
    """However the chunks of short and long articles are put together, by their lengths, to be embedded."""
    monkeypatch.setattr("index.adding.embedding_ahead.BATCH_CHUNKS", 12)
    monkeypatch.setattr("index.adding.embedding_ahead.LONG_ARTICLE_CHUNKS", 9)
    monkeypatch.setattr("index.adding.embedding_ahead.SLICE_CHUNKS", 5)
    lines = [
        "It rained. " * (number % 7 + 20) + f"So it did on day {number}." for number in range(60)
    ]
    articles = [
        Article.from_text("\n\n".join(lines[:count]), f"rain {count}", title="Rain")
        for count in (1, 2, 40, 5, 60)
    ]
    told = []
    with ArticleIndex.open(tmp_path / "index", HashEmbedder()) as index:
        index.add(*articles, on_progress=told.append)
        for article in articles:
            texts = [chunk.text for chunk in chunk_article(article)]
            assert np.allclose(
                index._writer.reader.vectors(article),
                HashEmbedder().embed_documents(texts),
                atol=1e-6,
            )
    shares = [
        progress.share for progress in told if progress.source == "rain 60" and progress.share
    ]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1.0


def test_progress_is_told(new_index):
    """Each source is announced, and at the end all are done."""
    told = []
    new_index.add(MILL, RAIN, on_progress=told.append)
    assert told == [
        AddProgress("mill", 0, 2),
        AddProgress("rain", 1, 2),
        AddProgress("rain", 2, 2),
    ]


def test_a_server_serves_several_programs(chroma_server, embedder):
    """Two may have it open at once, and see each other's articles."""
    with (
        ArticleIndex.open(chroma_server, embedder) as one,
        ArticleIndex.open(chroma_server, embedder) as two,
    ):
        one.add(MILL, RAIN)
        assert two.articles() == [RAIN, MILL]
        assert two.search("who is the director of the mill?")[0].chunk.article_id == MILL.id
        two.add(longer(MILL, "It burned down in June."))
        two.remove(RAIN.id)
        assert one.articles() == [longer(MILL, "It burned down in June.")]
        assert one.article(MILL.id, MILL.version) == MILL


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "HTTP://127.0.0.1:9"])
def test_a_server_that_does_not_answer_is_an_error_of_one_sentence(embedder, address):
    """It names the address, and what to check; capitals do not make a folder of it."""
    with pytest.raises(StoreError, match=rf"{re.escape(address)} does not answer") as caught:
        ArticleIndex.open(address, embedder)
    assert "\n" not in str(caught.value)


def test_a_rebuild_lets_others_ask_until_it_is_done(chroma_server, embedder):
    """On a server the old one serves while the new one is made; no change to it is lost. Then it is opened again."""
    found = []

    class Watched(CountingEmbedder):
        def embed_documents(self, texts):
            found.append(old.search("mill"))
            if len(found) == 2:
                old.add(UNDATED, longer(MILL, "It burned down in June."))
                old.remove(RAIN.id)
            return super().embed_documents(texts)

    with ArticleIndex.open(chroma_server, embedder) as old:
        old.add(MILL, RAIN)
        ArticleIndex.rebuild(chroma_server, Watched(embedder, name="another-model"))
        assert all(found)
        for use in (lambda: old.search("mill"), old.articles, lambda: old.add(UNDATED)):
            with pytest.raises(StoreError, match=r"Another program has rebuilt .*; open it again"):
                use()
    with ArticleIndex.open(chroma_server, CountingEmbedder(embedder, name="another-model")) as new:
        assert new.articles() == [longer(MILL, "It burned down in June."), UNDATED]
        assert new.article(MILL.id, MILL.version) == MILL
        assert new.check().problems == ()


def test_a_token_goes_to_the_server_and_into_no_message(embedder):
    """A proxy before a Chroma server gets it as a header; the error about a refusal does not hold it."""
    asked = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers["Authorization"])
            self.send_response(401)
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(StoreError, match="does not answer correctly") as caught:
            ArticleIndex.open(f"http://127.0.0.1:{server.server_port}", embedder, token="s3cret")  # noqa: S106
        server.shutdown()
    assert set(asked) == {"Bearer s3cret"}
    assert "s3cret" not in str(caught.value)


def test_hostile_values_are_only_values(new_index):
    """Markup, control characters and Chroma's own operators in an article or a filter are text like any other."""
    article = Article.from_text(
        '<script>alert(1)</script> {"$ne": ""} \x00 ; DROP TABLE articles', '$and"\n', title="${x}"
    )
    assert new_index.add(article).added == (article.id,)
    assert new_index.article(article.id) == article
    assert new_index.search("$and", articles=['{"$ne": ""}']) == []
