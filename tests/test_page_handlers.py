"""The page without a browser: rendering, stored conversations, jobs, and access."""

from __future__ import annotations

import hmac
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import httpx
import pytest
from conftest import newcomer

from assistant import Answer, Assistant, Citation
from assistant.page import ServingError, accounts
from assistant.page.access import Accounts, LoginThrottle
from assistant.page.chat_state import (
    AskOptions,
    StoredConversationError,
    StoredTurn,
    as_markdown,
    as_text,
    from_json,
    to_json,
)
from assistant.page.handlers import FAILED, LOADING, ChatHandlers
from assistant.page.library import LONGEST_PASTED, AddingError, Library
from assistant.page.rendering import article_html, link_to, messages
from benchmarks.visiting import free_port, serve_page
from index import Article

EVIL = '<script>alert(1)</script> *x* _y_ `z` [l](javascript:alert(1)) $$m$$ &lt; "q" \' # <img src=x onerror=alert(1)>'
MILL = Article.from_text(
    "Mill\n\nMay 3, 2021\n\nGreta Lindqvist opened the old paper mill. She is glad.", "mill"
)
ALL = AskOptions(None, "", 7)


class Loaded:
    """An assistant that is open already, or whatever stands for one."""

    def __init__(self, opened):
        self.opened = opened

    def is_over(self, within):
        return True

    def result(self):
        return self.opened

    def assistant_for(self, model):
        return self.result()


def citation(quote=EVIL, **more):
    given = {"title": EVIL, "source": EVIL, "published": None, "start": 0, "end": len(quote)} | more
    return Citation(number=1, article_id="id", version="v", quote=quote, **given)


class Tags(HTMLParser):
    """Collects the tags of an HTML text, each with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


# Rendering


def test_an_article_cannot_write_markup_into_the_page():
    """Nothing of an article's text, or of a question, is HTML or Markdown in the pane or in a message."""
    article = Article("id", EVIL, f"{EVIL} [1]", EVIL)
    pane = article_html(article, [(0, 25)])
    answer = Answer(
        f"{EVIL} — {EVIL} [1] [1]", (citation(),), "answered", words=EVIL, standalone=EVIL
    )
    question, message = (shown["content"] for shown in messages([StoredTurn(EVIL, answer)]))
    for text in (pane, question, message):
        tags = Tags(text).found
        assert {tag for tag, _ in tags} <= {
            "article",
            "p",
            "h2",
            "div",
            "mark",
            "span",
            "button",
            "strong",
            "bdi",
        }
        attributes = {name for _, found in tags for name in found}
        assert attributes <= {"class", "id", "title", "tabindex", "dir", "aria-label"}
    for text in (question, message):
        assert not re.search(r"[*_`$\[]", re.sub(r"<[^>]*>|\[1\]", "", text))
    assert [found["id"] for tag, found in Tags(message).found if tag == "button"] == ["cite-0-1"]


def test_overlapping_and_endless_marks_keep_the_text():
    """Whatever offsets are asked for, the pane shows the article's text once, in order, and marks the current one."""
    article = Article("id", "t", "It rained. The mill stood.", "s")
    for marked in (
        [(0, 10), (5, 15)],
        [(5, 15), (0, 10)],
        [(20, 10_000)],
        [(500, 600)],
        [(8, 3)],
        [(3, 9), (3, 9)],
    ):
        pane = article_html(article, marked)
        text = re.sub(r".*<div class=\"text\">|</div></article>|</?mark[^>]*>", "", pane)
        assert text == article.text
        assert pane.count("current") == (
            1 if marked[0][0] < len(article.text) and marked[0][0] < marked[0][1] else 0
        )


@pytest.mark.parametrize(
    ("address", "passage", "link"),
    [
        (
            "https://e.org/a",
            "It rained - a lot, & long.",
            "https://e.org/a#:~:text=It%20rained%20%2D%20a%20lot%2C%20%26%20long.",
        ),
        ("https://e.org/a#top", "It rained.", "https://e.org/a#top:~:text=It%20rained."),
        ("https://e.org/a", "", "https://e.org/a"),
        (
            "https://e.org/a",
            " ".join(f"w{n}" for n in range(40)),
            "https://e.org/a#:~:text=w0%20w1%20w2%20w3%20w4,w35%20w36%20w37%20w38%20w39",
        ),
    ],
)
def test_a_link_leads_to_the_passage(address, passage, link):
    """By a text fragment, whose own marks are percent-encoded; a long passage by its first and last words."""
    assert link_to(address, passage) == link


def test_only_web_addresses_become_links():
    """A source that is a path, or a script, is only text."""
    for source in ("javascript:alert(1)", "/etc/passwd", "data:text/html,x", "herald"):
        assert "<a " not in article_html(replace(MILL, source=source))
    assert "<a " in article_html(replace(MILL, source="https://example.org/mill"))


# What is kept, copied and exported


def test_a_conversation_comes_back_from_the_browser_as_it_was():
    """All of an answer but the texts of the passages, which stay in the index."""
    answer = Answer(
        "It rained. [1]",
        (citation("It rained.", published=date(2021, 5, 3)),),
        "quoted",
        "rain",
        "did it?",
    )
    kept = (StoredTurn("did it rain?", answer, liked=True),)
    assert from_json(to_json(kept)) == kept


@pytest.mark.parametrize(
    "kept", ["x", 7, [1], [{"question": "?"}], [{"question": 3, "answer": {}}], {"turns": []}]
)
def test_what_is_no_conversation_is_refused(kept):
    """Whatever a browser sends."""
    with pytest.raises(StoredConversationError):
        from_json(kept)


def test_a_copied_answer_names_its_sources():
    """And an exported conversation quotes them; nothing in it is read as markup."""
    mill = citation("It rained.", title="Rain", source="The Herald", published=date(2021, 5, 3))
    turn = StoredTurn(
        "did it *rain*?", Answer("rain — “It rained.” [1]", (mill,), "answered", "rain")
    )
    assert as_text(turn) == "rain — “It rained.” [1]\n\n[1] “Rain” (The Herald, 3 May 2021)"
    assert as_markdown("<b>", [turn]) == (
        "# \\<b\\>\n\n## did it \\*rain\\*?\n\nrain — “It rained.” \\[1\\]\n\n"
        "> It rained.\n>\n> — \\[1\\] “Rain” (The Herald, 3 May 2021)\n"
    )


# Answering


def test_a_dead_model_is_told_and_harms_no_other_question(new_index, caplog):
    """What goes wrong in answering stands in the answer's place, without its details; the next question is answered."""
    new_index.add(MILL)

    class Failing(Assistant):
        def stream(self, question, *args, **more):
            if "dead" in question:
                raise MemoryError("secret")
            return super().stream(question, *args, **more)

    handlers = ChatHandlers(Loaded(Failing(new_index)))
    *_, failed = handlers.ask("is the model dead?", {}, ALL)
    assert failed.turns[-1].answer.text == FAILED
    assert "secret" not in str(to_json(failed.turns))
    assert "MemoryError" in caplog.text
    *_, view = handlers.ask("Who opened the mill?", failed.stored({"id": "x"}), ALL)
    assert [turn.answer.status for turn in view.turns] == ["refused", "answered"]


def test_a_question_asked_too_early_waits(new_index):
    """It is told so meanwhile."""
    new_index.add(MILL)

    class Slow(Loaded):
        times = 0

        def is_over(self, within):
            self.times += 1
            return self.times > 3

    texts = [
        view.turns[-1].answer.text
        for view in ChatHandlers(Slow(Assistant(new_index))).ask("who?", {}, ALL)
        if view.turns
    ]
    assert texts[0] == LOADING
    assert texts[-1] != LOADING


def test_a_citation_outlives_a_change_and_a_removal_of_its_article(new_index):
    """Of a changed article the cited text is shown, and said to be older; of a removed one, that it was removed."""
    new_index.add(MILL)
    handlers = ChatHandlers(Loaded(Assistant(new_index)))
    *_, view = handlers.ask("Who opened the mill?", {}, ALL)
    talk = view.stored({"id": "x"})
    new_index.add(replace(MILL, text=MILL.text.replace("opened", "closed")))
    assert "has changed since" in handlers.open(talk).article
    assert "opened the old paper mill" in handlers.open(talk).article
    new_index.remove(MILL.id)
    assert "was removed" in handlers.open(talk).article


# The library


@pytest.fixture
def library(new_index):
    """The library of an empty index."""
    return Library(lambda: new_index)


def finished(library):
    """Wait for all jobs, and return them."""
    deadline = time.monotonic() + 60
    while any(job["state"] in {"waiting", "working"} for job in library.look()["jobs"]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return library.look()["jobs"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/etc/passwd",
        "file:///etc/passwd",
        "-",
        "~",
        "ftp://e.org/x",
        "http://",
        "https:/x",
        "http://[x",
    ],
)
def test_the_page_adds_no_path_of_the_machine(library, address):
    """An address is one of the web, whatever is typed."""
    with pytest.raises(AddingError, match="web address"):
        library.add_address(address)
    assert library.look() == {"articles": [], "jobs": []}


def test_a_host_that_is_not_public_is_not_asked(library):
    """Neither this machine's own, nor what a name leads to there; a line says so."""
    library.add_address("http://127.0.0.1:9/x")
    (job,) = finished(library)
    assert job["failed"]
    assert "public" in job["lines"][0]


def test_a_pasted_text_is_bounded(library):
    """None and too much are refused, each with what to do."""
    with pytest.raises(AddingError, match="paste one"):
        library.add_text(" \n")
    with pytest.raises(AddingError, match="in parts"):
        library.add_text("x" * (LONGEST_PASTED + 1))


def test_jobs_that_wait_can_be_cancelled_and_all_are_told(library, new_index, monkeypatch):
    """Of several at once some wait for their turn; a defect of one is told as such and stops no other."""
    go, add = threading.Event(), new_index.add

    def waiting(*sources, **more):
        go.wait()
        if sources[0].title == "Broken":
            raise RuntimeError("a defect")
        return add(*sources, **more)

    monkeypatch.setattr(new_index, "add", waiting)
    for title in ("Rain", "Broken", "Cancelled", "Mill"):
        library.add_text(f"{title}\n\n" + f"{title} is all that is known. " * 5)
    states = [job["state"] for job in library.look()["jobs"]]
    assert sorted(states) == ["waiting", "waiting", "working", "working"]
    cancelled = next(job for job in library.look()["jobs"] if job["name"] == "Cancelled")
    library.jobs.cancel(cancelled["number"])
    go.set()
    jobs = {job["name"]: job for job in finished(library)}
    assert jobs["Rain"]["lines"] == ["added: Rain"]
    assert jobs["Mill"]["lines"] == ["added: Mill"]
    assert jobs["Cancelled"]["state"] == "cancelled"
    assert "the program failed" in jobs["Broken"]["lines"][0]
    for job in jobs.values():
        library.jobs.dismiss(job["number"])
    assert library.look()["jobs"] == []
    assert sorted(article["title"] for article in library.look()["articles"]) == ["Mill", "Rain"]


def test_an_old_removal_cannot_be_undone_twice(library, new_index):
    """The first undo brings the article back, the second says that it is too late."""
    new_index.add(MILL)
    assert library.remove(MILL.id) == "Mill"
    library.put_back(MILL.id)
    assert new_index.article(MILL.id) == MILL
    with pytest.raises(AddingError, match="too long ago"):
        library.put_back(MILL.id)


# Serving


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page of a newcomer."""
    with serve_page(
        newcomer(tmp_path_factory.mktemp("page")), "--name", "reader.example"
    ) as serving:
        yield serving


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({}, True),
        ({"Host": "localhost:7860"}, True),
        ({"Host": "192.168.1.9:7860"}, True),
        ({"Host": "[::1]:7860"}, True),
        ({"Host": "READER.example"}, True),
        ({"Host": "evil.example"}, False),
        ({"Host": "localhost.evil.example"}, False),
        ({"Host": "evil.example:7860@localhost"}, False),
        ({"Host": "localhost", "Origin": "http://localhost"}, True),
        ({"Host": "localhost", "Origin": "http://localhost:8000"}, False),
        ({"Host": "localhost", "Origin": "https://evil.example"}, False),
        ({"Host": "localhost", "Origin": "null"}, False),
    ],
)
def test_who_comes_by_a_foreign_name_or_from_a_foreign_page_is_refused(address, headers, is_let_in):
    """DNS rebinding and posts across sites; on every path, Gradio's own and ours."""
    for path in ("/", "/health", "/gradio_api/info"):
        answer = httpx.get(address + path, headers=headers)
        assert (answer.status_code == 200) == is_let_in, (path, answer.status_code)
    posted = httpx.post(f"{address}/gradio_api/call/articles", json={"data": []}, headers=headers)
    assert (posted.status_code == 200) == is_let_in


def test_the_page_tells_how_it_is_and_may_not_be_framed(address):
    """/health for whoever watches it; headers that keep other sites out."""
    answer = httpx.get(f"{address}/health")
    assert answer.json()["status"] in {"loading", "ready"}
    head = httpx.get(address).headers
    assert "frame-ancestors 'none'" in head["content-security-policy"]
    assert head["x-content-type-options"] == "nosniff"
    assert head["referrer-policy"] == "no-referrer"


def test_the_page_names_no_other_host_and_keeps_no_history(address):
    """Its configuration has analytics and run history off."""
    config = httpx.get(f"{address}/config").json()
    assert config["analytics_enabled"] is False
    assert not config.get("run_history")
    assert config["title"] == "Article assistant"


def test_files_of_the_machine_are_not_served(address):
    """Neither by Gradio's routes nor by odd spellings."""
    for path in ("/etc/passwd", "%2Fetc%2Fpasswd", "ui.py", "../../etc/passwd"):
        assert httpx.get(f"{address}/gradio_api/file={path}").status_code in {403, 404}


def test_others_are_let_in_only_on_purpose(run):
    """On an address that others can reach, the page wants passwords, or to be told that it needs none."""
    done = run("ui.py", "--host", "0.0.0.0", "--port", str(free_port()))  # noqa: S104  # It does not come to that.
    assert done.returncode == 1
    assert "--auth" in done.stderr
    assert "--no-auth" in done.stderr
    done = run("ui.py", "--auth", "nobody", "--port", str(free_port()))
    assert done.returncode == 1
    assert "user:password" in done.stderr


def test_with_passwords_everything_asks_for_one(environment, tmp_path):
    """The page, the API, the scripts' functions and uploads; there is no MCP; /health stays open."""
    users = tmp_path / "users"
    users.write_text("ada:s3cret\n\nbob:two:parts\n")
    with (
        serve_page(environment, "--auth", str(users)) as address,
        httpx.Client(base_url=address) as client,
    ):
        assert client.post("/gradio_api/call/articles", json={"data": []}).status_code == 401
        assert (
            client.post(
                "/gradio_api/queue/join", json={"data": [], "fn_index": 0, "session_hash": "x"}
            ).status_code
            == 401
        )
        assert client.post("/gradio_api/component_server/", json={}).status_code == 401
        assert client.post("/gradio_api/upload", files={"files": b"x"}).status_code == 401
        assert "reader answers" not in client.get("/").text
        for path in ("/gradio_api/mcp/", "/gradio_api/mcp/sse", "/gradio_api/mcp/schema"):
            assert client.get(path).status_code in {401, 404}, path
        assert client.get("/health").status_code == 200
        assert (
            client.post("/login", data={"username": "ada", "password": "wrong"}).status_code == 400
        )
        assert (
            client.post("/login", data={"username": "bob", "password": "two:parts"}).status_code
            == 200
        )
        assert client.post("/gradio_api/call/articles", json={"data": []}).status_code == 200


def test_password_guesses_are_slowed_down(environment, tmp_path):
    """Of a flood from one network three are checked at once; a right password from another is let in."""
    users = tmp_path / "users"
    users.write_text("ada:s3cret\n")
    with serve_page(environment, "--auth", str(users)) as address:

        def guess(number):
            with suppress(httpx.ReadTimeout):
                given = {"username": "ada", "password": str(number)}
                return httpx.post(f"{address}/login", data=given, timeout=2.5).status_code
            return 0

        with ThreadPoolExecutor(40) as guessers:
            statuses = list(guessers.map(guess, range(40)))
        assert 3 <= statuses.count(400) <= 6
        assert statuses.count(429) >= 25
        given = {"username": "ada", "password": "s3cret"}
        other = httpx.post(f"{address}/login", data=given, headers={"X-Forwarded-For": "192.0.2.7"})
        assert other.status_code == 200


def test_the_delay_of_password_attempts_grows_and_ends():
    """Three attempts are free, the next wait 1, 2, 4 … seconds; a right password or a pause resets that."""
    throttle, now = LoginThrottle(), 1000.0
    delays = []
    for _ in range(12):
        delays.append(throttle.delay("192.0.2.7", now))
        now += delays[-1]
    assert delays == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert throttle.delay("192.0.2.8", now) == 0
    assert [throttle.delay("192.0.2.7", now) for _ in range(2)] == [60, None]
    throttle.forget("192.0.2.7")
    assert throttle.delay("192.0.2.7", now) == 0
    many = [throttle.delay(f"2001:db8::{number:x}", now) for number in range(1, 20)]
    assert many[:3] == [0, 0, 0]
    assert many[-1] is None


def test_an_unknown_user_takes_the_same_comparison(monkeypatch):
    """Names cannot be guessed by the time of an answer: each attempt hashes and compares once, in constant time."""
    compared = []

    def compare(one, other):
        compared.append((len(one), len(other)))
        return compare_digest(one, other)

    compare_digest = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    users = Accounts([("ada", "s3cret")])
    assert users.accepts("ada", "s3cret")
    assert not any(
        users.accepts(*wrong)
        for wrong in (("ada", "s"), ("nobody", "s3cret"), ("", ""), ("bo\udc80", "\udc80"))
    )
    assert compared == [(32, 32)] * 5


def test_a_login_is_a_cookie_for_this_site_alone(environment, tmp_path):
    """Out of reach of scripts and other sites; over HTTPS, also by a proxy, it is sent by HTTPS only."""
    users = tmp_path / "users"
    users.write_text("ada:s3cret\n")
    with serve_page(environment, "--auth", str(users)) as address:
        for headers, is_secure in (({}, False), ({"X-Forwarded-Proto": "https"}, True)):
            given = {"username": "ada", "password": "s3cret"}
            answer = httpx.post(f"{address}/login", data=given, headers=headers)
            cookies = answer.headers.get_list("set-cookie")
            assert len(cookies) == 2
            for cookie in cookies:
                attributes = [part.strip().lower() for part in cookie.split(";")[1:]]
                assert "httponly" in attributes
                assert [part for part in attributes if part.startswith("samesite")] == [
                    "samesite=lax"
                ]
                assert ("secure" in attributes) == is_secure


def test_accounts_are_read_from_a_file_or_the_command(tmp_path):
    """A password may hold colons; what is neither is refused with what to write."""
    assert accounts("ada:x:y") == [("ada", "x:y")]
    (tmp_path / "users").write_text("ada:x\nbob:y\n")
    assert accounts(str(tmp_path / "users")) == [("ada", "x"), ("bob", "y")]
    (tmp_path / "empty").write_text("\n")
    for wrong in ("ada", ":x", "ada:", str(tmp_path / "empty")):
        with pytest.raises(ServingError, match="user:password"):
            accounts(wrong)


def test_a_port_in_use_gets_one_sentence(run):
    """The page says which port is taken, and how to choose another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("ui.py", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "taken" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_over_what_is_no_index_ends_with_one_sentence(run, environment, tmp_path):
    """The reason stands on stderr, and the exit code is 1."""
    (tmp_path / "thesis.doc").write_text("mine")
    environment["ARTICLE_INDEX"] = str(tmp_path)
    done = run("ui.py", "--port", str(free_port()))
    assert done.returncode == 1
    assert f"{tmp_path} is not an index" in done.stderr
    assert "Traceback" not in done.stderr
