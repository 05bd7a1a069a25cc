"""Text that repeats itself: 300 kB of what a pattern or loop likes least takes it no more than a moment."""

from __future__ import annotations

import threading
import time
from datetime import date
from typing import TYPE_CHECKING

import httpx
import pytest
from conftest import newcomer

from assistant import Answer, Assistant, Citation, Turn
from assistant.answers.overview import overview
from assistant.answers.suggestions import candidates
from assistant.chat.check import speaker_names
from assistant.chat.claims import parse_claims, plain_text
from assistant.conversation import latest_turns
from assistant.english.orders import is_instruction
from assistant.page.chat_state import as_markdown, from_json
from assistant.page.rendering import article_html, escaped, link_to
from assistant.question.followups import is_courtesy, needs_history, standalone_question
from assistant.question.framing import plain_question
from assistant.question.kinds import lacks_kind
from assistant.question.plan import overview_wanted, wants_names, wants_words
from assistant.question.scope import without_limit
from assistant.quoting.people import people, whole_names
from assistant.quoting.quotes import one_quote, speech_of
from assistant.quoting.sentences import passage_sentences
from assistant.quoting.wording import excerpt, has_words
from benchmarks.visiting import serve_page
from index import Article, ArticleIndex
from index.chunking import chunk_article
from index.search.near_duplicates import nearly_same
from index.search.ranking import SearchResult, lexical_scores, rank
from index.search.spelling import correct_spelling
from index.sources.pdf import _join_lines
from index.text.language import read_language
from index.text.metadata import read_published, read_title
from index.text.sentences import sentence_spans
from index.text.words import with_compounds_split

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (30_000, 300_000)
"""Characters. A function whose time grows with their square fails at the first, in seconds."""
MOST_SECONDS = 2.0
"""Of the processor: a linear function needs a tenth of it."""
EVERYWHERE = (
    *(
        "a",
        "A",
        "Ab ",
        "a ",
        "1",
        " ",
        "\n",
        "\r\n",
        "\n ",
        ".",
        ". ",
        "a. ",
        "A. ",
        "a.\n",
        "!",
        "-",
    ),
    *(
        "\n- ",
        "_",
        "*",
        '"',
        "“",
        "“a ",
        "“a” ",
        "’",
        "»",
        "(",
        "(a) ",
        "[",
        "[1] ",
        "<",
        "日本。",
        "note ",
    ),
)
"""What is tried on every function."""


def check(work: Callable[[str], object], repeated: str, sizes: tuple[int, ...] = SIZES) -> None:
    """Fail if a function needs more than a moment for a text of a repeated piece."""
    for size in sizes:
        text = (repeated * (size // len(repeated) + 1))[:size]
        begun = time.thread_time()
        work(text)
        taken = time.thread_time() - begun
        assert taken < MOST_SECONDS, f"{taken:.1f} s for {size:,} characters of {repeated!r}"


@pytest.mark.parametrize(
    "repeated",
    [
        *EVERYWHERE,
        "note for ",
        "ignore all ",
        "ignore the of ",
        "you are now ",
        "\nif asked x ",
        "if you are an ",
        "system ",
        "\n---",
        "<|",
    ],
)
def test_orders_to_a_program_are_looked_for_in_linear_time(repeated):
    """As one sentence, and as the beginning of a paragraph that goes on."""
    check(lambda text: is_instruction(text, 0, len(text)), repeated)
    check(
        lambda text: [
            is_instruction(text, at, at + 1) for at in range(0, len(text), len(text) // 100)
        ],
        repeated,
    )


@pytest.mark.parametrize(
    "repeated",
    [
        *EVERYWHERE,
        "1. ",
        "?! ",
        "\n1. ",
        "۱. ",
        "Dr. ",
        "“" * 9_000 + "\n\n",
        "a. " + "b" * 7_990 + " ",
    ],
)
def test_sentences_are_found_in_linear_time(repeated):
    """In a text of one endless line as well."""
    check(lambda text: sentence_spans.__wrapped__(text, "en"), repeated)


@pytest.mark.parametrize(
    "repeated",
    [
        *EVERYWHERE,
        "1 May 2021 ",
        "May 1, ",
        "2016-13-45 ",
        "\n1 May 2021",
        "---\n",
        "\n--- ",
        "# a\n",
    ],
)
def test_an_article_is_read_and_cut_in_linear_time(repeated):
    """Its title, day and language, the lines of a file's front matter, its chunks and its likeness."""
    check(lambda text: (read_title(text), read_published(text), read_language(text)), repeated)
    check(lambda text: read_published(f"---\ndate: {text}\n---\n"), repeated)
    check(lambda text: chunk_article(Article("id", "title", text, "source")), repeated)
    check(lambda text: nearly_same(text, {"other": text[:-1]}), repeated)


@pytest.mark.parametrize(
    "repeated", ["it rain-\n", "a-\n", "A line of text\n", "a" * 1_000 + "-\n"]
)
def test_the_lines_of_a_pdf_file_are_joined_in_linear_time(repeated):
    """A paragraph of a hundred thousand lines is no longer copied at each."""
    check(lambda text: list(_join_lines(text.splitlines())), repeated)


@pytest.mark.parametrize(
    "repeated",
    [
        *EVERYWHERE,
        "Ada ",
        "Ada Kern ",
        "Ada Kern, ",
        "A-",
        "a-",
        "a_",
        "AbA",
        "Ab was ",
        "Ada van ",
        "Kern said ",
        "“a b c d e.” ",
        "Mr Ab Cd ",
        " \t",
    ],
)
def test_the_sentences_of_an_article_are_read_in_linear_time(repeated):
    """What is quoted, who speaks, which people it names, and which questions it may answer."""

    def read(text: str) -> None:
        article = Article("id", "Title", f"Title\n\n{text} z", "source", date(2021, 5, 3), "en")
        results = [SearchResult(chunk, 0.5) for chunk in chunk_article(article)]
        for sentence in passage_sentences((article, result) for result in results[:20])[:200]:
            one_quote(sentence)
            speech_of(sentence)
        people(article)
        candidates(article)

    check(read, repeated)


@pytest.mark.parametrize(
    "repeated",
    [*EVERYWHERE, "Ada ", "Ada Kern ", "A-", "a____", "\n\n- ", "1. ", "[1, ", "<think>"],
)
def test_what_a_model_writes_is_read_in_linear_time(repeated):
    """As markup, as claims, and for who is said to speak in it."""
    check(lambda text: plain_text(f"a{text}a"), repeated)
    check(lambda text: parse_claims(text, is_over=False), repeated)
    check(speaker_names, repeated)


@pytest.mark.parametrize(
    "repeated",
    [
        *EVERYWHERE,
        "Ada ",
        "A-",
        "please ",
        "and ",
        "do the mill mill ",
        "do the a-",
        "in articles of ",
        "thanks! ",
        "no ",
    ],
)
def test_a_question_and_what_was_said_before_are_read_in_linear_time(repeated):
    """Also by functions that the questions of the page, which are short, do not show to be slow."""
    for function in (
        plain_question,
        needs_history,
        is_courtesy,
        wants_names,
        wants_words,
        overview_wanted,
        lambda text: without_limit(text, list),
        lambda text: lacks_kind("How old is it?", text),
        lambda text: lacks_kind("When?", text),
        lambda text: has_words(text, text[:100]),
        lambda text: excerpt(text, (0, 1), 20),
        lambda text: whole_names(text[:2_000], (0, 1)),
    ):
        check(function, repeated)
    check(
        lambda text: standalone_question("and when was it?", latest_turns(turns_of(text))), repeated
    )


def turns_of(text: str) -> list[Turn]:
    cited = Citation(1, "id", "version", text, "source", None, 0, 1, text)
    return [Turn(text, Answer(text, (cited,) * 30, "answered", words=text))] * 60


@pytest.mark.parametrize("repeated", [*EVERYWHERE, "Abcd ", "musuem "])
def test_texts_are_ranked_by_a_question_in_linear_time(repeated):
    """A question of 5,000 characters, all of whose words may be misspelt."""
    words = " ".join(
        f"w{chr(97 + number % 26)}{chr(97 + number // 26 % 26)}tq{'x' * (number % 9)}"
        for number in range(700)
    )

    def order(text: str) -> None:
        texts = [text[start : start + 800] for start in range(0, min(len(text), 160_000), 800)]
        chunks = [chunk_article(Article("id", "title", f"{one}z", "source"))[0] for one in texts]
        for question in (text[:5_000], words):
            correct_spelling(question, texts)
            lexical_scores(question, texts)
            with_compounds_split(question, texts[:20])
            rank(question, chunks, [0.5] * len(chunks), 5)

    check(order, repeated)


@pytest.mark.parametrize("repeated", ["a", "a ", " ", "\n", "“", "<", "&", "*"])
def test_what_the_page_shows_is_made_in_linear_time(repeated):
    """An article, a link to a sentence of it, and a conversation as it is copied."""
    check(
        lambda text: article_html(Article("id", "title", text, "source"), [(0, 5), (3, len(text))]),
        repeated,
    )
    check(lambda text: (escaped(text), link_to("https://a.b/", text)), repeated)
    kept = {"answer": {"text": "", "citations": [], "status": "answered"}}
    check(lambda text: as_markdown(text, from_json([{"question": text, **kept}])), repeated)


@pytest.mark.parametrize("repeated", ["note ", "“", "Ada Kern ", "a. ", "A", "日本。", "\n"])
def test_an_article_that_repeats_itself_is_asked_and_suggested_from(new_index, repeated):
    """Question, overview and suggestions take seconds, most of them by the reader and the embedding model."""
    text = "Harbour notes\n\nGreta Lindqvist runs the harbour.\n\n" + repeated * (
        300_000 // len(repeated)
    )
    new_index.add(Article.from_text(text, "notes", language="en"))
    assistant = Assistant(new_index)
    assistant.load()
    begun = time.thread_time()
    assistant.ask(f"who runs the harbour? {repeated * 10}")
    assistant.ask("What is this about?")
    overview("Which people are named?", (), new_index)
    assistant.suggestions()
    assert time.thread_time() - begun < 10 * MOST_SECONDS


def test_a_server_stays_awake_over_an_article_that_repeats_itself(tmp_path, embedder):
    """While such an article is read for a question, others are answered as soon as with an honest one."""
    environment = newcomer(tmp_path)
    with ArticleIndex.open(environment["ARTICLE_INDEX"], embedder) as index:
        honest = Article.from_text(
            "Mill\n\nGreta Lindqvist runs the mill. It is old.", "mill", language="en"
        )
        hostile = Article.from_text("Harbour notes\n\n" + "note " * 60_000, "notes", language="en")
        index.add(honest, hostile)
    with serve_page(environment) as address:
        while httpx.get(f"{address}/health").json()["status"] == "loading":
            time.sleep(0.2)
        usual = slowest_while_asked(address, "Who runs the mill?", honest.id)
        assert slowest_while_asked(address, "What does the note say?", hostile.id) < max(
            1, 3 * usual
        )


def slowest_while_asked(address: str, question: str, article_id: str) -> float:
    """Return the seconds that a server took at most to tell its state while it was asked a question."""
    api = f"{address}/gradio_api/call/ask"
    answers: list[str] = []

    def ask() -> None:
        event = httpx.post(
            api, json={"data": [question, [], [article_id], None]}, timeout=120
        ).json()["event_id"]
        answers.append(httpx.get(f"{api}/{event}", timeout=120).text)

    asking = threading.Thread(target=ask)
    asking.start()
    slowest = 0.0
    while asking.is_alive():
        begun = time.monotonic()
        httpx.get(f"{address}/health", timeout=120).raise_for_status()
        slowest = max(slowest, time.monotonic() - begun)
        time.sleep(0.05)
    assert "event: complete" in answers[0]
    return slowest
