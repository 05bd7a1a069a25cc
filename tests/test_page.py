"""The page as a person meets it: in a real Chromium."""

from __future__ import annotations

import re
import shutil
import socket
from html.parser import HTMLParser

import pytest
from conftest import free_port, newcomer, serve_page
from playwright.sync_api import expect, sync_playwright

from assistant import Answer, Assistant, Citation
from index import Article
from ui import Page, answer_html, article_html

QUESTION = "who runs The Defenders?"
SENTENCE = (
    "Speaking to THR, Rosenberg talked about laying the foundation for handing off the character to Defenders "
    "showrunners Marco Ramirez and Doug Petrie:"
)
SOON = 60_000
"""Milliseconds in which the models have surely loaded."""


@pytest.fixture(scope="module")
def browser():
    """The Chromium of this machine."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "the tests of the page need Chromium on the PATH (the README says how to install it)"
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page of a newcomer; whoever comes first asks while the models load."""
    with serve_page(newcomer(tmp_path_factory.mktemp("page"))) as serving:
        yield serving


@pytest.fixture
def visit(browser):
    """Opens a page for a visitor, in a window of some size, and at the end sees that it asked no other host."""
    contexts, foreign = [], []

    def open_page(address, width=1280, height=800):
        context = browser.new_context(viewport={"width": width, "height": height})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: foreign.append(request.url) if not is_local(request.url) else None)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []


def is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))


def ask(page, question):
    """Type a question, send it, and wait for its answer to be complete."""
    answers = page.locator("[data-testid=bot]").count()
    page.get_by_label("Question").fill(question)
    page.get_by_label("Question").press("Enter")
    expect(page.locator("[data-testid=bot]")).to_have_count(answers + 1, timeout=SOON)
    answer = page.locator("[data-testid=bot]").last
    expect(answer).not_to_contain_text("Loading the models", timeout=SOON)
    expect(page.get_by_label("Retry")).to_be_visible(timeout=SOON)
    return answer


def in_view(page, locator) -> bool:
    """Return whether the whole of an element is inside the window and inside the pane that it scrolls in."""
    box, pane = locator.bounding_box(), page.locator("#article article").bounding_box()
    size = page.viewport_size
    inside_pane = pane["y"] <= box["y"] and box["y"] + box["height"] <= pane["y"] + pane["height"]
    return inside_pane and box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_a_citation_leads_to_its_sentence(address, visit, width, height):
    """Ask as soon as the page is there, click the number: the sentence is marked in the article, and in view."""
    page = visit(address, width, height)
    answer = ask(page, QUESTION)
    expect(answer).to_contain_text(SENTENCE)
    expect(answer.locator("strong")).to_have_text("Marco Ramirez and Doug Petrie")
    answer.locator("p", has_text="Marco Ramirez").get_by_role("link").click()
    mark = page.locator("#article mark.current")
    expect(mark).to_have_text(SENTENCE)
    page.wait_for_timeout(300)
    assert in_view(page, mark)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_people_do_on_the_page(address, visit, tmp_path):
    """Examples, bad questions, adding files, asking about them, copying and retrying, in one visit."""
    mill, bad = tmp_path / "mill.txt", tmp_path / "<b>bad.txt"
    mill.write_text("The mill opens\n\nThe director of the paper mill is <i>Greta</i> Lindqvist.")
    bad.write_bytes(b"\x00\x01")
    page = visit(address)
    expect(page.locator("#article .text")).to_contain_text("Jessica Jones", timeout=SOON)
    page.get_by_role("button", name="When does The Defenders premiere?").click()
    expect(page.locator("[data-testid=bot]").last).to_contain_text("The Defenders premieres in 2017.", timeout=SOON)
    expect(page.get_by_label("Retry")).to_be_visible(timeout=SOON)

    expect(ask(page, "   ")).to_contain_text("The question is empty")
    expect(ask(page, "x" * 10_000)).to_contain_text("10,000 characters")
    refusal = ask(page, "what is the capital of France")
    expect(refusal).to_contain_text("Not answered by the articles")
    expect(refusal).to_contain_text("The nearest passage")

    page.get_by_text("Add articles").click()
    page.set_input_files("input[type=file]", [str(mill), str(bad)])
    expect(page.locator("#report")).to_contain_text("added: The mill opens", timeout=SOON)
    expect(page.locator("#report")).to_contain_text("bad.txt: the file is binary")
    answer = ask(page, "who is the director of the paper mill?")
    expect(answer).to_contain_text("<i>Greta</i> Lindqvist.")
    assert answer.locator("i").count() == 0

    page.get_by_label("Retry").click()
    page.wait_for_timeout(500)
    expect(page.get_by_label("Retry")).to_be_visible(timeout=SOON)
    expect(page.locator("[data-testid=bot]").last).to_contain_text("Lindqvist")
    expect(page.get_by_role("textbox")).to_have_count(1)
    expect(page.get_by_label("Question")).to_have_attribute("placeholder", "Type a question")
    page.get_by_label("Copy message").last.click()
    page.wait_for_timeout(500)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "“The director of the paper mill is <i>Greta</i> Lindqvist.” [1]" in copied
    assert "&#" not in copied


def test_two_visitors_have_two_conversations(address, visit):
    """What one asks is not seen by the other, and a follow-up goes with one's own question."""
    one, two = visit(address), visit(address)
    ask(one, QUESTION)
    unknown = ask(two, "who are they?")
    expect(unknown).to_contain_text("The nearest")  # Quoted or refused, for nobody was spoken of.
    expect(unknown).not_to_contain_text("Marco Ramirez")
    expect(ask(one, "who are they?")).to_contain_text("Marco Ramirez")


@pytest.mark.slow
def test_a_question_can_be_stopped(visit, environment):
    """Stopped while the models load, it gives the way to the next question."""
    with serve_page(environment) as address:
        page = visit(address)
        page.get_by_label("Question").fill(QUESTION)
        page.get_by_label("Question").press("Enter")
        expect(page.locator("[data-testid=bot]")).to_contain_text("Loading the models")
        page.locator(".stop-button").click()
        expect(page.locator(".stop-button")).to_have_count(0)
        expect(ask(page, QUESTION)).to_contain_text(SENTENCE)


def test_a_link_to_what_is_not_there_says_so(new_index):
    """Whatever a browser sends for a citation, the pane says in words what is wrong with it."""

    class Loaded:
        def result(self):
            return Assistant(new_index)

    new_index.add(Article("urn:a/b ~1", "Rain", "It rained. Nobody swam.", "rain"))
    page = Page(Loaded())
    for key in (
        "",
        "#cite-",
        None,
        "#cite-a/b/1/2",
        "#cite-x/y/" + "9" * 5000 + "/1",
        {"key": 1},
        "#cite-../../etc/1/2",
    ):
        assert 'class="status"' in page.open_citation(key)
    citation = Assistant(new_index).ask("who swam?").citations[0]
    (link,) = [
        attributes for tag, attributes in Tags(answer_html(Answer("x [1]", (citation,), "quoted"))).found if tag == "a"
    ]
    assert f">{citation.quote}</mark>" in page.open_citation(link["href"])


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


EVIL = '<script>alert(1)</script> *x* _y_ `z` [l](javascript:alert(1)) $$m$$ &lt; "q" \' # <img src=x onerror=alert(1)>'


def test_an_article_cannot_write_markup_into_the_page():
    """Nothing of an article's text is HTML or Markdown in the pane or in a message."""
    article = Article("id", EVIL, f"{EVIL} [1]", EVIL)
    pane = article_html(article, [(0, 25)])
    citation = Citation(1, "id", "v", EVIL, EVIL, None, 0, len(EVIL), EVIL)
    message = answer_html(Answer(f"{EVIL} — {EVIL} [1] [1]", (citation,), "answered", words=EVIL))
    for text in (pane, message):
        tags = Tags(text).found
        assert {tag for tag, _ in tags} <= {"article", "p", "h2", "div", "mark", "span", "a", "strong"}
        assert {name for _, attributes in tags for name in attributes} <= {"class", "href", "title", "tabindex"}
    assert not re.search(r"[*_`$\[]", re.sub(r"<[^>]*>|\[1\]", "", message))
    assert [attributes["href"] for tag, attributes in Tags(message).found if tag == "a"] == [
        f"#cite-id/v/0/{len(EVIL)}"
    ]


class Tags(HTMLParser):
    """Collects the tags of an HTML text, each with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_overlapping_and_endless_marks_keep_the_text():
    """Whatever offsets a link names, the pane shows the article's text once, in order."""
    article = Article("id", "t", "It rained. The mill stood.", "s")
    for marked in ([(0, 10), (5, 15)], [(20, 10_000)], [(500, 600)], [(8, 3)], [(3, 9), (3, 9)]):
        text = re.sub(r".*<div class=\"text\">|</div></article>|</?mark[^>]*>", "", article_html(article, marked))
        assert text == article.text
