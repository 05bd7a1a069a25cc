from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from crash_rounds import HashEmbedder

from index import Article, ArticleIndex
from index.adding.reading import SourceReader
from index.sources.page import Page

PREFIX = b'<atom:feed><atom:entry><atom:link href="http://a.example/"/></atom:entry></atom:feed>'
CATEGORY = b'<?xml ><rss n="" m=""><item><category>w<item'


class BrokenFetcher:
    """Raises an error for every address."""

    def __init__(self, error: BaseException):
        self.error = error

    def fetch(self, *_):
        raise self.error


def article(**fields) -> Article:
    whole = {"id": "1", "title": "Rain", "text": "It rained.", "source": "rain"}
    return Article(**(whole | fields))


@pytest.fixture
def index(tmp_path):
    with ArticleIndex.open(tmp_path / "index", HashEmbedder()) as opened:
        yield opened


@pytest.fixture
def good(tmp_path) -> list[Path]:
    paths = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for path in paths:
        path.write_text(f"{path.stem}\n\nThe bridge {path.stem} is red.")
    return paths


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (b"prefix.xml", PREFIX),
        (b"category.rss", CATEGORY),
        (b"good\xff.txt", b"It rained."),
        (b"empty\xff.txt", b""),
        (b"unknown\xff.odt", b"It rained."),
        (b"damaged\xff.epub", b"It rained."),
        (b"no\xfflist.rss", b"It rained."),
    ],
    ids=["prefix", "category", "good", "empty", "unknown", "damaged", "list"],
)
def test_a_bad_file_between_good_ones_is_one_line(index, good, tmp_path, name, data):
    """The others are added, and the report can be printed as UTF-8."""
    bad = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    bad.write_bytes(data)
    report = index.add(good[0], bad, good[1])
    assert len(report.added) == 2
    ((source, reason),) = report.failed
    assert source == os.fsencode(bad).decode(errors="backslashreplace").replace("\\x", "\\udc")
    assert (source + reason).encode().isascii()
    assert "\n" not in reason
    assert "index folder" not in reason


@pytest.mark.parametrize(
    "bad",
    [
        article(text=5),
        article(text=b"It rained."),
        article(title={}),
        article(source=None),
        article(source="\udcff"),
        article(published="soon"),
        article(author=["Ida"]),
        5,
        None,
        b"rain.txt",
    ],
    ids=lambda bad: repr(bad).encode("ascii", "backslashreplace").decode(),
)
def test_a_value_that_is_no_source_is_one_line_between_good_ones(index, good, bad):
    """It is reported whatever it is; the others are added."""
    report = index.add(good[0], bad, good[1])
    assert len(report.added) == 2
    assert len(report.failed) == 1


@pytest.mark.parametrize("error", [KeyError("tags"), RecursionError(), MemoryError()])
def test_an_unforeseen_error_is_logged_with_its_trace(good, caplog, error):
    """The report has its kind in one line, the log has where it came from."""
    reader = SourceReader(BrokenFetcher(error), lambda _: None, None)
    with caplog.at_level(logging.ERROR):
        read = list(reader.read([good[0], Page("https://example.org/a"), good[1]]))
    assert [source.article is not None for source in read] == [True, False, True]
    assert type(error).__name__ in str(read[1].error)
    assert "in fetch" in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit()])
def test_an_interrupt_is_no_failure_of_a_source(good, error):
    """It ends the reading."""
    reader = SourceReader(BrokenFetcher(error), lambda _: None, None)
    with pytest.raises(type(error)):
        list(reader.read([Page("https://example.org/a"), *good]))


def test_the_shell_reports_a_bad_file_without_a_trace(begun, run, good, tmp_path):
    """The line on stderr is all."""
    (tmp_path / "category.rss").write_bytes(CATEGORY)
    done = run("-m", "index", "add", str(good[0]), str(tmp_path / "category.rss"), str(good[1]))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "category.rss: the feed is damaged; " in done.stderr
    assert done.stdout.count("added: ") == 2
