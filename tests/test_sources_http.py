from __future__ import annotations

import gzip
import io
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from index.errors import SourceError, SourceGoneError
from index.sources import http as fetching
from index.sources.http import FetchedPage, Fetcher

PUBLIC = "93.184.216.34"
PAGE = b"<html><body><p>It rained all day in Ostheim.</p></body></html>"


class Site(ThreadingHTTPServer):
    """A real server; it notes what was asked of it, and answers a path by the function of its name."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.headers = []
        self.sent = 0
        self.pages = {}

    def handle_error(self, request, client_address):
        """Say nothing of a reader that went away: many tests do."""

    def url(self, path="/", host="localhost"):
        return f"http://{host}:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.headers.append(self.headers)
        answer = self.server.pages.get(self.path, (404, {}, b""))
        if callable(answer):
            answer = answer(self)
        if answer:
            self.answer(*answer)

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, text in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Say nothing."""


@contextmanager
def serving(site):
    thread = threading.Thread(target=site.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join()


@pytest.fixture
def site():
    """A server of this machine."""
    with serving(Site()) as site:
        yield site


@pytest.fixture
def fetcher(monkeypatch):
    """A fetcher that may ask this machine by the name localhost, and does not wait long."""
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.01)
    with Fetcher(allowed_hosts=["localhost"]) as fetcher:
        yield fetcher


@pytest.fixture
def opened(monkeypatch):
    """The addresses that sockets were opened to, none of which is really asked but this machine's."""
    opened = []
    connect = socket.create_connection

    def note(address, *arguments, **options):
        opened.append(address)
        if address[0] in {"127.0.0.1", "::1"}:
            return connect(address, *arguments, **options)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", note)
    return opened


def test_a_page_is_fetched_with_what_the_server_says_of_it(site, fetcher):
    """Its bytes, media type, character set and validators come back, and its address without a fragment."""
    headers = {
        "Content-Type": "Text/HTML; charset=ISO-8859-1",
        "ETag": '"one"',
        "Last-Modified": formatdate(0),
    }
    site.pages["/a?b=c"] = (200, headers, PAGE)
    page = fetcher.fetch(site.url("/a?b=c#there"))
    assert page == FetchedPage(
        site.url("/a?b=c"), "text/html", PAGE, "iso-8859-1", '"one"', formatdate(0)
    )


def test_a_site_learns_the_name_of_the_project_and_no_more(site, fetcher):
    """No header tells of the user, the system or where the link was found."""
    site.pages["/"] = (200, {}, PAGE)
    fetcher.fetch(site.url())
    sent = dict(site.headers[0])
    assert sent.pop("User-Agent").startswith("article-assistant/")
    assert set(sent) == {"Host", "Accept", "Accept-Encoding"}


def test_a_page_that_is_as_it_was_is_not_fetched_again(site, fetcher):
    """The validators of the last visit are sent, and 304 gives None."""
    site.pages["/"] = (304, {}, b"")
    assert fetcher.fetch(site.url(), etag='"one"', last_modified=formatdate(0)) is None
    assert site.headers[0]["If-None-Match"] == '"one"'
    assert site.headers[0]["If-Modified-Since"] == formatdate(0)


def test_a_page_that_was_never_fetched_cannot_be_as_it_was(site, fetcher):
    """304 without validators is a fault of the site, not a page that is still the same."""
    site.pages["/"] = (304, {}, b"")
    with pytest.raises(SourceError, match=r"HTTP 304"):
        fetcher.fetch(site.url())


def test_a_validator_that_no_header_can_hold_is_not_sent(site, fetcher):
    """What is stored cannot smuggle another header into a request."""
    site.pages["/"] = (200, {}, PAGE)
    fetcher.fetch(site.url(), etag='"a"\r\nX-Evil: 1', last_modified="ä")
    assert not {"X-Evil", "If-None-Match", "If-Modified-Since"} & set(site.headers[0])


def test_redirects_are_followed_to_the_page(site, fetcher):
    """Relative and absolute ones, each kind of them, and the page has the address that they end at."""
    site.pages |= {
        "/a/1": (301, {"Location": "2"}, b""),
        "/a/2": (302, {"Location": "/3"}, b""),
        "/3": (303, {"Location": site.url("/4")}, b""),
        "/4": (307, {"Location": "?5"}, b""),
        "/4?5": (308, {"Location": f"//localhost:{site.server_port}/6#x"}, b""),
        "/6": (200, {}, PAGE),
    }
    assert fetcher.fetch(site.url("/a/1")).url == site.url("/6")


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/", "redirects more than 5 times"),
        ("file:///etc/passwd", "only http"),
        ("ftp://example.org/", "only http"),
        ("javascript:alert(1)", "only http"),
        ("data:text/html,hello", "only http"),
        ("http://169.254.169.254/latest/meta-data/", "not on the public internet"),
        ("http://127.0.0.1:{port}/", "not on the public internet"),
        ("http://[::1]:{port}/", "not on the public internet"),
        ("http://0x7f000001:{port}/", "not on the public internet"),
        ("http://user:password@localhost:{port}/", "user name or password"),
        ("http://[::1", "not a valid web address"),
        ("", "empty"),
        ("/" + "x" * 3000, "longer than"),
    ],
)
def test_a_redirect_leads_nowhere_that_an_address_may_not(site, fetcher, opened, location, reason):
    """Each hop is checked as the first was."""
    site.pages["/"] = (302, {"Location": location.format(port=site.server_port)}, b"")
    with pytest.raises(SourceError, match=reason):
        fetcher.fetch(site.url())
    assert set(opened) <= {("127.0.0.1", site.server_port), ("::1", site.server_port)}
    assert set(site.asked) == {"/"}
    assert len(site.asked) <= 6


def test_a_redirect_of_another_host_does_not_lead_to_an_allowed_one(site):
    """Such a host is allowed for addresses that the user names, not for any page of the web."""
    site.pages |= {
        "/": (302, {"Location": f"http://127.0.0.1:{site.server_port}/secret"}, b""),
        "/secret": (200, {}, PAGE),
    }
    with Fetcher(allowed_hosts=["localhost", "127.0.0.1"]) as fetcher:
        with pytest.raises(SourceError, match="add that address itself"):
            fetcher.fetch(site.url())
        assert site.asked == ["/"]
        assert fetcher.fetch(f"http://127.0.0.1:{site.server_port}/secret").data == PAGE


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (404, SourceGoneError, "no such page"),
        (410, SourceGoneError, "has removed"),
        (401, SourceError, "a login or payment"),
        (402, SourceError, "a login or payment"),
        (403, SourceError, "a login or payment"),
        (418, SourceError, "HTTP 418"),
        (451, SourceError, "legal reasons"),
        (204, SourceError, "HTTP 204"),
        (206, SourceError, "HTTP 206"),
        (300, SourceError, "HTTP 300"),
        (501, SourceError, "HTTP 501"),
    ],
)
def test_a_refusal_is_one_sentence_and_final(site, fetcher, status, kind, reason):
    """What the site says for good is not asked twice, and only a page that is not there is gone."""
    site.pages["/"] = (status, {}, b"")
    with pytest.raises(kind, match=reason) as caught:
        fetcher.fetch(site.url())
    assert isinstance(caught.value, SourceGoneError) == (status in {404, 410})
    assert "; " in str(caught.value)
    assert site.asked == ["/"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(site, fetcher, status):
    """The third try is the last one, and gives the page if the site does."""
    answers = [(status, {}, b""), (status, {}, b""), (200, {}, PAGE)]
    site.pages["/"] = lambda _: answers.pop(0)
    assert fetcher.fetch(site.url()).data == PAGE
    site.pages["/"] = (status, {}, b"")
    with pytest.raises(SourceError, match=f"HTTP {status}"):
        fetcher.fetch(site.url())
    assert len(site.asked) == 6


def test_a_site_is_left_alone_for_as_long_as_it_asks(site, fetcher):
    """A Retry-After of some seconds is a pause of so many, as a number and as a date."""
    for after in ("1", formatdate(time.time() + 3, usegmt=True)):
        answers = [(429, {"Retry-After": after}, b""), (200, {}, PAGE)]
        site.pages["/"] = lambda _: answers.pop(0)  # noqa: B023  # It is asked before the next.
        begun = time.monotonic()
        assert fetcher.fetch(site.url()).data == PAGE
        assert 0.9 < time.monotonic() - begun < 4


@pytest.mark.parametrize(
    "after",
    ["3600", "9" * 500, formatdate(time.time() + 3600, usegmt=True)],
    ids=["seconds", "very many seconds", "a date"],
)
def test_a_site_that_asks_for_a_long_pause_is_not_waited_for(site, fetcher, after):
    """The user is told at once."""
    site.pages["/"] = (429, {"Retry-After": after}, b"")
    with pytest.raises(SourceError, match="too many requests"):
        fetcher.fetch(site.url())
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "after", ["-5", "soon", "", "Mon, 99 Foo 20000 99:99:99 GMT", formatdate(0)]
)
def test_a_pause_that_makes_no_sense_is_none(site, fetcher, after):
    """Whatever the header says, the page is tried again after our own pause."""
    answers = [(503, {"Retry-After": after}, b""), (200, {}, PAGE)]
    site.pages["/"] = lambda _: answers.pop(0)
    assert fetcher.fetch(site.url()).data == PAGE


def test_a_body_that_drips_ends_with_the_time(site, fetcher, monkeypatch):
    """A byte now and then does not keep a fetch alive beyond its whole time."""
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.5)
    site.pages["/"] = lambda handler: drip(
        handler, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    )
    begun = time.monotonic()
    with pytest.raises(SourceError, match="in time"):
        fetcher.fetch(site.url())
    assert time.monotonic() - begun < 2
    assert site.asked == ["/"]


def test_headers_that_drip_end_with_the_time(site, fetcher, monkeypatch):
    """Neither do header lines that never end."""
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.5)
    site.pages["/"] = lambda handler: drip(handler, b"HTTP/1.1 200 OK\r\nX-Long: ")
    with pytest.raises(SourceError, match="in time"):
        fetcher.fetch(site.url())


def test_silence_ends_with_the_time_too(site, fetcher, monkeypatch):
    """No single wait is longer than what is left of the fetch."""
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.3)
    site.pages["/"] = lambda _: time.sleep(1.5)
    begun = time.monotonic()
    with pytest.raises(SourceError, match="in time"):
        fetcher.fetch(site.url())
    assert time.monotonic() - begun < 1


def test_a_site_that_says_nothing_is_given_up(site, monkeypatch):
    """Silence ends with the time for one answer, and is tried again."""
    monkeypatch.setattr(fetching, "READ_SECONDS", 0.1)
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.01)
    site.pages["/"] = lambda _: time.sleep(0.5)
    with Fetcher(["localhost"]) as fetcher, pytest.raises(SourceError, match="in time"):
        fetcher.fetch(site.url())
    assert len(site.asked) == 3


def test_tries_and_pauses_end_with_the_time(site, fetcher, monkeypatch):
    """A pause that would outlast the fetch is not begun."""
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.5)
    site.pages["/"] = (503, {"Retry-After": "2"}, b"")
    begun = time.monotonic()
    with pytest.raises(SourceError, match="HTTP 503"):
        fetcher.fetch(site.url())
    assert time.monotonic() - begun < 0.5


def test_a_page_that_says_it_is_too_large_is_not_begun(site, fetcher):
    """50 MB are refused by their announcement."""
    site.pages["/"] = lambda handler: flood(handler, f"Content-Length: {50_000_000}")
    with pytest.raises(SourceError, match="larger than 20 MB"):
        fetcher.fetch(site.url())
    assert site.sent < 10_000_000


def test_a_page_that_hides_how_large_it_is_is_cut_off(site, fetcher):
    """Without an announcement the reading stops soon after the limit."""
    site.pages["/"] = lambda handler: flood(handler, "Connection: close")
    with pytest.raises(SourceError, match="larger than 20 MB"):
        fetcher.fetch(site.url())
    assert site.sent < 40_000_000


def test_a_packed_page_is_unpacked(site, fetcher):
    """The bytes that come back are the page's, whatever it was packed with."""
    site.pages["/"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(PAGE))
    assert fetcher.fetch(site.url()).data == PAGE


def test_a_gzip_bomb_is_harmless(site, fetcher):
    """A page of 300 MB that was packed into 300 KB is refused as too large."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(bytes(1_000_000))
    site.pages["/"] = (200, {"Content-Encoding": "gzip"}, packed.getvalue())
    with pytest.raises(SourceError, match="larger than 20 MB"):
        fetcher.fetch(site.url())


@pytest.mark.parametrize(
    "encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip, identity", "x"]
)
def test_a_page_packed_in_an_unasked_way_is_refused(site, fetcher, encoding):
    """Nothing is unpacked but what was asked for, and that once."""
    site.pages["/"] = (200, {"Content-Encoding": encoding}, gzip.compress(gzip.compress(PAGE)))
    with pytest.raises(SourceError, match="was not asked for"):
        fetcher.fetch(site.url())


def test_a_damaged_packing_is_refused(site, fetcher):
    """What says that it is packed and is not gives no page."""
    site.pages["/"] = (200, {"Content-Encoding": "gzip"}, PAGE)
    with pytest.raises(SourceError, match="compressed page is damaged"):
        fetcher.fetch(site.url())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + PAGE,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + PAGE,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + PAGE,
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n" + PAGE,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + PAGE,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nIt ra",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n" + PAGE,
        b"220 mail.example.org ESMTP\r\n",
        b"",
    ],
    ids=[
        "short",
        "negative",
        "two-lengths",
        "endless",
        "bad-chunk",
        "half-chunk",
        "long-header",
        "smtp",
        "nothing",
    ],
)
def test_an_answer_that_is_not_whole_is_no_page(site, fetcher, answer):
    """Half a page is never taken for one, and what is no HTTP is one clear sentence."""
    site.pages["/"] = lambda handler: raw(handler, answer)
    with pytest.raises(SourceError, match=r"; .*(later|files)$"):
        fetcher.fetch(site.url())


def test_a_connection_that_breaks_is_tried_again(site, fetcher):
    """A reset is a passing fault."""
    answers = [(200, {}, PAGE), None]
    site.pages["/"] = lambda handler: answers.pop() or reset(handler)
    assert fetcher.fetch(site.url()).data == PAGE


def test_a_port_where_nothing_listens_is_one_sentence(fetcher):
    """The message says what to do."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(SourceError, match="cannot be reached"):
            fetcher.fetch(f"http://localhost:{closed.getsockname()[1]}/")


def test_no_cookie_is_kept_between_fetches(site, fetcher):
    """A site cannot know a reader again, though the hops of one fetch are one visit."""
    site.pages |= {
        "/": (302, {"Location": "/in", "Set-Cookie": "id=7; Path=/; Max-Age=9999"}, b""),
        "/in": (200, {}, PAGE),
    }
    fetcher.fetch(site.url())
    fetcher.fetch(site.url())
    assert [headers["Cookie"] for headers in site.headers] == [None, "id=7", None, "id=7"]


def test_proxies_of_the_environment_are_ignored(site, monkeypatch):
    """A proxy would go where the guards cannot see; nor is a password taken from .netrc."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.pages["/"] = (200, {}, PAGE)
    with Fetcher(["localhost"]) as fetcher:
        assert fetcher.fetch(site.url()).data == PAGE


NAMES = {
    "private.example": ["10.1.2.3"],
    "loopback.example": ["127.0.0.1"],
    "loopback6.example": ["::1"],
    "linklocal.example": ["fe80::1%eth0"],
    "mixed.example": [PUBLIC, "192.168.0.1"],
    "mixed6.example": [PUBLIC, "fd00::1"],
    "metadata.google.internal": ["169.254.169.254"],
    "localtest.example": ["127.0.0.1"],
    "xn--e1afmkfd.example": ["172.16.0.1"],
    "app.localhost": [PUBLIC],
    "a.b.localhost": [PUBLIC],
    "localhost": [PUBLIC],
    "cgnat.example": ["100.64.0.1"],
    "mapped.example": ["::ffff:192.168.0.1"],
    "zero.example": ["0.0.0.0"],  # noqa: S104  # what a name may lead to
}


@pytest.mark.parametrize(
    "host",
    """
    127.0.0.1  127.1  127.0.1  127.255.255.254  2130706433  0x7f000001  0X7F.1  0x7f.0x0.0x0.0x1  017700000001
    0177.1  127.0.0.1.  0x7f.1.  0.0.0.0  0  0.1.2.3  127.0.0.1:22  127.0.0.1:
    10.0.0.1  172.16.0.1  172.31.255.255  192.168.1.1  169.254.1.1  0300.0250.257  3232235777
    169.254.169.254  2852039166  0xA9FEA9FE  0251.0376.43518  168.63.129.16
    100.64.0.1  100.100.100.200  100.127.255.255  192.0.0.1  192.0.0.192  192.0.2.1  192.88.99.1  198.18.0.1
    198.51.100.1  203.0.113.1  224.0.0.1  239.255.255.250  240.0.0.1  255.255.255.255
    [::1]  [::]  [0:0:0:0:0:0:0:1]  [::ffff:127.0.0.1]  [::ffff:7f00:1]  [::ffff:10.0.0.1]  [::FFFF:169.254.169.254]
    [::127.0.0.1]  [::ffff:0:127.0.0.1]  [64:ff9b::127.0.0.1]  [64:ff9b::a00:1]  [64:ff9b:1::1]  [2002:7f00:1::]
    [2002:a00:1::1]  [2001::1]  [2001:db8::1]  [3fff::1]  [100::1]  [fe80::1]  [fec0::1]  [fc00::1]  [fd00:ec2::254]
    [ff02::1]  [5f00::1]
    localhost  localhost.  LOCALHOST  app.localhost  a.b.localhost.  private.example  PRIVATE.example.
    loopback.example  loopback6.example  linklocal.example  mixed.example  mixed6.example  mapped.example
    metadata.google.internal  xn--e1afmkfd.example  пример.example  cgnat.example  zero.example
    """.split(),
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_is_not_public_is_asked_nothing(opened, scheme, host):
    """Numbers and names of what is not on the internet, in every spelling, are refused before a socket opens."""
    with Fetcher(resolve=resolve_by(NAMES)) as fetcher, pytest.raises(SourceError) as caught:
        fetcher.fetch(f"{scheme}://{host}/")
    assert "is not on the public internet; allow it by name (--allow-host " in str(caught.value)
    assert opened == []


@pytest.mark.parametrize(
    "url",
    r"""
    file:///etc/passwd  ftp://example.org/x  gopher://127.0.0.1:70/  dict://127.0.0.1:11211/  javascript:alert(1)
    data:text/html,x  ws://example.org/  http+unix://x/  //example.org/x  /etc/passwd  example.org  http:/example.org
    http:example.org  http://  http:///x  https://?x  http://:80/  http://.../
    http://user@93.184.216.34/  http://user:word@example.org/  http://example.org@127.0.0.1/  http://:x@127.0.0.1/
    http://example.org\@127.0.0.1/  http://127.0.0.1\@example.org/  http://127.0.0.1%2f.example/
    http://%31%32%37.0.0.1/  http://127.0.0.1%00.example/  http://exa%6dple.org/  http://xn--/  http://xn--a-ecp.ru/
    http://①②⑦.⓪.⓪.①/  http://127。0。0。1/  http://127．0．0．1/  http://１２７.０.０.１/  http://ⓛocalhost/
    http://[fe80::1%25eth0]/  http://[fe80::1%eth0]/  http://[::1  http://[::g]/  http://[v1.x]/  http://[::1]x/
    http://93.184.216.34:0/  http://93.184.216.34:65536/  http://93.184.216.34:x/  http://93.184.216.34:-1/
    http://0177.0.0.1/  http://0251.0376.0251.0376/  http://127.0.0.1.1/  http://256.0.0.1/  http://unknown.example/
    """.split(),
)
def test_an_address_that_is_none_of_a_page_is_asked_nothing(opened, url):
    """Other schemes, passwords, ports and hosts that are none, and unknown names are refused in a sentence."""
    with (
        Fetcher(resolve=resolve_by(NAMES)) as fetcher,
        pytest.raises(SourceError, match="; ") as caught,
    ):
        fetcher.fetch(url)
    assert "\n" not in str(caught.value)
    assert opened == []


@pytest.mark.parametrize(
    "url",
    ["", " ", "http://93.184.216.34/\r\nX: y", "http://a b/", "http://x/\x00", "http://\ud800/"],
)
def test_an_address_with_odd_characters_opens_no_socket(opened, url):
    """What no address may hold is refused before anything is looked up."""
    with Fetcher(resolve=resolve_by({})) as fetcher, pytest.raises(SourceError, match="; "):
        fetcher.fetch(url)
    assert opened == []


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_asked(opened, monkeypatch, address):
    """The guards let the internet through, by the very address that was checked and on the port that was named."""
    monkeypatch.setattr(fetching, "FETCH_TRIES", 1)
    with (
        Fetcher(resolve=resolve_by({"news.example": [address]})) as fetcher,
        pytest.raises(SourceError, match="reached"),
    ):
        fetcher.fetch("https://news.example:8443/")
    assert opened == [(address, 8443)]


def test_each_address_of_a_host_is_tried(opened, monkeypatch):
    """A host whose first address does not answer may answer at the next."""
    monkeypatch.setattr(fetching, "FETCH_TRIES", 1)
    names = {"news.example": [PUBLIC, "2606:4700:4700::1111"]}
    with (
        Fetcher(resolve=resolve_by(names)) as fetcher,
        pytest.raises(SourceError, match="cannot be reached"),
    ):
        fetcher.fetch("http://news.example/")
    assert opened == [(PUBLIC, 80), ("2606:4700:4700::1111", 80)]


def test_a_name_that_changes_its_address_leads_nowhere_else(opened, monkeypatch):
    """The socket opens to the address that was checked; when the name is asked again, its answer is checked again."""
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.01)
    answers = [[PUBLIC], ["127.0.0.1"]]
    refusal = r"rebind\.example resolves to 127\.0\.0\.1, which is not on the public internet"
    with (
        Fetcher(resolve=lambda *_: answers.pop(0)) as fetcher,
        pytest.raises(SourceError, match=refusal),
    ):
        fetcher.fetch("http://rebind.example/")
    assert opened == [(PUBLIC, 80)]
    assert answers == []


def test_a_name_is_asked_once_for_each_connection(site, monkeypatch):
    """Between check and connection no other answer can slip in: the second one is never fetched."""
    asked = []
    connect = socket.create_connection

    def stand_in(address, *arguments, **options):
        asked.append(address[0])
        return connect(("127.0.0.1", site.server_port), *arguments, **options)

    monkeypatch.setattr(socket, "create_connection", stand_in)
    site.pages["/"] = (200, {}, PAGE)
    answers = [[PUBLIC], ["127.0.0.1"]]
    with Fetcher(resolve=lambda *_: answers.pop(0)) as fetcher:
        assert fetcher.fetch("http://rebind.example/").data == PAGE
    assert asked == [PUBLIC]
    assert answers == [["127.0.0.1"]]
    assert site.headers[0]["Host"] == "rebind.example"


def test_a_host_allowed_by_name_is_asked_in_any_of_its_spellings(site):
    """What the user names is exempt, and nothing beside it."""
    site.pages["/"] = (200, {}, PAGE)
    resolve = resolve_by({"intranet.example": ["127.0.0.1"], "localhost": ["127.0.0.1"]})
    with Fetcher(["127.0.0.1", "Intranet.Example."], resolve) as fetcher:
        for host in ("127.0.0.1", "127.1", "0x7f000001", "intranet.example", "INTRANET.example."):
            assert fetcher.fetch(site.url(host=host)).data == PAGE
        with pytest.raises(SourceError, match=r"allow it by name \(--allow-host localhost\)"):
            fetcher.fetch(site.url())


def test_an_untrusted_certificate_is_one_clear_sentence(tmp_path, fetcher):
    """A page over TLS that anybody could have signed is not read, and not asked for again."""
    if not shutil.which("openssl"):
        pytest.fail("the openssl program makes the certificate of this test; install it")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    site = Site()
    site.socket = context.wrap_socket(site.socket, server_side=True)
    with (
        serving(site),
        pytest.raises(
            SourceError, match=r"no secure connection .*\(self.signed certificate\); check"
        ),
    ):
        fetcher.fetch(f"https://localhost:{site.server_port}/")
    assert site.asked == []


def test_a_robots_file_is_obeyed(site, fetcher):
    """It is fetched once for a host, and its rules for this program go before those for all."""
    rules = b"User-agent: article-assistant\nDisallow: /private\n\nUser-agent: *\nDisallow: /\n"
    site.pages["/robots.txt"] = (200, {}, rules)
    assert fetcher.may_crawl(site.url("/news"))
    assert not fetcher.may_crawl(site.url("/private/x"))
    assert site.asked == ["/robots.txt"]


@pytest.mark.parametrize(
    ("status", "may"),
    [(404, True), (403, True), (410, True), (500, False), (503, False), (429, False)],
)
def test_a_robots_file_that_does_not_come_allows_all_or_nothing(site, fetcher, status, may):
    """A site without one allows all; one that fails to give it allows nothing, and is not asked again for each page."""
    site.pages["/robots.txt"] = (status, {"Retry-After": "3600"}, b"")
    assert [fetcher.may_crawl(site.url(path)) for path in ("/a", "/b")] == [may, may]
    assert len(site.asked) == 1


def test_a_robots_file_that_drips_allows_nothing(site, fetcher, monkeypatch):
    """Its fetching ends as a page's does, once for all pages of the host."""
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.3)
    site.pages["/robots.txt"] = lambda handler: drip(
        handler, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    )
    begun = time.monotonic()
    assert not any(fetcher.may_crawl(site.url(path)) for path in "/a /b /c /d".split())
    assert time.monotonic() - begun < 1


def test_a_robots_file_that_makes_no_sense_is_harmless(site, fetcher):
    """What cannot be read allows nothing; what is too large is read as far as the limit."""
    site.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: http://[\n")
    assert not fetcher.may_crawl(site.url("/a"))
    rules = b"User-agent: *\nDisallow: /a\n" + b"#" * fetching.LARGEST_ROBOTS + b"\nDisallow: /b\n"
    site.pages["/robots.txt"] = (200, {}, rules)
    with Fetcher(["localhost"]) as another:
        assert [another.may_crawl(site.url(path)) for path in ("/a", "/b")] == [False, True]


def test_a_robots_file_of_a_host_that_is_not_public_is_not_asked_for(opened):
    """The reason is the host, as for a page."""
    with Fetcher() as fetcher, pytest.raises(SourceError, match="not on the public internet"):
        fetcher.may_crawl("http://127.0.0.1/a")
    assert opened == []


def resolve_by(names):
    """A resolver that knows some names alone, and numbers in all the spellings that the system's knows."""

    def resolve(host, port):
        if host in names:
            return names[host]
        with suppress(OSError):
            return [socket.inet_ntoa(socket.inet_aton(host))]
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    return resolve


def raw(handler, answer):
    handler.wfile.write(answer)
    handler.close_connection = True


def drip(handler, head):
    """Send a byte now and then, until the reader goes."""
    handler.close_connection = True
    handler.wfile.write(head)
    with suppress(OSError):
        for _ in range(200):
            handler.wfile.write(b"x")
            time.sleep(0.05)


def flood(handler, header):
    """Send 50 MB, until the reader goes, and note how much of it went."""
    handler.close_connection = True
    handler.wfile.write(f"HTTP/1.1 200 OK\r\n{header}\r\n\r\n".encode())
    with suppress(OSError):
        for _ in range(500):
            handler.wfile.write(b" " * 100_000)
            handler.server.sent += 100_000


def reset(handler):
    """Break the connection without a farewell."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
