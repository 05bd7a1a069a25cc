"""The Chromium that the browser tests visit the page with."""

from __future__ import annotations

import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.visiting import free_port

FIND = (
    "from playwright.sync_api import sync_playwright\n"
    "from benchmarks.visiting import chromium_program\n"
    "with sync_playwright() as playwright:\n"
    "    print(chromium_program(playwright.chromium.executable_path))"
)


class Downloads(BaseHTTPRequestHandler):
    """Playwright's download server, whose archives hold one program that says nothing."""

    def do_GET(self):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            for name in ("chrome-linux64/chrome", "chrome-linux/chrome", "ffmpeg-linux"):
                packed.writestr(name, "#!/bin/sh\n")
        self.send_response(200)
        self.send_header("content-length", str(archive.tell()))
        self.end_headers()
        self.wfile.write(archive.getvalue())

    def log_message(self, *_):
        """Keep the output of the tests clean."""


@pytest.fixture
def downloads():
    """The address of such a server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Downloads) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def bare(environment, tmp_path):
    """Makes the newcomer's machine one without Chromium, whose downloads come from this machine alone."""
    environment["PATH"] = str(tmp_path)
    environment["PLAYWRIGHT_BROWSERS_PATH"] = str(tmp_path / "browsers")
    environment["PLAYWRIGHT_DOWNLOAD_HOST"] = f"http://127.0.0.1:{free_port()}"
    return environment


def test_a_chromium_on_the_path_comes_first(bare, run, tmp_path):
    """It is used as it is, and nothing is downloaded."""
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert run("-c", FIND).stdout.strip() == str(program)
    assert not (tmp_path / "browsers").exists()


def test_a_missing_chromium_is_downloaded_once(bare, run, downloads, tmp_path):
    """Playwright's own is fetched where there is none on the PATH; the second time it is there."""
    bare["PLAYWRIGHT_DOWNLOAD_HOST"], closed = downloads, bare["PLAYWRIGHT_DOWNLOAD_HOST"]
    done = run("-c", FIND)
    assert done.stdout.startswith(str(tmp_path / "browsers")), done.stderr
    bare["PLAYWRIGHT_DOWNLOAD_HOST"] = closed
    assert run("-c", FIND).stdout == done.stdout


def test_no_chromium_and_no_download_get_one_sentence(bare, run):
    """The error says what to install."""
    done = run("-c", FIND)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("benchmarks.visiting.NoChromiumError: The browser tests need Chromium")
    assert "apt-get install chromium" in last
