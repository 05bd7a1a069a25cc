from __future__ import annotations

import io
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from datetime import date
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from crash_rounds import HashEmbedder

from index import Article, ArticleIndex, SourceError
from index.adding.reading import SourceReader
from index.sources import http as fetching

HERE = Path(__file__).parent
ENDINGS = {".pdf": "columns.pdf", ".docx": "story.docx", ".epub": "story.epub", ".eml": "story.eml"}
PAGE = """<!DOCTYPE html><html lang="en"><head><title>{title}</title>{head}</head><body><nav>Home Sport</nav>
<article><h1>{title}</h1><p>The old mill of Ostheim was sold on Monday, the town said in a statement to the press.</p>
<p>{text} The river had been moved twice to make room for it, and the bridge was taken down stone by stone.</p>
</article></body></html>"""


class Site(SimpleHTTPRequestHandler):
    """Serves a folder with ETags, and what `answers` says of a path instead."""

    def do_GET(self):
        self.server.asked.append(self.path)
        status, headers = self.server.answers.get(self.path, (200, {}))
        path = Path(self.directory, self.path.lstrip("/").partition("?")[0])
        if status == 200 and not path.is_file():
            status = 404
        if status == 200:
            headers = headers | {"ETag": f'"{hash(path.read_bytes())}"'}
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            status = 304
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", self.guess_type(self.path))
        self.end_headers()
        if status == 200:
            self.wfile.write(path.read_bytes())

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def site(tmp_path):
    """A real site on localhost, with a folder for what it serves; it notes what was asked of it."""
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *a: Site(*a, directory=str(folder))
    ) as server:
        server.folder, server.asked, server.answers = folder, [], {}
        server.address = f"http://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def put_page(site, name: str, text: str = "It is empty now.", head: str = "") -> str:
    (site.folder / name).write_text(PAGE.format(title=f"The mill, {name}", text=text, head=head))
    return f"{site.address}/{name}"


def add(index: ArticleIndex, *sources, **more):
    return index.add(*sources, allow_hosts=["localhost"], **more)


def test_a_page_is_added_and_found_without_its_menu(new_index, site):
    """Its own address is the article's source; title, language and site come from the page."""
    head = '<meta property="og:site_name" content="The Herald"><meta name="author" content="Greta Lindqvist">'
    url = put_page(site, "mill.html", head=head)
    report = add(new_index, url + "?utm_source=x#top")
    (article,) = new_index.articles()
    assert report.added == (article.id,)
    assert (article.title, article.language, article.site) == (
        "The mill, mill.html",
        "en",
        "The Herald",
    )
    assert article.author == "Greta Lindqvist"
    assert "Home Sport" not in article.text
    assert new_index.search("who sold the mill?")


def test_a_page_is_known_by_its_canonical_address(new_index, site):
    """Two addresses of one page are one article; a page cannot take the address of another site's."""
    put_page(site, "mill.html", head='<link rel="canonical" href="/mill.html">')
    shutil.copy(site.folder / "mill.html", site.folder / "copy.html")
    put_page(site, "thief.html", head='<link rel="canonical" href="https://example.org/mill.html">')
    add(new_index, f"{site.address}/mill.html")
    report = add(new_index, f"{site.address}/copy.html", f"{site.address}/thief.html")
    assert len(report.unchanged) == len(report.added) == 1
    sources = {article.source for article in new_index.articles()}
    assert sources == {f"{site.address}/mill.html", f"{site.address}/thief.html"}


def test_refresh_asks_whether_a_page_has_changed(new_index, site):
    """An unchanged one is answered with 304 and embeds nothing; a changed one is updated; one that is gone stays."""
    url = put_page(site, "mill.html")
    gone = put_page(site, "gone.html", text="It was gone.")
    add(new_index, url, gone)
    assert len(new_index.refresh(allow_hosts=["localhost"]).unchanged) == 2
    put_page(site, "mill.html", text="It burned down in June.")
    (site.folder / "gone.html").unlink()
    report = new_index.refresh(allow_hosts=["localhost"])
    assert len(report.updated) == 1
    assert [source for source, _ in report.failed] == [gone]
    assert "no such page" in report.failed[0][1]
    assert new_index.count() == 2
    pruned = new_index.refresh(prune=True, allow_hosts=["localhost"])
    assert len(pruned.removed) == 1
    assert [article.source for article in new_index.articles()] == [url]


def test_a_file_that_is_gone_is_removed_only_when_asked(new_index, tmp_path):
    """`prune` removes what no longer has a file; a page or file that merely fails stays."""
    stays, goes = tmp_path / "stays.txt", tmp_path / "goes.txt"
    for path in (stays, goes):
        path.write_text(f"{path.stem}\n\nThe bridge is red.")
    new_index.add(stays, goes)
    goes.unlink()
    stays.write_bytes(b"\x00")
    report = new_index.refresh(prune=True)
    assert len(report.removed) == 1
    assert [source for source, _ in report.failed] == [str(stays)]
    assert [article.source for article in new_index.articles()] == [str(stays)]


def test_lists_of_pages_are_followed(new_index, site, tmp_path):
    """A feed, a sitemap of sitemaps and a .txt of addresses add the pages that they name, each once."""
    urls = [put_page(site, f"{n}.html", text=f"It was number {n}.") for n in range(5)]
    item = "<item><title>x</title><link>{}</link></item>"
    rss = f"<rss version='2.0'><channel><title>t</title>{''.join(map(item.format, urls[:2]))}</channel></rss>"
    (site.folder / "feed.xml").write_text(rss)
    spaces = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
    (site.folder / "map.xml").write_text(
        f"<urlset {spaces}><url><loc>{urls[2]}</loc></url></urlset>"
    )
    maps = f"<sitemapindex {spaces}><sitemap><loc>{site.address}/map.xml</loc></sitemap></sitemapindex>"
    (site.folder / "maps.xml").write_text(maps)
    (tmp_path / "read.txt").write_text(f"# to read\n{urls[3]}\n\n{urls[4]}\n{urls[4]}\n")
    report = add(
        new_index, f"{site.address}/feed.xml", f"{site.address}/maps.xml", tmp_path / "read.txt"
    )
    assert report.failed == ()
    assert {article.source for article in new_index.articles()} == set(urls)
    assert len(report.added) == 5
    asked = list(site.asked)
    assert asked.count("/robots.txt") == 1
    again = add(new_index, f"{site.address}/feed.xml")
    assert len(again.unchanged) == 2


def test_robots_txt_is_heeded_for_what_a_feed_lists_and_not_for_what_a_person_names(
    new_index, site
):
    """A page that the site keeps from programs is reported; named by itself it is the person's own reading."""
    open_, closed = (
        put_page(site, "open.html"),
        put_page(site, "closed.html", text="Another text it is."),
    )
    (site.folder / "robots.txt").write_text("User-agent: *\nDisallow: /closed")
    feed = "".join(f"<entry><link href='{url}'/></entry>" for url in (open_, closed))
    (site.folder / "feed.atom").write_text(
        f"<feed xmlns='http://www.w3.org/2005/Atom'>{feed}</feed>"
    )
    report = add(new_index, f"{site.address}/feed.atom")
    assert len(report.added) == 1
    assert report.failed[0][0] == closed
    assert "robots.txt" in report.failed[0][1]
    assert add(new_index, closed).added


def test_a_feed_that_leads_inward_is_refused_by_its_pages(new_index, site):
    """Allowing one host by name lets a feed of its lead to no other that is not public."""
    (site.folder / "feed.xml").write_text(
        "<rss version='2.0'><channel><title>t</title>"
        "<item><link>http://169.254.169.254/latest/meta-data</link></item>"
        f"<item><link>{site.address}/leads.html</link></item></channel></rss>"
    )
    site.answers["/leads.html"] = (302, {"Location": f"http://127.0.0.1:{site.server_port}/x"})
    report = add(new_index, f"{site.address}/feed.xml")
    assert report.added == ()
    assert len(report.failed) == 2
    assert all("not on the public internet" in reason for _, reason in report.failed)


def test_a_host_that_is_not_public_is_refused_unless_it_is_named(new_index, site):
    """The reason says how to allow it."""
    report = new_index.add(put_page(site, "mill.html"))
    assert "--allow-host localhost" in report.failed[0][1]
    assert site.asked == []


@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_a_document_is_added_from_a_folder_and_from_the_web(new_index, site, ending):
    """The same text comes from a file and from an address, each with its own source."""
    name = f"ferry{ending}"
    shutil.copy(HERE / "documents" / ENDINGS[ending], site.folder / name)
    report = add(new_index, site.folder, f"{site.address}/{name}")
    assert report.failed == ()
    one, other = new_index.articles()
    assert one.text == other.text
    assert {one.source, other.source} == {str(site.folder / name), f"{site.address}/{name}"}
    assert one.published == date(2022, 3, 14)
    assert report.similar == (report.added,)


def test_what_gives_no_article_is_named_and_stops_nothing(new_index, site, tmp_path, monkeypatch):
    """Pages giant, empty or of a busy site, a picture, a loop of links, a device: a line each, and the rest goes in."""
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 1.0)
    monkeypatch.setattr(fetching, "LARGEST_PAGE", 100_000)
    (site.folder / "giant.html").write_bytes(b"x" * 200_000)
    (site.folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (site.folder / "empty.html").write_bytes(b" ")
    site.answers["/busy.html"] = (503, {"Retry-After": "3600"})
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    names = ["giant.html", "picture.png", "empty.html", "busy.html", "no\nsuch.html"]
    sources = [
        *(f"{site.address}/{name}" for name in names),
        tmp_path / "loop.txt",
        "/dev/null",
        "ftp://example.org/x",
    ]
    report = add(new_index, *sources, put_page(site, "good.html"))
    assert {source for source, _ in report.failed} == set(map(str, sources))
    assert all("; " in reason and "\n" not in reason for _, reason in report.failed), report.failed
    assert len(report.added) == 1


def test_odd_texts_go_in(tmp_path):
    """A text of 100,000 words without a full stop, and one that is a single address, can be kept and found."""
    words = Article.from_text(
        " ".join(f"word{n}" for n in range(100_000)), "words", title="Words", language="en"
    )
    address = Article.from_text(
        "https://example.org/" + "a" * 20_000, "address", title="Address", language="en"
    )
    with ArticleIndex.open(tmp_path / "index", HashEmbedder()) as index:
        assert len(index.add(words, address).added) == 2
        for article in (words, address):
            assert index.search("word99999", articles=[article.id])
        assert index.check().problems == ()


def test_a_text_is_taken_from_the_standard_input(new_index, monkeypatch):
    """It is known by what it says: the same text is one article, another is another."""
    for text, outcome in (
        ("Rain\n\nIt rained.", "added"),
        ("Rain\n\nIt rained.", "unchanged"),
        ("Sun\n\nIt shone.", "added"),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert getattr(new_index.add("-"), outcome)
    assert {article.title for article in new_index.articles()} == {"Rain", "Sun"}
    assert {article.source for article in new_index.articles()} == {"pasted text"}


def test_a_list_of_lists_of_lists_ends(tmp_path):
    """A sitemap that leads on and on is not followed for ever."""
    (tmp_path / "maps.xml").write_text(
        "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap><loc>https://example.org/1</loc>"
        "</sitemap></sitemapindex>"
    )

    class EndlessSite:
        """Gives a sitemap of one further sitemap for every address."""

        def may_crawl(self, url):
            return True

        def fetch(self, url, etag, last_modified):
            data = (
                (tmp_path / "maps.xml")
                .read_bytes()
                .replace(b"/1<", b"/1" + url[-20:].encode() + b"<")
            )
            return fetching.FetchedPage(url, "application/xml", data, None, None, None)

    (result,) = SourceReader(EndlessSite(), lambda _: None, None).read([str(tmp_path / "maps.xml")])
    assert isinstance(result.error, SourceError)
    assert "nested too deeply" in str(result.error)


def test_copies_are_linked_and_stay_two(new_index):
    """An article that says nearly the same as another is reported with it; one on the same subject is not."""
    words = " ".join(
        f"The paper mill employs {n} people in hall {n}, said Greta Lindqvist." for n in range(9)
    )
    one = Article.from_text(f"Mill opens\n\n{words}", "herald")
    copy = Article.from_text(f"Mill opens in Ostheim\n\n{words} (agency)", "courier")
    other = Article.from_text(
        "Mill\n\nIn Ostheim there was a paper mill once, and Greta Lindqvist ran it.", "blog"
    )
    assert new_index.add(one, other).similar == ()
    assert new_index.add(copy).similar == ((copy.id, one.id),)
    assert new_index.similar(one.id) == [copy.id]
    assert new_index.count() == 3


@contextmanager
def watching(index, *folders, **more):
    """Watch folders in a thread, and give the reports as they come."""
    stop, reports = threading.Event(), []

    def run():
        reports.extend(index.watch(*folders, stop=stop, **more))  # One by one, as they come.

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield reports
    finally:
        stop.set()
        thread.join(timeout=30)
        assert not thread.is_alive()


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come about within 20 seconds"
        time.sleep(0.05)


def test_watching_keeps_a_folder_in_step(new_index, tmp_path):
    """What is put into it is added, what changes is updated, what is taken away is removed when asked: folders too."""
    folder = tmp_path / "clippings"
    (folder / "old").mkdir(parents=True)
    (folder / "old" / "tower.txt").write_text("Tower\n\nThe tower is tall.")
    with watching(new_index, folder, prune=True) as reports:
        wait_for(lambda: len(reports) == 1)
        (folder / "bridge.txt").write_text("Bridge\n\nThe bridge is red.")
        (folder / ".hidden.txt").write_text("Hidden\n\nNobody reads it.")
        wait_for(lambda: new_index.count() == 2)
        (folder / "bridge.txt").write_text("Bridge\n\nThe bridge is green.")
        wait_for(lambda: any("green" in article.text for article in new_index.articles()))
        (folder / "bridge.txt").unlink()
        wait_for(lambda: new_index.count() == 1)
        (folder / "old").rename(tmp_path / "elsewhere")
        wait_for(lambda: new_index.count() == 0)
    assert all(not report.failed for report in reports)


def test_only_folders_are_watched(new_index, tmp_path):
    """A file or a missing folder is an error at once."""
    with pytest.raises(SourceError, match="is not a folder"):
        next(new_index.watch(tmp_path / "missing"))
