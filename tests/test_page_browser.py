"""The page as people meet it: in a real Chromium, on a desk and on a phone, in light and in dark."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import newcomer, settle
from playwright.sync_api import expect

from benchmarks.visiting import serve_page
from index import Article, ArticleIndex

pytestmark = pytest.mark.browser
DESK, PHONE = (1280, 800, "light"), (390, 844, "dark")
LOOKS = [DESK, PHONE]
EVERY_LOOK = [
    (width, height, colours) for width, height, _ in LOOKS for colours in ("light", "dark")
]
QUESTION = "who runs The Defenders?"
SENTENCE = (
    "Speaking to THR, Rosenberg talked about laying the foundation for handing off the character to Defenders "
    "showrunners Marco Ramirez and Doug Petrie:"
)
SOON = 60_000
"""Milliseconds in which the models have surely loaded."""
MILL = Article.from_text(
    "Mill reopens\n\nMay 3, 2021\n\nGreta Lindqvist opened the old paper mill in Ostheim on Monday. The mill was built "
    "in 1911. “Nobody believed in it,” Lindqvist said.",
    "https://example.org/mill",
    site="The Herald",
)
MUEHLE = Article.from_text(
    "Die Mühle\n\n3. Mai 2021\n\nDie alte Papiermühle in Ostheim wurde gestern von Greta Lindqvist eröffnet. Viele "
    "Menschen kamen zu dem Fest, und am Abend spielte eine Kapelle.",
    "zeitung",
)


HARBOUR = f"<html><head><title>Harbour news</title></head><body><h1>Harbour news</h1><p>{'Nils Ek runs the harbour. ' * 20}"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page of a newcomer; whoever comes first asks while the models load."""
    with serve_page(newcomer(tmp_path_factory.mktemp("page"))) as serving:
        yield serving


@pytest.fixture(scope="module")
def library(tmp_path_factory, embedder):
    """The page over an index with the shipped article and two others; what happens to them there is the tests' own."""
    environment = newcomer(tmp_path_factory.mktemp("library"))
    with ArticleIndex.open(environment["ARTICLE_INDEX"], embedder) as index:
        index.add_shipped()
        index.add(MILL, MUEHLE)
    with serve_page(environment, "--allow-host", "127.0.0.1") as serving:
        yield serving


def box(page):
    return page.get_by_label("Question", exact=True)


def answers(page):
    return page.locator("[data-testid=bot]")


def answered(page, turns):
    """Wait until so many turns are there and the last is complete; return its answer."""
    expect(page.locator("body")).to_have_attribute("data-turns", str(turns), timeout=SOON)
    expect(page.locator("#question .submit-button")).to_be_visible(timeout=SOON)
    expect(answers(page)).to_have_count(turns)
    return answers(page).last


def ask(page, question):
    """Type a question, send it, and return its answer once it is complete."""
    turns = answers(page).count()
    box(page).fill(question)
    box(page).press("Enter")
    return answered(page, turns + 1)


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()


def rows(page):
    return page.locator("#library tbody tr")


def row(page, title):
    return rows(page).filter(has_text=title)


def add_text(page, text):
    if not page.get_by_label("Text of an article").is_visible():
        page.get_by_role("button", name="Add articles").click()
    page.get_by_label("Text of an article").fill(text)
    page.get_by_role("button", name="Add the text").click()


def is_wider_than_the_window(page):
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def is_in_view(page, locator):
    """Return whether the whole of an element is inside the window and inside the pane that it scrolls in."""
    place, pane = locator.bounding_box(), page.locator("#article article").bounding_box()
    size = page.viewport_size
    inside_pane = (
        pane["y"] <= place["y"] and place["y"] + place["height"] <= pane["y"] + pane["height"] + 1
    )
    return inside_pane and place["y"] >= 0 and place["y"] + place["height"] <= size["height"]


# Answers and their citations


@pytest.mark.parametrize("look", LOOKS)
def test_a_citation_leads_to_its_sentence(address, visit, look):
    """Asked as soon as the page is there; the number shows the sentence, and opens the article at it, in view."""
    page = visit(address, look)
    answer = ask(page, QUESTION)
    expect(answer).to_contain_text(SENTENCE)
    expect(answer.locator("strong")).to_have_text("Marco Ramirez and Doug Petrie")
    citation = answer.get_by_role("button", name="[1]")
    citation.hover()
    card = page.get_by_role("tooltip")
    expect(card).to_contain_text(SENTENCE)
    expect(card).to_contain_text("Collider · 29 September 2016")
    page.mouse.move(5, 5)
    expect(card).to_be_hidden()
    citation.click()
    mark = page.locator("#article mark.current")
    expect(mark).to_have_text(SENTENCE)
    page.wait_for_timeout(500)
    assert is_in_view(page, mark)
    assert not is_wider_than_the_window(page)


@pytest.mark.parametrize("look", LOOKS)
def test_all_of_it_can_be_done_by_keyboard(address, visit, look):
    """Asking, looking at a citation, opening it, coming back, suggestions, the conversations; focus is always seen."""
    page = visit(address, look)
    box(page).focus()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    answer = answered(page, 1)
    citation = answer.get_by_role("button", name="[1]")
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if citation.evaluate("button => button === document.activeElement"):
            break
    expect(citation).to_be_focused()
    assert citation.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    card = page.get_by_role("tooltip")
    expect(card).to_contain_text(SENTENCE)
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#article mark.current")).to_be_focused()
    page.keyboard.press("Escape")
    expect(citation).to_be_focused()
    suggestion = page.locator("#suggestions button").first
    expect(suggestion).to_be_visible(timeout=SOON)
    suggestion.focus()
    page.keyboard.press("Enter")
    answered(page, 2)
    page.locator("#conversations summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Rename: {QUESTION}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#conversations summary")).to_be_focused()
    page.get_by_role("tab", name="Article").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab", name="Library")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search")).to_be_visible()


def test_what_is_no_answer_says_so(address, visit):
    """A refusal names the nearest passage; quoted sentences are said to be quoted; a bad question is told so."""
    page = visit(address)
    refusal = ask(page, "what is the capital of France")
    expect(refusal).to_contain_text("Not answered by the articles")
    expect(refusal).to_contain_text("The nearest passage")
    expect(ask(page, "who are they?")).to_contain_text(re.compile("nearest", re.IGNORECASE))
    expect(ask(page, "   ")).to_contain_text("The question is empty")
    expect(ask(page, "x" * 10_000)).to_contain_text("10,000 characters")
    expect(ask(page, "🦑 wer? \u202etxet🧨")).to_contain_text("Not answered")
    assert not is_wider_than_the_window(page)
    expect(ask(page, QUESTION)).to_contain_text(SENTENCE)


@pytest.mark.parametrize("look", LOOKS)
def test_what_was_searched_and_read_is_one_click_away(address, visit, look):
    """A follow-up shows the question that it was understood as, and each answer the passages with their scores."""
    page = visit(address, look)
    ask(page, QUESTION)
    answer = ask(page, "and when does it premiere?")
    expect(answer).to_contain_text("2017")
    summary = answer.locator("summary")
    expect(summary).to_contain_text("Understood as: and when does The Defenders premiere?")
    summary.click()
    expect(answer.locator("details li")).to_have_count(4)
    expect(answer.locator("details li").first).to_contain_text(re.compile(r"score \d\.\d\d"))
    expect(answer.locator("details")).to_contain_text("The Defenders premieres in 2017.")


def test_suggestions_are_answered(address, visit):
    """Those to begin with and those that follow: each that is clicked gets an answer, and is not offered again."""
    page = visit(address)
    suggestions = page.locator("#suggestions button")
    expect(suggestions.first).to_be_visible(timeout=SOON)
    for turn in range(1, 4):
        expect(suggestions.first).to_be_visible(timeout=SOON)
        question = suggestions.first.inner_text()
        suggestions.first.click()
        answer = answered(page, turn)
        expect(page.locator("[data-testid=user]").last).to_have_text(question)
        expect(answer.locator(".citation").first).to_be_visible()
        expect(answer).not_to_contain_text("Not answered")
        page.wait_for_timeout(1500)
        assert question not in suggestions.all_inner_texts()


# The conversation


def test_retry_edit_undo_copy_and_like(address, visit):
    """What stands under a message does what it says, and a like is there after a reload."""
    page = visit(address)
    ask(page, QUESTION)
    page.get_by_role("button", name="Retry", exact=True).click()
    settle(page)
    expect(answered(page, 1)).to_contain_text(SENTENCE)

    page.get_by_label("Copy message").last.click()
    page.wait_for_timeout(500)  # Gradio copies the markup first.
    settle(page)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Marco Ramirez and Doug Petrie — “Speaking to THR")
    assert "[1] “‘Jessica Jones’ Showrunner" in copied.splitlines()[-1]
    assert copied.endswith("(Collider, 29 September 2016)")

    page.get_by_label("Edit").click()
    editing = page.get_by_label("Your question, to be edited")
    expect(editing).to_have_value(QUESTION)
    editing.fill("When does The Defenders premiere?")
    page.get_by_label("Submit").first.click()
    expect(answers(page)).to_contain_text("2017", timeout=SOON)
    answered(page, 1)
    expect(page.locator("[data-testid=user]")).to_have_text("When does The Defenders premiere?")

    page.get_by_role("button", name="Like", exact=True).click()
    expect(page.get_by_role("button", name="Liked")).to_be_visible()
    settle(page)
    page.reload()
    answered(page, 1)
    expect(page.get_by_role("button", name="Liked")).to_be_visible()

    page.get_by_role("button", name="Undo", exact=True).click()
    expect(answers(page)).to_have_count(0)
    expect(box(page)).to_have_value("When does The Defenders premiere?")


def test_a_question_can_be_stopped(serve, visit, environment):
    """Stopped while the models load, it gives the way to the next question."""
    page = visit(serve(environment))
    box(page).fill(QUESTION)
    box(page).press("Enter")
    page.locator("#question .stop-button").click()
    expect(page.locator("#question .submit-button")).to_be_visible()
    expect(page.locator("#question .stop-button")).to_have_count(0)
    box(page).fill("When does The Defenders premiere?")
    box(page).press("Enter")
    expect(answers(page).last).to_contain_text("2017", timeout=SOON)


def test_two_visitors_have_two_conversations(address, visit):
    """What one asks is not seen by the other, and a follow-up goes with one's own question."""
    one, two = visit(address), visit(address)
    ask(one, QUESTION)
    unknown = ask(two, "who are they?")
    expect(unknown).not_to_contain_text("Marco Ramirez")
    expect(ask(one, "who are they?")).to_contain_text("Marco Ramirez")
    expect(two.locator("[data-testid=user]")).to_have_count(1)


@pytest.mark.parametrize("look", LOOKS)
def test_conversations_are_kept_named_exported_and_deleted(address, visit, look):
    """In the browser, across a reload; a deletion can be undone; what is exported has its sources."""
    page = visit(address, look)
    ask(page, QUESTION)
    settle(page)
    page.reload()
    expect(answered(page, 1)).to_contain_text(SENTENCE)
    expect(ask(page, "who are they?")).to_contain_text(
        "Marco Ramirez"
    )  # It still knows what was talked of.

    page.get_by_role("button", name="New conversation").click()
    expect(answers(page)).to_have_count(0)
    ask(page, "When will Jessica Jones return?")
    page.get_by_text("Conversations", exact=True).click()
    page.get_by_role("button", name=f"Rename: {QUESTION}").click()
    page.get_by_label("Title of the conversation").fill("<i>Showrunners</i>")
    page.keyboard.press("Enter")
    title = page.get_by_role("button", name="<i>Showrunners</i>", exact=True)
    expect(title).to_be_visible()

    with page.expect_download() as markdown:
        page.get_by_role("button", name="Markdown: <i>Showrunners</i>").click()
    exported = Path(markdown.value.path()).read_text(encoding="utf-8")
    assert markdown.value.suggested_filename.endswith(".md")
    assert exported.startswith("# \\<i\\>Showrunners")
    assert f"> {SENTENCE}" in exported
    assert "Collider, 29 September 2016" in exported
    with page.expect_download() as as_json:
        page.get_by_role("button", name="JSON: <i>Showrunners</i>").click()
    turns = json.loads(Path(as_json.value.path()).read_text(encoding="utf-8"))["turns"]
    assert [turn["question"] for turn in turns] == [QUESTION, "who are they?"]
    assert turns[0]["answer"]["citations"][0]["quote"] == SENTENCE

    page.get_by_role("button", name="Delete: <i>Showrunners</i>").click()
    expect(title).to_have_count(0)
    page.locator("#conversations").get_by_role("button", name="Undo", exact=True).click()
    title.click()
    expect(answers(page).first).to_contain_text(SENTENCE)
    expect(answers(page)).to_have_count(2)
    assert not is_wider_than_the_window(page)


def test_a_link_asks_at_once(address, visit):
    """/?q=… is a question in a new conversation; a reload does not ask again."""
    page = visit(f"{address}/?q=who%20runs%20The%20Defenders%3F")
    expect(answered(page, 1)).to_contain_text(SENTENCE)
    settle(page)
    page.reload()
    answered(page, 1)
    assert "q=" not in page.url


# The article beside it


def test_the_article_names_its_source_and_marks_all_that_was_cited(library, visit):
    """Site, day and language; the link leads to the sentence on the publisher's page; earlier citations stay marked."""
    page = visit(library)
    ask(page, "Who opened the old paper mill?")
    ask(page, "When was the mill built?")
    pane = page.locator("#article")
    expect(pane).to_contain_text("The Herald · 3 May 2021 · English")
    link = pane.get_by_role("link", name="The Herald")
    assert (
        link.get_attribute("href")
        == "https://example.org/mill#:~:text=The%20mill%20was%20built%20in%201911."
    )
    assert link.get_attribute("rel") == "noopener noreferrer"
    expect(pane.locator("mark")).to_have_count(2)
    expect(pane.locator("mark.current")).to_have_text("The mill was built in 1911.")


# The library


@pytest.mark.parametrize("look", LOOKS)
def test_the_library_tells_of_its_articles(library, visit, look):
    """Each with its facts; searched, sorted, opened."""
    page = visit(library, look)
    open_tab(page, "Library")
    mill = row(page, "Mill reopens")
    expect(mill).to_contain_text("https://example.org/mill", timeout=SOON)
    expect(mill).to_contain_text("2021-05-03")
    expect(mill).to_contain_text("ready")
    expect(mill.locator(".words")).to_contain_text(str(len(MILL.text.split())))
    expect(mill.locator(".added")).to_contain_text(re.compile(r"20\d\d-\d\d-\d\d"))
    page.get_by_label("Search").fill("MILL")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Search").fill("")
    page.get_by_role("button", name="Title", exact=True).click()
    titles = rows(page).locator("button.title").all_inner_texts()
    assert titles == sorted(titles, key=lambda title: title.strip("‘"))
    page.get_by_role("button", name="Title ↑").click()
    assert rows(page).locator("button.title").all_inner_texts() == titles[::-1]
    mill.locator("button.title").click()
    expect(page.locator("#article .text")).to_contain_text("Greta Lindqvist opened")
    assert not is_wider_than_the_window(page)


def test_the_articles_to_ask_can_be_chosen(library, visit):
    """By ticks, and by the language of the answers."""
    page = visit(library)
    open_tab(page, "Library")
    row(page, "Mill reopens").get_by_role("checkbox").uncheck()
    expect(page.locator("#library .count")).to_contain_text("asked")
    expect(ask(page, "Who opened the old paper mill?")).not_to_contain_text(
        "opened the old paper mill in Ostheim"
    )
    page.get_by_role("button", name="Ask none").click()
    expect(ask(page, QUESTION)).to_contain_text("No article in the index is one of those")
    page.get_by_role("button", name="Ask all").click()
    expect(ask(page, "Who opened the old paper mill?")).to_contain_text("Greta Lindqvist opened")
    open_tab(page, "Settings")
    page.get_by_label("Language of the answers").click()
    page.get_by_role("option", name="German").click()
    expect(ask(page, "Greta Lindqvist Papiermühle Ostheim")).to_contain_text(
        "Papiermühle in Ostheim"
    )
    expect(answers(page).last).not_to_contain_text("Greta Lindqvist opened")


def test_articles_are_added_in_every_way_and_removed(library, visit, tmp_path):
    """By text, by files, by address; failures are a clear line each; a removal can be undone."""
    page = visit(library)
    open_tab(page, "Library")
    add_text(page, "Choir on tour\n\nMay 9, 2022\n\nThe choir of Dalby is led by Amira Haddad.")
    expect(row(page, "Choir on tour")).to_be_visible(timeout=SOON)
    expect(page.get_by_label("Text of an article")).to_have_value("")
    expect(ask(page, "Who leads the choir of Dalby?")).to_contain_text("Amira Haddad")

    good, bad = tmp_path / "kettles.md", tmp_path / "bad.txt"
    good.write_text("# Kettles\n\nThe kettle tests were run by Yusuf Demir.")
    bad.write_bytes(b"\x00\x01")
    page.set_input_files("#adding input[type=file]", [str(good), str(bad)])
    expect(row(page, "Kettles")).to_be_visible(timeout=SOON)
    jobs = page.locator("#library .jobs")
    expect(jobs).to_contain_text("added: Kettles")
    expect(jobs).to_contain_text("bad.txt: the file is binary")

    with web_server({"/news": HARBOUR}) as web:
        for address in (f"{web}/news", f"{web}/gone", "ftp://127.0.0.1/x"):
            page.get_by_label("Address of a page").fill(address)
            page.get_by_role("button", name="Add", exact=True).click()
            page.wait_for_timeout(300)
        expect(row(page, "Harbour news")).to_be_visible(timeout=SOON)
        expect(jobs).to_contain_text(re.compile("/gone: .*404"))
        expect(page.get_by_text("Give a web address that begins with https://")).to_be_visible()
        row(page, "Harbour news").get_by_role("button", name="Refresh").click()
        expect(jobs).to_contain_text("unchanged: Harbour news", timeout=SOON)
    row(page, "Harbour news").get_by_role("button", name="Refresh").click()
    expect(row(page, "Harbour news")).to_contain_text("not read:", timeout=SOON)

    row(page, "Kettles").get_by_role("button", name="Remove").click()
    expect(row(page, "Kettles")).to_have_count(0)
    page.locator("#library").get_by_role("button", name="Undo", exact=True).click()
    expect(row(page, "Kettles")).to_be_visible()
    for title in ("Kettles", "Harbour news", "Choir on tour"):
        row(page, title).get_by_role("button", name="Remove").click()
        expect(row(page, title)).to_have_count(0)
    while page.get_by_role("button", name=re.compile("^Dismiss")).count():
        page.get_by_role("button", name=re.compile("^Dismiss")).first.click()
        page.wait_for_timeout(300)
    expect(jobs.locator("li")).to_have_count(0)


def test_adding_shows_its_progress_and_can_be_cancelled(library, visit):
    """The bar moves; cancelled in the midst of a long text, nothing of it is there, and what else was asked works."""
    page = visit(library)
    open_tab(page, "Library")
    add_text(
        page,
        "A long book\n\n"
        + "\n\n".join(f"Chapter {n}. " + "The river rose again. " * 40 for n in range(900)),
    )
    bar = page.get_by_role("progressbar", name="Progress: A long book")
    expect(bar).to_be_visible(timeout=SOON)
    first = float(bar.get_attribute("value"))
    page.wait_for_function(
        "before => Number(document.querySelector('#library progress')?.value) > before", arg=first
    )
    expect(ask(page, QUESTION)).to_contain_text(SENTENCE)
    page.get_by_role("button", name="Cancel: A long book").click()
    expect(page.locator("#library .jobs")).to_contain_text("cancelled", timeout=SOON)
    expect(row(page, "A long book")).to_have_count(0)
    page.get_by_role("button", name="Dismiss: A long book").click()


def test_what_another_program_adds_appears(chroma_server, serve, visit, environment, embedder):
    """Over a Chroma server that both have open, without a reload."""
    environment["ARTICLE_INDEX"] = chroma_server
    page = visit(serve(environment))
    open_tab(page, "Library")
    expect(rows(page)).to_have_count(1, timeout=SOON)
    with ArticleIndex.open(chroma_server, embedder) as other:
        other.add(MILL)
        expect(row(page, "Mill reopens")).to_be_visible(timeout=10_000)
        other.remove(MILL.id)
        expect(row(page, "Mill reopens")).to_have_count(0, timeout=10_000)


# Settings


def test_settings_are_kept(address, visit):
    """How much is read, and the colours, also after a reload; what answers is always said."""
    page = visit(address)
    expect(page.get_by_text("The reader answers in the articles' own words")).to_be_visible()
    open_tab(page, "Settings")
    page.get_by_label("Dark").check()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    passages = page.locator("#settings input[type=number]")
    passages.fill("2")
    passages.press("Tab")
    settle(page)
    page.reload()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    expect(ask(page, QUESTION).locator("summary")).to_contain_text("2 passages read")


# Hostile articles, questions and names

EVIL = (
    "Evil <script>alert('s')</script> <img src=x onerror=alert('i')> [l](javascript:alert('l')) ${alert('t')} "
    "{{constructor.constructor('alert(1)')()}} <svg onload=alert('v')> \u202edesrever\u202c 🧨"
)


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_of_an_article_or_a_question_runs(serve, visit, environment, embedder, look):
    """Scripts, handlers, links, templates and marks that turn the text around, wherever the page shows them."""
    evil = Article(
        "evil",
        EVIL,
        f"{EVIL}\n\nThe password of the mill is {EVIL}. “{EVIL}” said Greta Lindqvist.",
        "javascript:alert('u')",
        author=EVIL,
        site=EVIL,
        language="en",
    )
    with ArticleIndex.open(environment["ARTICLE_INDEX"], embedder) as index:
        index.add_shipped()
        index.add(evil)
    page = visit(serve(environment), look)
    ask(page, f"What is the password of the mill? {EVIL}")
    answer = ask(page, "What is the password of the mill?")
    answer.locator(".citation").first.click()
    answer.locator("summary").click()
    answer.locator(".citation").first.hover()
    ask(page, EVIL)
    open_tab(page, "Library")
    row(page, "Evil").locator("button.title").click()
    expect(page.locator("#article .text")).to_contain_text("alert('s')")
    open_tab(page, "Library")
    add_text(page, f"# {EVIL}\n\n{EVIL}")
    row(page, "Evil").first.get_by_role("button", name="Remove").click()
    page.get_by_text("Conversations", exact=True).click()
    page.wait_for_timeout(1500)
    assert (
        page.locator("#conversation img, #article img, #article script, #library img").count() == 0
    )
    assert page.locator("a[href^='javascript']").count() == 0
    assert not is_wider_than_the_window(page)
    expect(ask(page, QUESTION)).to_contain_text(SENTENCE)


def test_a_kept_conversation_that_was_tampered_with_harms_nobody(address, visit):
    """What stands in the browser's storage is shown as text, or refused; the page stays usable."""
    page = visit(address)
    ask(page, QUESTION)
    page.evaluate(
        """evil => {
            const key = Object.keys(localStorage).find(key => key.includes("conversation"));
            const talk = JSON.parse(localStorage[key]);
            talk.title = evil;
            Object.assign(talk.turns[0], { question: evil });
            Object.assign(talk.turns[0].answer, { text: evil, words: "", standalone: evil });
            Object.assign(talk.turns[0].answer.citations[0], { quote: evil, title: evil, source: evil });
            localStorage[key] = JSON.stringify(talk);
            localStorage["article-assistant/conversation/odd"] = '{"turns": [1, {"answer": 3}], "title": "Odd"}';
            localStorage["article-assistant/conversation/broken"] = "{";
        }""",
        EVIL,
    )
    settle(page)
    page.reload()
    answered(page, 1)
    page.get_by_text("Conversations", exact=True).click()
    page.get_by_role("button", name="Odd", exact=True).click()
    expect(page.get_by_text("This conversation is damaged")).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    expect(answers(page)).to_have_count(0)
    expect(ask(page, QUESTION)).to_contain_text(SENTENCE)


@pytest.mark.parametrize(
    "damage",
    [
        '{"updated": "soon"}',
        '{"updated": 1e99}',
        '{"updated": null, "title": {"toString": 3}}',
        '{"title": 7, "turns": [{"question": {"toString": 3}}]}',
        '{"turns": "x"}',
    ],
)
def test_a_damaged_conversation_hides_no_other(address, visit, damage):
    """With a bad date, title or turns it is listed as well as it can be; the others are all there."""
    page = visit(address)
    ask(page, QUESTION)
    page.evaluate(
        """damage => {
            const key = Object.keys(localStorage).find(key => key.includes("conversation"));
            const damaged = { ...JSON.parse(localStorage[key]), title: "Damaged", ...JSON.parse(damage) };
            localStorage["article-assistant/conversation/damaged"] = JSON.stringify(damaged);
            localStorage["article-assistant/conversation/number"] = "7";
        }""",
        damage,
    )
    settle(page)
    page.reload()
    answered(page, 1)
    page.get_by_text("Conversations", exact=True).click()
    names = page.locator("#conversations button.title")
    expect(names.filter(has_text=QUESTION).first).to_be_visible()
    expect(names).to_have_count(1 if "turns" in damage and "x" in damage else 2)
    expect(page.get_by_role("button", name=f"Rename: {QUESTION}").first).to_be_visible()


def test_bad_uploads_are_refused_in_words(address, visit, tmp_path):
    """Too large, of a wrong kind, or named like a path elsewhere: a line says so, and nothing else happens."""
    page = visit(address)
    open_tab(page, "Library")
    page.get_by_role("button", name="Add articles").click()
    upload = page.locator("#adding input[type=file]")
    large, wrong = tmp_path / "large.txt", tmp_path / "picture.png"
    large.write_text("word " * 4_400_000)
    wrong.write_bytes(b"\x89PNG")
    upload.set_input_files(str(wrong))
    expect(page.get_by_text(re.compile("Invalid file type"))).to_be_visible()
    upload.set_input_files(str(large))
    expect(
        page.get_by_text(re.compile("exceed the maximum allowed size", re.IGNORECASE)).first
    ).to_be_visible(timeout=SOON)
    upload.set_input_files(
        [
            {
                "name": "../../x.txt",
                "mimeType": "text/plain",
                "buffer": b"Paths\n\nIt is only a name.",
            }
        ]
    )
    expect(row(page, "Paths")).to_be_visible(timeout=SOON)
    expect(row(page, "Paths").locator(".source")).to_contain_text(
        re.compile(r"^(Source )?[^/]*x\.txt$")
    )
    visit.errors.clear()  # The browser writes down that the large one was refused.
    expect(ask(page, QUESTION)).to_contain_text(SENTENCE)


# Trouble


def test_a_lost_connection_leaves_the_page_usable(address, visit):
    """Lost in the midst of an answer and found again, the next question is answered."""
    page = visit(address)
    ask(page, QUESTION)
    box(page).fill("What does Rosenberg say about the other showrunners?")
    box(page).press("Enter")
    page.context.set_offline(True)
    page.wait_for_timeout(3000)
    page.context.set_offline(False)
    page.wait_for_timeout(5000)  # Gradio loads the page again when it finds the server again.
    visit.errors.clear()  # The browser writes down that it was offline.
    expect(answers(page).first).to_contain_text(SENTENCE, timeout=SOON)
    box(page).fill("When does The Defenders premiere?")
    box(page).press("Enter")
    expect(answers(page).last).to_contain_text("2017", timeout=SOON)


def test_who_waits_sees_the_place_in_line(address, visit):
    """Twenty questions at once from twenty windows: each gets its own answer, and some saw that they had to wait."""
    pages = [visit(address) for _ in range(20)]
    for page in pages:
        box(page).fill(QUESTION)
    seen = []
    for page in pages:
        page.evaluate(
            """() => {
                window.places = new Set();
                new MutationObserver(() => {
                    const text = document.querySelector("#conversation [data-testid=status-tracker]")?.innerText ?? "";
                    if (/\\d+\\/\\d+/.test(text)) window.places.add(text);
                }).observe(document.body, { childList: true, subtree: true, characterData: true });
            }"""
        )
    for page in pages:
        box(page).press("Enter", no_wait_after=True)
    for page in pages:
        expect(answered(page, 1)).to_contain_text(SENTENCE)
        seen += page.evaluate("[...window.places]")
    assert seen, "nobody saw a place in line"


# For everybody


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_axe_finds_nothing_serious(library, visit, look):
    """On each part of the page, as it begins and in use (WCAG 2.2 AA and axe's other rules)."""
    page = visit(library, look)
    page.emulate_media(reduced_motion="reduce")
    expect(page.locator("#suggestions button").first).to_be_visible(timeout=SOON)
    check(page, "the beginning")
    ask(page, QUESTION)
    ask(page, "what is the capital of France?")
    answers(page).last.locator("summary").click()
    page.wait_for_timeout(500)
    answers(page).last.locator(".citation").first.focus()
    check(page, "a conversation")
    page.get_by_text("Conversations", exact=True).click()
    check(page, "the conversations")
    page.keyboard.press("Escape")
    open_tab(page, "Library")
    page.get_by_role("button", name="Add articles").click()
    expect(rows(page).first).to_be_visible()
    check(page, "the library")
    open_tab(page, "Settings")
    check(page, "the settings")


def check(page, where):
    found = Axe().run(page).response["violations"]
    serious = [
        (
            violation["id"],
            violation["impact"],
            [node["html"][:200] for node in violation["nodes"]][:3],
        )
        for violation in found
        if violation["impact"] in {"serious", "critical"}
    ]
    assert serious == [], f"{where}: {serious}"


@pytest.mark.parametrize("width", [360, 768, 1024, 1920])
def test_every_width_is_fit_for_use(library, visit, width):
    """From a small phone to a large screen nothing is cut off, and the box to type into is in the first view."""
    page = visit(library, (width, 800, "light"))
    ask(page, QUESTION)
    for tab in ("Article", "Library", "Settings"):
        open_tab(page, tab)
        page.wait_for_timeout(300)
        assert not is_wider_than_the_window(page), tab
    page.evaluate("scrollTo(0, 0)")
    place = box(page).bounding_box()
    assert place["y"] + place["height"] < 800
    line = page.locator("#article .text").first
    open_tab(page, "Article")
    assert line.bounding_box()["width"] < 800


def test_nothing_shifts_while_an_answer_grows(address, visit):
    """The box to type into and the article stay where they are (cumulative layout shift below .02)."""
    page = visit(address)
    ask(page, QUESTION)
    page.evaluate(
        """() => {
            window.shift = 0;
            new PerformanceObserver(list => {
                for (const entry of list.getEntries()) window.shift += entry.value;
            }).observe({ type: "layout-shift", buffered: false });
        }"""
    )
    ask(page, "what is the capital of France?")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.shift") < 0.02


class web_server:  # noqa: N801  # Used like the function that it is.
    """A web server on this machine that gives some pages."""

    def __init__(self, pages):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = pages.get(self.path, "").encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        time.sleep(0)
