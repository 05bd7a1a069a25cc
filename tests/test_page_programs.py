"""What programs ask of the page: by gradio_client, curl and MCP, as docs/programs.md shows it, and many at once."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from conftest import code_blocks, newcomer
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from benchmarks.visiting import ROOT, serve_page
from index import Article, ArticleIndex

EXAMPLE_ADDRESS = "http://127.0.0.1:7860"
MAYORS = [
    "Ada Kern",
    "Bo Lind",
    "Cora Mai",
    "Dan Roth",
    "Eva Sund",
    "Finn Tal",
    "Gro Uhl",
    "Hal Voss",
    "Ida Wild",
    "Jon Yde",
]
TOWNS = ["Arby", "Borg", "Calm", "Dalby", "Elst", "Fjord", "Gent", "Holm", "Ivry", "Jork"]


@pytest.fixture(scope="module")
def address(tmp_path_factory, embedder):
    """A page over the shipped article and one for each of ten towns."""
    environment = newcomer(tmp_path_factory.mktemp("programs"))
    with ArticleIndex.open(environment["ARTICLE_INDEX"], embedder) as index:
        index.add_shipped()
        for town, mayor in zip(TOWNS, MAYORS, strict=True):
            text = f"News of {town}\n\nThe mayor of {town} is {mayor}. The market of {town} opens at dawn."
            index.add(Article.from_text(text, town, language="en"))
    with serve_page(environment) as serving:
        yield serving


def test_the_examples_for_programs_run(address, run):
    """With gradio_client and with curl, as written, but for the port."""
    (python,) = [
        block for block in code_blocks("docs/programs.md", "python") if EXAMPLE_ADDRESS in block
    ]
    done = run("-c", python.replace(EXAMPLE_ADDRESS, address))
    assert done.returncode == 0, done.stderr
    assert "Marco Ramirez and Doug Petrie" in done.stdout
    assert "The Defenders premieres in 2017." in done.stdout
    assert "Its director is Greta Lindqvist." in done.stdout
    (shell,) = [block for block in code_blocks("docs/programs.md") if "curl" in block]
    command = ["bash", "-euc", shell.replace(EXAMPLE_ADDRESS, address)]
    told = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    ).stdout
    assert told.startswith("event: complete")
    assert "Marco Ramirez and Doug Petrie" in told


def test_an_mcp_client_lists_the_tools_and_asks(address):
    """The five tools say what they do and take; an answer has its citation; an error is told as one."""

    async def talk():
        async with (
            streamable_http_client(f"{address}/gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            answer = await session.call_tool("ask", {"question": "who runs The Defenders?"})
            empty = await session.call_tool("ask", {"question": " "})
            path = await session.call_tool("add", {"address": "/etc/passwd"})
            return tools, answer, empty, path

    # In a thread of its own: Chromium's driver, which other tests have open, runs an event loop in this one.
    with ThreadPoolExecutor() as threads:
        tools, answer, empty, path = threads.submit(lambda: asyncio.run(talk())).result()
    assert set(tools) == {"ask", "search", "articles", "add", "remove"}
    for tool in tools.values():
        assert len(tool.description) > 30
        assert all(taken["description"] for taken in tool.inputSchema["properties"].values())
    told = ast.literal_eval(answer.content[0].text)  # Gradio writes it as Python does.
    assert told["status"] == "answered"
    assert told["words"] == "Marco Ramirez and Doug Petrie"
    assert told["citations"][0]["quote"].startswith("Speaking to THR")
    assert "The question is empty" in str(empty.content)
    assert "web address" in str(path.content)


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("/ask", {"question": ""}, "The question is empty"),
        ("/ask", {"question": "x" * 10_000}, "10,000 characters"),
        ("/ask", {"question": "who?", "passages": 99}, "1 to 20"),
        (
            "/ask",
            {"question": "who?", "history": [{"question": "x", "answer": 3}]},
            "Each turn of history",
        ),
        ("/search", {"query": "x", "count": 0}, "1 to 20"),
        ("/add", {}, "Give either"),
        ("/add", {"address": "file:///etc/passwd"}, "web address"),
        ("/add", {"text": "  "}, "no text"),
        ("/remove", {"article_id": "nobody"}, "no article"),
    ],
)
def test_what_a_program_does_wrong_is_told_in_words(address, name, given, reason):
    """Each error says what to do."""
    with pytest.raises(AppError, match=reason):
        Client(address, verbose=False).predict(**given, api_name=name)


def test_twenty_programs_at_once_each_get_their_own_answers(address):
    """Through gradio_client: all right, none lost, none swapped."""
    got: dict[int, list[tuple[str, str]]] = {}

    def program(number: int) -> None:
        client = Client(address, verbose=False)
        asked = [TOWNS[(number + turn) % len(TOWNS)] for turn in range(3)]
        answers = [
            client.predict(f"Who is the mayor of {town}?", api_name="/ask") for town in asked
        ]
        got[number] = [(town, answer["words"]) for town, answer in zip(asked, answers, strict=True)]

    threads = [threading.Thread(target=program, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    right = dict(zip(TOWNS, MAYORS, strict=True))
    assert sorted(got) == list(range(20))
    for answers in got.values():
        assert all(words == right[town] for town, words in answers), answers


def test_a_server_that_is_stopped_answers_what_was_asked(tmp_path, embedder):
    """SIGTERM ends it once all have their answers, well, and with an index that nothing has interrupted."""
    environment = newcomer(tmp_path)
    with ArticleIndex.open(environment["ARTICLE_INDEX"], embedder) as index:
        for town, mayor in zip(TOWNS, MAYORS, strict=True):
            index.add(
                Article.from_text(
                    f"News of {town}\n\nThe mayor of {town} is {mayor}.", town, language="en"
                )
            )
    with ThreadPoolExecutor(len(TOWNS)) as readers:
        with serve_page(environment) as address:
            asked = [begin(address, f"Who is the mayor of {town}?") for town in TOWNS]
            waiting = [readers.submit(outcome, address, event) for event in asked]
        # `serve_page` has sent SIGTERM and waited for the end, which is an error if it is no good one.
        assert [answer.result()["words"] for answer in waiting] == MAYORS
    with pytest.raises(httpx.ConnectError):
        begin(address, "Who is the mayor?")
    assert not list(Path(environment["ARTICLE_INDEX"]).glob(".holder*"))


def begin(address, question):
    """Ask a question as curl does, and return the address's name for what becomes of it."""
    asked = httpx.post(
        f"{address}/gradio_api/call/ask", json={"data": [question, None, None, None]}, timeout=30
    )
    return asked.raise_for_status().json()["event_id"]


def outcome(address, event):
    """Return the answer to a question that was begun."""
    told = httpx.get(f"{address}/gradio_api/call/ask/{event}", timeout=60).raise_for_status().text
    assert told.startswith("event: complete"), told
    return json.loads(told.partition("data: ")[2])[0]
