"""The page's server from outside: which routes let whom in, and what they take for a file."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlsplit

import httpx
import pytest
from conftest import NETWORK_LOG, newcomer
from gradio.routes import App
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from starlette.routing import Mount

from assistant.page.handlers import AssistantLoader
from assistant.page.layout import ChatPage
from assistant.page.routes import OPEN_ROUTES, open_route
from assistant.page.server import _app_options
from benchmarks.visiting import serve_page

API = "/gradio_api"
CLOSED = """
    GET /config/ · POST /login/ · GET /openapi.json · HEAD /openapi.json · GET /robots.txt
    GET /pwa_icon/{size} · GET /svelte/{path:path}
    GET /monitoring · GET /monitoring/summary · GET /monitoring/{key}
    POST /gradio_api/api/{api_name} · POST /gradio_api/api/{api_name}/
    POST /gradio_api/run/{api_name} · POST /gradio_api/run/{api_name}/
    POST /gradio_api/call/v2/{api_name} · POST /gradio_api/call/v2/{api_name}/
    GET /gradio_api/call/v2/{api_name}/{event_id} · POST /gradio_api/call/{api_name}/
    GET /gradio_api/app_id/ · GET /gradio_api/info/ · GET /gradio_api/openapi.json
    GET /gradio_api/login_check · GET /gradio_api/login_check/ · GET /gradio_api/token
    GET /gradio_api/token/ · GET /gradio_api/user · GET /gradio_api/user/
    POST /gradio_api/component_server · POST /gradio_api/reset/ · GET /gradio_api/queue/status
    GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}
    GET /gradio_api/deep_link · GET /gradio_api/dev/reload · POST /gradio_api/process_recording
    GET /gradio_api/file/{path:path} · GET /gradio_api/file={path_or_url:path}
    HEAD /gradio_api/file={path_or_url:path}
    GET /gradio_api/proxy={url_path:path} · HEAD /gradio_api/proxy={url_path:path}
    * /gradio_api/mcp/messages/ · GET /gradio_api/mcp/schema · HEAD /gradio_api/mcp/schema
    GET /gradio_api/mcp/sse · HEAD /gradio_api/mcp/sse · GET /gradio_api/theme.css
    GET /gradio_api/runs · GET /gradio_api/runs/
    POST /gradio_api/stream/{event_id} · POST /gradio_api/stream/{event_id}/close
    GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file
    GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8
    GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}
    POST /gradio_api/undo-vibe-edit · POST /gradio_api/undo-vibe-edit/
    GET /gradio_api/vibe-code · GET /gradio_api/vibe-code/ · POST /gradio_api/vibe-code
    POST /gradio_api/vibe-code/ · POST /gradio_api/vibe-edit · POST /gradio_api/vibe-edit/
    POST /gradio_api/vibe-starter-queries · POST /gradio_api/vibe-starter-queries/
"""
"""The routes that Gradio mounts and nobody needs. An upgrade of Gradio that mounts another one fails the test below."""
EVERYWHERE = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")


@contextmanager
def canary():
    """Listen on this machine; give the port, and the list of those who connect."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                callers.append(caller.recv(1000))
                caller.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret"
                )
                caller.close()

        threading.Thread(target=answer, daemon=True).start()
        yield listening.getsockname()[1], callers


def foreign_addresses(port):
    """Return addresses that only the article fetch may ask: this machine's, and some of Gradio's blind spots."""
    hosts = f"127.0.0.1:{port} localhost:{port} 2130706433:{port} [::1]:{port} [::ffff:127.0.0.1]:{port}"
    blind = "100.64.0.1 192.0.0.192 168.63.129.16 [2002:7f00:1::] [fec0::1] example.org"
    return [f"http://{host}/x" for host in f"{hosts} {blind}".split()]


def raw(address, method, path, headers=None, body=None):
    """Send a request whose path no client has tidied up; return the status and the body of the answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    told = (
        answer.status,
        answer.read(10_000)
        if answer.status != 200 or "event-stream" not in str(answer.headers)
        else b"",
    )
    connection.close()
    return told


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page without passwords."""
    with serve_page(newcomer(tmp_path_factory.mktemp("routes"))) as serving:
        yield serving


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A page with passwords."""
    users = tmp_path_factory.mktemp("users") / "users"
    users.write_text("ada:s3cret\n")
    with serve_page(newcomer(tmp_path_factory.mktemp("guarded")), "--auth", str(users)) as serving:
        yield serving


def mounted_routes():
    """Return the method and the path of every route that Gradio and we mount."""
    page, loader = ChatPage(AssistantLoader()), AssistantLoader()
    shutdown = SimpleNamespace(count_requests=lambda app: app)
    blocks = page.build()
    blocks.run_history = False
    around = _app_options(page, loader, shutdown, frozenset(), threading.Event())
    waiting = [
        ("", route) for route in App.create_app(blocks, app_kwargs=around, mcp_server=True).routes
    ]
    found = set()
    while waiting:
        before, route = waiting.pop()
        if included := getattr(
            route, "original_router", None
        ):  # FastAPI's way to include a router.
            assert not route.include_context.prefix
            waiting += [(before, inner) for inner in included.routes]
        elif isinstance(route, Mount):
            found.add(f"* {before}{route.path}/")
            waiting += [(before + route.path, inner) for inner in route.routes]
        else:
            found |= {f"{method} {before}{route.path}" for method in route.methods or EVERYWHERE}
    return found


def example_of(path):
    """Return a path that a route takes."""
    return re.sub(r"{\w+:path}", "x/y.js", re.sub(r"{(size|component_id)}", "9", path)).translate(
        {123: "x", 125: "x"}
    )


def closed_routes():
    """Return the method and the path of each closed route."""
    return [route.strip().split(" ") for route in re.split(r"·|\n", CLOSED) if route.strip()]


def test_every_route_is_needed_or_closed(run):
    """Of what Gradio and we mount, each route is open with its need, or known to be closed, never both."""
    opened = {f"{method} {route.path}" for route in OPEN_ROUTES for method in route.methods.split()}
    closed = {f"{method} {path}" for method, path in closed_routes()}
    # In a process of its own: Gradio would leave event loops open in this one.
    script = "import test_page_routes; print(*test_page_routes.mounted_routes(), sep='\\n')"
    done = run("-c", f"import sys; sys.path += ['tests']; {script}")
    assert done.returncode == 0, done.stderr
    mounted = set(done.stdout.splitlines())
    mcp = {
        route for route in opened if "/mcp" in route
    }  # Which of its methods a mount takes, it does not tell.
    assert mounted - closed == opened - mcp | {"* /gradio_api/mcp/"}
    assert closed <= mounted
    assert not closed & opened
    assert all(route.need for route in OPEN_ROUTES)


@pytest.mark.parametrize("method", EVERYWHERE)
def test_a_closed_route_answers_404(address, guarded, method):
    """By every method, and with a password too."""
    with httpx.Client(base_url=guarded) as client:
        client.post("/login", data={"username": "ada", "password": "s3cret"})
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    for _, path in closed_routes():
        if open_route(method, example_of(path)) is None:
            assert raw(address, method, example_of(path))[0] == 404, path
            assert raw(guarded, method, example_of(path), {"Cookie": cookies})[0] == 404, path


def test_with_passwords_every_route_but_the_forms_own_asks(guarded):
    """Known by their Cookie alone; MCP, uploads and what the server itself asked at its start included."""
    for route in OPEN_ROUTES:
        for method in route.methods.split():
            status, _ = raw(
                guarded, method, example_of(route.path), body=b"{}" if method == "POST" else None
            )
            wanted = {200, 404, 422, 302} if route.is_public else {401}
            assert status in wanted, (method, route.path, status)
            if not route.is_public:
                forged = {"Cookie": "access-token-x=; access-token-unsecure-x=None"}
                assert raw(guarded, method, example_of(route.path), forged)[0] == 401
    public = {route.path for route in OPEN_ROUTES if route.is_public}
    assert public == {
        *("/", "/login", "/health", "/favicon.ico", "/manifest.json", "/pwa_icon", "/theme.css"),
        *("/assets/{path:path}", "/static/{path:path}", "/gradio_api/startup-events"),
    }
    assert raw(guarded, "GET", f"{API}/startup-events")[0] == 404
    assert "auth_required" in httpx.get(guarded).text


def test_the_app_icon_is_one_that_the_server_has(address):
    """The manifest names the drawing; sizes that Gradio cannot make of it are closed, not an error."""
    (icon,) = httpx.get(f"{address}/manifest.json").json()["icons"]
    assert httpx.get(address + icon["src"]).headers["content-type"].startswith("image/svg")
    for size in (192, 512, 0, 10**9):
        assert raw(address, "GET", f"/pwa_icon/{size}")[0] == 404


def test_no_route_fetches_an_address(address):
    """However the path is spelled, nobody is asked, and nothing is given back."""
    with canary() as (port, callers):
        for target in foreign_addresses(port):
            twice = quote(quote(target, safe=""), safe="")
            for path in (
                f"{API}/file={target}",
                f"{API}/file%3D{target}",
                f"{API}/file%3D{quote(target, safe='')}",
                f"{API}/file%3d{twice}",
                f"{API}/file%253D{twice}",
                f"/{API}/file={target}",
                f"{API}//file={target}",
                f"/x/..{API}/file={target}",
                f"/assets/..{API}/file={target}",
                f"/assets/%2e%2e{API}/file={target}",
                f"{API}/./file={target}",
                f"{API}/FILE={target}",
                f"{API.upper()}/file={target}",
                f"/%67radio_api/file={target}",
                f"{API}/file={target.upper()}",
                f"{API}/file={target.replace('http', 'HtTp')}",
                f"{API}/file=%09{target}",
                f"{API}/file/{target}",
                f"{API}/proxy={target}",
                f"{API}/proxy%3D{quote(target, safe='')}",
                f"{API}/file=/etc/passwd",
                f"http://127.0.0.1{API}/file={target}",
                f"/file={target}",
                f"/proxy={target}",
            ):
                for method in ("GET", "HEAD"):
                    status, body = raw(address, method, path)
                    assert status in {403, 404}, path
                    assert b"secret" not in body
        assert callers == []
    assert not NETWORK_LOG.exists(), NETWORK_LOG.read_text()


def test_headers_lead_nobody_elsewhere(address):
    """A forwarded host of an MCP client, and a saved state of the page, name no server to be asked."""
    with canary() as (port, callers):
        headers = {
            "X-Forwarded-Host": f"127.0.0.1:{port}",
            "X-Gradio-Server": f"http://127.0.0.1:{port}",
        }
        assert httpx.get(address, headers=headers, params={"deep_link": "../x"}).status_code == 200
        assert talk_by_mcp(address, "search", {"query": "x"}, headers).isError is False
        assert callers == []


def talk_by_mcp(address, tool, given, headers=None):
    """Return what an MCP tool answers."""

    async def talk():
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as client,
            streamable_http_client(f"{address}{API}/mcp/", http_client=client) as (
                reading,
                writing,
                _,
            ),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await session.call_tool(tool, given)

    # In a thread of its own: Chromium's driver, which other tests have open, runs an event loop in this one.
    with ThreadPoolExecutor() as threads:
        return threads.submit(lambda: asyncio.run(talk())).result()


def event_of_files(address):
    """Return the number of the event that adds uploaded files."""
    config = httpx.get(f"{address}/config").json()
    (chooser,) = [part["id"] for part in config["components"] if part["type"] == "file"]
    (event,) = [
        each["id"] for each in config["dependencies"] if [chooser, "upload"] in each["targets"]
    ]
    return event


def files(address, port):
    """Return JSON values that Gradio takes for a file."""
    meta = {"_type": "gradio.FileData"}
    for target in (
        *foreign_addresses(port),
        "/etc/passwd",
        "/proc/self/environ",
        str(Path("ui.py").resolve()),
    ):
        yield {"path": target, "url": target, "meta": meta}
        yield {"path": target, "meta": meta, "orig_name": "x.txt", "is_stream": True}
        yield {"path": "x.txt", "url": target, "meta": meta}
        yield {"path": target}


def test_no_call_takes_a_file_by_its_path_or_address(address):
    """Whatever the route, wherever in the JSON, and however its letters are escaped: it is refused, and unread."""
    event = event_of_files(address)
    with canary() as (port, callers), httpx.Client(base_url=address, timeout=30) as client:
        for file in files(address, port):
            nested = {"turns": [{"question": file}]}
            for route, body in (
                ("queue/join", {"data": [[file], []], "fn_index": event, "session_hash": "x"}),
                ("queue/join", {"data": [nested, file], "fn_index": 0, "session_hash": "x"}),
                (
                    "queue/join",
                    {"data": [], "event_data": file, "fn_index": 0, "session_hash": "x"},
                ),
                ("call/add", {"data": [file, ""]}),
                ("call/ask", {"data": ["who?", [nested], None, None]}),
                (
                    "component_server/",
                    {"data": [nested], "component_id": 1, "session_hash": "x", "fn_name": "look"},
                ),
                ("cancel", {"session_hash": file, "fn_index": 0, "event_id": "x"}),
                (
                    "mcp/",
                    {
                        "jsonrpc": "2.0",
                        "id": 1,
                        "method": "tools/call",
                        "params": {"name": "add", "x": file},
                    },
                ),
            ):
                text = json.dumps(body)
                for spelled in (
                    text,
                    text.replace('"path"', '"p\\u0061th"'),
                    text.replace('"path"', '"path": 1, "path"'),
                ):
                    head = {
                        "Content-Type": "application/json",
                        "Accept": "application/json, text/event-stream",
                    }
                    assert (
                        client.post(f"{API}/{route}", content=spelled, headers=head).status_code
                        == 400
                    ), route
            for route in ("run/add", "api/add", "call/v2/add"):
                assert client.post(f"{API}/{route}", json={"data": [file, ""]}).status_code == 404
        assert callers == []
    assert not NETWORK_LOG.exists(), NETWORK_LOG.read_text()
    assert [job for job in look(address)["jobs"] if job["name"] == "x.txt"] == []


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 200_000, b"--x\r\n\r\n{}", b"\xff\xfe\x00", b'{"data": NaN', b"data=1"]
)
def test_a_body_that_is_no_json_is_refused(address, body):
    """Forms and nonsense alike, before Gradio reads them; the server goes on."""
    for route in ("queue/join", "call/ask", "component_server/", "cancel", "mcp/"):
        for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
            assert raw(address, "POST", f"{API}/{route}", {"Content-Type": kind}, body)[0] == 400
    assert httpx.get(f"{address}/health").status_code == 200


# Uploads


def upload(address, *named, **more):
    """Upload files, each a name and its bytes; return the answer."""
    return httpx.post(
        f"{address}{API}/upload", files=[("files", file) for file in named], timeout=60, **more
    )


def add_uploads(address, keys):
    """Ask for uploads to be added, as the page does; return what the event tells."""
    session = f"s{time.monotonic_ns()}"
    body = {"data": [None, keys], "fn_index": event_of_files(address), "session_hash": session}
    httpx.post(f"{address}{API}/queue/join", json=body).raise_for_status()
    with httpx.stream(
        "GET", f"{address}{API}/queue/data", params={"session_hash": session}, timeout=60
    ) as stream:
        return "".join(stream.iter_text())


def look(address):
    """Return what the library shows, all jobs being over."""
    config = httpx.get(f"{address}/config").json()
    (library,) = [
        each["id"] for each in config["components"] if each["props"].get("elem_id") == "library"
    ]
    body = {"data": [], "component_id": library, "session_hash": "x", "fn_name": "look"}
    while True:
        told = httpx.post(f"{address}{API}/component_server/", json=body, timeout=60).json()[
            "value"
        ]
        if not any(job["state"] in {"waiting", "working"} for job in told["jobs"]):
            return told
        time.sleep(0.1)


def test_an_upload_is_added_once_by_its_key(address):
    """Its key is a secret and no path; a second time, or with another's guess, it is told to be gone."""
    (key,) = upload(
        address, ("kettles.md", b"# Kettles\n\nThe kettle tests were run by Yusuf Demir.")
    ).json()
    assert re.fullmatch(r"[\w-]{30,}", key)
    assert '"success":true' in add_uploads(address, [key])
    assert "added: Kettles" in str(look(address)["jobs"])
    for keys in (
        [key],
        ["kettles.md"],
        ["/etc/passwd"],
        ["../" + key],
        [""],
        "x",
        {"0": key},
        [None],
        [["x"]],
    ):
        assert '"success":false' in add_uploads(address, keys), keys
    assert raw(address, "GET", f"{API}/file={key}")[0] == 404
