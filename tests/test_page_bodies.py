"""Bodies of requests: their limits, who may send one, and what uploads leave behind."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from conftest import newcomer
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from test_page_routes import add_uploads, event_of_files, example_of, look, upload

from assistant.page import bodies, uploads
from assistant.page.library import LONGEST_PASTED
from assistant.page.routes import OPEN_ROUTES, RouteGuard
from benchmarks.visiting import ROOT, free_port, megabytes, running, wait_for

API = "/gradio_api"
HUGE = 600_000_000
PIECE = b" " * 100_000
FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n'
MOST_GROWTH = 50
"""Megabytes."""
POSTS = [
    ("/login", "application/x-www-form-urlencoded"),
    (f"{API}/queue/join", "application/json"),
    (f"{API}/call/ask", "application/json"),
    (f"{API}/component_server/", "application/json"),
    (f"{API}/cancel", "application/json"),
    (f"{API}/reset", "application/json"),
    (f"{API}/mcp/", "application/json"),
    (f"{API}/upload", FORM),
]


@contextmanager
def serving(folder, *options):
    """Serve the page; give its address, the number of its process, and the folder of its temporary files."""
    temporary = folder / "temporary"
    temporary.mkdir()
    with running(newcomer(folder) | {"TMPDIR": str(temporary)}, *options) as (address, process):
        wait_for(address)
        # Loading the models would count as growth.
        until(lambda: httpx.get(f"{address}/health").json()["status"] == "ready", 60)
        yield address, process, temporary


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page without passwords."""
    with serving(tmp_path_factory.mktemp("bodies")) as served:
        yield served


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A page with passwords."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "users").write_text("ada:s3cret\n")
    with serving(folder, "--auth", str(folder / "users")) as served:
        yield served


def send(address, path, headers, body=(), method="POST"):
    """Send a request until it is answered; return the answer's status, the seconds and the bytes that it took."""
    place = urlsplit(address)
    begun, sent = time.monotonic(), 0
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {place.netloc}", *headers]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        for piece in body:
            if select.select([connection], [], [], 0)[0]:
                break
            try:
                connection.sendall(piece)
            except OSError:
                break
            sent += len(piece)
        answer = connection.recv(100)
    return int(answer.split()[1]), time.monotonic() - begun, sent


def chunked(body):
    """Return the pieces of a body of no declared length."""
    return (b"%x\r\n%s\r\n" % (len(piece), piece) for piece in body)


def endless(kind):
    """Return the pieces of a body that does not end."""
    if kind == FORM:
        yield PART % b"x.txt"
    while True:
        yield PIECE


def uploaded(temporary):
    """Return the files under the folders that uploads are kept in."""
    return [path for path in temporary.glob("article-assistant-*/*/*") if path.is_file()]


def until(happened, seconds=20.0):
    """Wait until something has happened."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Limits


@pytest.mark.parametrize(("path", "kind"), POSTS)
def test_a_body_that_is_too_large_is_refused(page, path, kind):
    """By its declared length at once; without one, when it has come to its limit. The memory stays as it was."""
    address, process, temporary = page
    before = megabytes(process)
    for _ in range(5):
        headers = [f"Content-Type: {kind}", f"Content-Length: {HUGE}"]
        status, seconds, sent = send(address, path, headers)
        assert (status, sent) == (413, 0)
        assert seconds < 2
        headers = [f"Content-Type: {kind}", "Transfer-Encoding: chunked"]
        status, _, sent = send(address, path, headers, chunked(endless(kind)))
        assert status == 413
        assert sent < bodies.LARGEST_UPLOAD + 20_000_000
    assert megabytes(process) - before < MOST_GROWTH
    assert uploaded(temporary) == []


def test_a_body_that_nobody_reads_is_refused(page):
    """Declared or not, where a route takes none: the page's own, and those that are closed."""
    address, process, _ = page
    before = megabytes(process)
    for path in (
        "/",
        "/config",
        "/health",
        f"{API}/info",
        f"{API}/queue/data?session_hash=x",
        "/assets/x.js",
    ):
        assert send(address, path, [f"Content-Length: {HUGE}"], method="GET")[0] == 413
        status, _, _ = send(
            address, path, ["Transfer-Encoding: chunked"], chunked(endless("")), "GET"
        )
        assert status == 413
    for path in ("/nothing", f"{API}/run/ask", f"{API}/process_recording", f"{API}/stream/x"):
        for headers, body in (
            ([f"Content-Length: {HUGE}"], endless("")),
            (["Transfer-Encoding: chunked"], ()),
        ):
            assert send(address, path, headers, body)[0] == 404
    assert megabytes(process) - before < MOST_GROWTH


def test_a_body_of_too_many_parts_is_refused(page):
    """A value of a few bytes takes a hundred: millions of them would fill the memory within the limit of size."""
    address, process, _ = page
    before = megabytes(process)
    for body in (b"[" + b"[]," * 2_500_000 + b"[]]", b'{"data": [' + b"{}," * 2_500_000 + b"0]}"):
        for path in ("queue/join", "call/ask", "component_server/", "mcp/"):
            answer = httpx.post(
                f"{address}{API}/{path}", content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 413
    assert megabytes(process) - before < MOST_GROWTH


@pytest.mark.parametrize("letter", ["x", "é", "語"])
def test_the_longest_text_that_can_be_pasted_gets_through(page, letter):
    """Escaped, as programs send it, and as browsers do; a longer one is told in words how long it may be."""
    address, _, _ = page
    for length, reason in ((LONGEST_PASTED + 1, "add it in parts"), (5, "")):
        answer = httpx.post(
            f"{address}{API}/call/add", json={"data": ["", letter * length]}, timeout=60
        )
        escaped = '{"data": ["", "%s"]}' % (
            letter.encode("unicode_escape").decode().replace("\\xe9", "\\u00e9") * length
        )
        head = {"Content-Type": "application/json"}
        again = httpx.post(f"{address}{API}/call/add", content=escaped, headers=head, timeout=60)
        for each in (answer, again):
            event = each.raise_for_status().json()["event_id"]
            told = httpx.get(f"{address}{API}/call/add/{event}", timeout=120).text
            assert reason in told


def test_large_bodies_are_not_kept(page):
    """Eighty of 7 MB, each of another session or call: what Gradio remembers of them is bounded, and it goes on."""
    address, process, _ = page
    with httpx.Client(base_url=f"{address}{API}", timeout=60) as client:

        def send_all(count):
            for number in range(count):
                session = f"large{count}-{number}"
                event = event_of_files(address)
                body = {
                    "data": [None, ["x" * 7_000_000]],
                    "fn_index": event,
                    "session_hash": session,
                }
                assert client.post("queue/join", json=body).status_code == 200
                assert (
                    "no longer there"
                    in client.get("queue/data", params={"session_hash": session}).text
                )
                event = client.post("call/add", json={"data": ["", "x" * 7_000_000]}).json()[
                    "event_id"
                ]
                assert "add it in parts" in client.get(f"call/add/{event}").text

        send_all(2)
        before = megabytes(process)
        send_all(40)
        assert megabytes(process) - before < 3 * MOST_GROWTH


# Passwords


def test_without_a_password_no_body_is_read(guarded):
    """The refusal comes before the first byte of the body, and without an invitation to send it."""
    address, process, temporary = guarded
    before = megabytes(process)
    posts = [route for route in OPEN_ROUTES if "POST" in route.methods and not route.is_public]
    assert {route.path for route in posts} >= {
        path for path, _ in POSTS if path not in {"/login", f"{API}/call/ask"}
    }
    for route in posts:
        for headers in (
            ["Content-Length: 5000000", "Content-Type: application/json"],
            ["Content-Length: 5000000", f"Content-Type: {FORM}", "Expect: 100-continue"],
            [f"Content-Length: {HUGE}", f"Content-Type: {FORM}"],
            ["Transfer-Encoding: chunked", f"Content-Type: {FORM}"],
        ):
            status, seconds, _ = send(address, example_of(route.path), headers)
            assert status == 401, (route.path, headers)
            assert seconds < 2
        status, _, sent = send(
            address, example_of(route.path), ["Transfer-Encoding: chunked"], chunked(endless(FORM))
        )
        assert status == 401
        assert sent < 20_000_000
    assert megabytes(process) - before < MOST_GROWTH
    assert uploaded(temporary) == []


# Uploads


def test_uploads_are_gone_after_use(page):
    """Added, refused by the index, broken off in the midst, too large, or in no form at all: nothing is left."""
    address, _, temporary = page
    keys = upload(
        address, ("mill.md", b"# Mill\n\nThe mill is by the river."), ("bad.txt", b"\x00\x01")
    ).json()
    assert sorted(path.name for path in uploaded(temporary)) == ["bad.txt", "mill.md"]
    assert '"success":true' in add_uploads(address, keys)
    assert "added: Mill" in str(look(address)["jobs"])
    assert uploaded(temporary) == []

    headers = [f"Content-Type: {FORM}", "Content-Length: 2000000"]
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port)) as connection:
        lines = [f"POST {API}/upload HTTP/1.1", f"Host: {place.netloc}", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode() + PART % b"half.txt" + PIECE)
        until(lambda: uploaded(temporary))
    until(lambda: not uploaded(temporary))

    good = PART % b"a.txt" + b"x\r\n"
    for body in (
        good,
        good + b"--x",
        good + b'--x\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n--x--\r\n',
        good
        + b'--x\r\nContent-Disposition: form-data; name="other"; filename="x"\r\n\r\nvalue\r\n--x--\r\n',
        good + b"--x\r\n" + b"y" * 100_000,
        good + b"--x\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"x" * 1000,
        b"",
    ):
        answer = httpx.post(
            f"{address}{API}/upload", content=body, headers={"Content-Type": FORM}, timeout=30
        )
        assert answer.status_code == 400, body[:200]
        assert answer.text.endswith(".\n")
    many = b"".join(PART % b"%d.txt" % number + b"x\r\n" for number in range(1001)) + b"--x--\r\n"
    assert (
        httpx.post(
            f"{address}{API}/upload", content=many, headers={"Content-Type": FORM}
        ).status_code
        == 413
    )
    large = upload(address, ("large.txt", b"x" * (bodies.LARGEST_UPLOAD + 1)))
    assert large.status_code == 413
    assert "large.txt is larger than 20 MB" in large.text
    assert uploaded(temporary) == []


def test_uploads_are_gone_when_the_server_ends(tmp_path):
    """Those that nobody has added yet, with their folder."""
    with serving(tmp_path) as (address, _, temporary):
        assert upload(address, ("mill.md", b"# Mill")).status_code == 200
        assert uploaded(temporary)
    assert list(temporary.glob("article-assistant-*")) == []


def test_folders_of_killed_servers_are_swept(monkeypatch, tmp_path):
    """At the next start; the folder of a living server, a new one and a foreign one stay."""
    monkeypatch.setattr(uploads.tempfile, "tempdir", str(tmp_path))
    script = "import os, signal; from assistant.page.uploads import Uploads; print(Uploads()._folder(), flush=True)"
    folders = []
    for _ in range(2):
        command = [sys.executable, "-c", f"{script}; os.kill(os.getpid(), signal.SIGKILL)"]
        environment = os.environ | {"TMPDIR": str(tmp_path)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT
        )
        folders.append(Path(done.stdout.strip()))
    killed, new = folders
    (killed / "key").mkdir()
    (killed / "key" / "mill.txt").write_text("mill")
    living, foreign = uploads.Uploads(), tmp_path / "article-assistant-notes"
    foreign.mkdir()
    for folder in (killed, living._folder(), foreign):
        os.utime(folder, (0, 0))
    uploads.Uploads().sweep()
    assert set(tmp_path.iterdir()) == {new, living._folder(), foreign}
    living.close()


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A server of uploads alone, whose limits are small; gives its address and the folder of its files."""
    monkeypatch.setattr(bodies, "FIRST_SECONDS", 1.0)
    monkeypatch.setattr(bodies, "SLOWEST", 1000)
    monkeypatch.setattr(uploads, "UNCLAIMED_SECONDS", 1.0)
    monkeypatch.setattr(uploads, "MOST_UPLOADED_BYTES", 1_500_000)
    monkeypatch.setitem(bodies.LARGEST_BODY, "files", 1_000_000)
    monkeypatch.setattr(uploads.tempfile, "tempdir", str(tmp_path))
    held = uploads.Uploads()
    starting = threading.Event()
    routes = [Route(f"{API}/upload", held.take, methods=["POST"])]
    app = Starlette(routes=routes, middleware=[Middleware(RouteGuard, is_starting=starting)])
    app.auth = None  # As Gradio's application tells it.
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{port}", tmp_path
    server.should_exit = True
    thread.join()
    held.close()
    assert list(tmp_path.iterdir()) == []


def test_an_upload_that_trickles_in_is_ended(small):
    """One byte at a time, for ever: it is told to be too slow, and what it wrote is deleted."""
    address, temporary = small

    def trickle():
        yield PART % b"slow.txt"
        while True:
            time.sleep(0.05)
            yield b"x"

    headers = [f"Content-Type: {FORM}", "Transfer-Encoding: chunked"]
    status, seconds, _ = send(address, f"{API}/upload", headers, chunked(trickle()))
    assert status == 408
    assert seconds < 5
    # One that sends nothing at all as well.
    assert send(address, f"{API}/upload", headers)[0] == 408
    assert send(address, f"{API}/queue/join", ["Content-Length: 9"])[0] == 408
    assert uploaded(temporary) == []


def test_uploads_have_a_limit_together(small):
    """Within one form, and over all that wait; the files that are too many are not kept."""
    address, temporary = small
    files = ((PART % b"%d.txt" % number) + b"x" * 100_000 + b"\r\n" for number in range(1000))
    headers = [f"Content-Type: {FORM}", "Transfer-Encoding: chunked"]
    status, _, sent = send(address, f"{API}/upload", headers, chunked(files))
    assert status == 413
    assert sent < 10_000_000
    assert uploaded(temporary) == []
    answers = [upload(address, ("x.txt", b"x" * 900_000)).status_code for _ in range(2)]
    assert answers == [200, 503]
    assert len(uploaded(temporary)) == 1


def test_an_upload_that_nobody_adds_is_deleted(small):
    """After a while; there is room for others again."""
    address, temporary = small
    for _ in range(3):
        assert upload(address, ("x.txt", b"x" * 900_000)).status_code == 200
        until(lambda: not uploaded(temporary), seconds=5)
