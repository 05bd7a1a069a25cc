from __future__ import annotations

import shutil
import threading
import time
from functools import partial

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from assistant import Assistant, WeightsError
from assistant.quoting.sentences import Sentence
from assistant.reader.reader import CHECKSUMS, SHIPPED_FILES, WEIGHTS, Reader
from assistant.reader.spans import whole_words
from index import Article, ArticleIndex
from index.embedding.minilm import builtin_model_folder
from index.shipped import shipped_article
from index.text.sentences import sentence_spans

ANSWERS = {
    "who is the showrunner of Jessica Jones": "Melissa Rosenberg",
    "when does The Defenders premiere": "2017",
    "when will Jessica Jones likely return": "2018",
    "how many seasons of Daredevil have there been": "two",
    "which outlet did Rosenberg speak to": "THR",
    "what did Rosenberg compare launching Luke Cage to": "teachers in an elementary school",
    "what does she say about the other showrunners": "respectful",
}
UNANSWERED = (
    "who plays Jessica Jones",
    "what is the budget of The Defenders",
    "who directed Iron Man",
    "what is the capital of France",
)


@pytest.fixture(scope="module")
def read(embedder):
    """The shipped reader's reading, its weights being loaded once."""
    return partial(Reader().read, embedder=embedder)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory, embedder):
    """An assistant over the shipped article."""
    with ArticleIndex.open(tmp_path_factory.mktemp("index") / "index", embedder) as index:
        index.add(shipped_article())
        yield Assistant(index)


def sentences(text: str) -> list[Sentence]:
    """Return the sentences of a text, as a passage of some score would give them."""
    article = Article.from_text(text, "source", language="en")
    return [Sentence(article, start, end, 0.5) for start, end in sentence_spans(article.text, "en")]


@pytest.mark.parametrize(("question", "words"), ANSWERS.items())
def test_what_the_article_says_is_answered(assistant, question, words):
    """The answer is in the article's words, and they stand in its quote."""
    answer = assistant.ask(question)
    assert answer.status == "answered"
    assert words in (answer.words or answer.citations[0].quote)
    assert " ".join(answer.citations[0].quote.split()).find(answer.words) >= 0


def test_both_showrunners_are_named(assistant):
    """The answer that everything began with."""
    answer = assistant.ask("who runs The Defenders?")
    assert answer.status == "answered"
    assert answer.words == "Marco Ramirez and Doug Petrie"
    assert answer.text.startswith("Marco Ramirez and Doug Petrie — “")


@pytest.mark.parametrize("question", UNANSWERED)
def test_what_the_article_does_not_say_is_not_answered(assistant, question):
    """A question close to the article, or far from it, gets no answer that is not there."""
    assert assistant.ask(question).status != "answered"


def test_the_sentence_that_answers_comes_first(read):
    """Likeness would put another first, the shorter sentence with "the mill" in it."""
    readings = read(
        "Who is the director of the mill?",
        sentences("The mill is red. Greta Lindqvist has been its director since May. It rained."),
    )
    assert readings[0].sentence.text.startswith("Greta Lindqvist")
    assert all(0 <= reading.score <= 1 for reading in readings)
    start, end = readings[0].span
    assert readings[0].sentence.article.text[start:end] == "Greta Lindqvist"


def test_neighbours_tell_what_a_pronoun_means(read):
    """The same sentence answers better after the sentence that says what "it" is."""
    question = "When was the mill built?"
    alone, beside = (
        max(
            reading.score
            for reading in read(question, sentences(text))
            if "1901" in reading.sentence.text
        )
        for text in (
            "It was built in 1901.",
            "The old mill stands on the river. It was built in 1901.",
        )
    )
    assert beside > alone


def test_the_order_of_the_sentences_changes_nothing(read):
    """Passages come in the order of their score; the windows that are read are those of the text."""
    given = sentences("The mill is red. It was built in 1901. Greta Lindqvist is its director.")
    one, other = (read("Who is the director?", order) for order in (given, given[::-1]))
    assert [reading.sentence for reading in one] == [reading.sentence for reading in other]
    assert np.allclose(
        [reading.score for reading in one], [reading.score for reading in other], atol=1e-6
    )


def test_reading_nothing_gives_nothing(read):
    """No sentences, no readings."""
    assert read("who?", []) == []


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("who", "It rained."),
        ("why " * 1_000, "It rained."),
        ("谁经营这家工厂？", "这家工厂由格蕾塔经营。"),
        ("кто владеет мельницей", "Мельницей владеет Грета."),
        ("من يدير المطحنة؟", "تدير غريتا المطحنة."),
        ("☃", "☃ ☃ ☃"),
        ("who?", "mill " * 5_000),
        ("who?", "\u200b"),
        ("who?", "x" * 20_000),
    ],
)
def test_strange_texts_get_sane_readings(read, question, text):
    """One word or a thousand, other alphabets, an endless sentence: each gets a probability, and a span inside it."""
    article = Article("id", "title", text, "source")
    (reading,) = read(question, [Sentence(article, 0, len(text), 0.5)])
    assert 0 <= reading.score <= 1
    start, end = reading.span
    assert 0 <= start <= end <= len(text)


@pytest.mark.parametrize(
    ("piece", "whole"),
    [("27", "27,534"), ("6", "6.4"), ("82", "1.82:1"), ("mil", "million"), ("End", "End")],
)
def test_a_span_breaks_no_word_and_no_number(piece, whole):
    """The network's tokens are parts of words, and of numbers with a point, a comma or a colon."""
    text = "It is 27,534 long, 6.4 million, 1.82:1. End"
    start = text.index(piece)
    assert text[slice(*whole_words(text, start, start + len(piece)))] == whole


def test_fifty_threads_read_what_one_reads(read):
    """Reading at the same time changes no reading."""
    given = sentences("The mill is red. It was built in 1901. Greta Lindqvist is its director.")
    questions = ["Who is the director?", "When was it built?", "What colour is the mill?"]
    expected = {question: read(question, given) for question in questions}
    wrong = []

    def compare(question):
        if read(question, given) != expected[question]:
            wrong.append(question)

    threads = [
        threading.Thread(target=compare, args=(questions[number % 3],)) for number in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("name", [*SHIPPED_FILES, CHECKSUMS])
def test_missing_weights_are_an_error_that_says_what_to_do(tmp_path, name):
    """The message names the file; nothing is fetched in its place."""
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS, folder)
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=rf"{name}.*Install the project again"):
        Reader(folder).load()


@pytest.mark.parametrize("name", SHIPPED_FILES)
def test_damaged_weights_are_never_read(tmp_path, name):
    """One changed byte is noticed, and so is a file that was cut short."""
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS, folder)
    whole = (folder / name).read_bytes()
    for damaged in (whole[:-1], bytes([whole[0] ^ 1]) + whole[1:]):
        (folder / name).write_bytes(damaged)
        with pytest.raises(WeightsError, match=f"damaged.*{name}"):
            Reader(folder).load()


def test_damaged_weights_are_a_message_to_who_asks(new_index, tmp_path, monkeypatch):
    """The question ends with one sentence, not with what safetensors makes of it."""
    monkeypatch.setattr("assistant.answering.Reader", lambda: Reader(tmp_path))
    new_index.add(Article.from_text("It rained.", "rain"))
    with pytest.raises(WeightsError, match="Install the project again"):
        Assistant(new_index).ask("did it rain?")


@pytest.mark.parametrize(
    "question",
    ["Is Greta Lindqvist the director?", "Why was the mill sold?", "How was the mill sold?"],
)
def test_a_sentence_answers_where_words_cannot(new_index, question):
    """Yes or no, why and how get the sentence, not a span cut out of it."""
    new_index.add(
        Article.from_text(
            "The mill\n\nGreta Lindqvist is the director of the mill. The mill was sold by auction last year because "
            "it had burned down.",
            "mill",
        )
    )
    answer = Assistant(new_index).ask(question)
    assert answer.words == ""
    assert answer.text.startswith("“")


def test_a_sentence_that_refers_back_is_quoted_with_the_one_before(new_index):
    """Who "she" is stands in the same quote."""
    new_index.add(
        Article.from_text(
            "The mill\n\nGreta Lindqvist bought the mill. She opened it again in 1988. It is red.",
            "mill",
        )
    )
    answer = Assistant(new_index).ask("When did Greta Lindqvist open the mill again?")
    assert answer.words == "1988"
    assert (
        answer.citations[0].quote == "Greta Lindqvist bought the mill. She opened it again in 1988."
    )


@pytest.mark.slow
def test_reading_and_answering_are_quick(assistant, read):
    """Forty sentences are read, and a question answered, in less time than sentence-transformers embeds the forty."""
    text = (
        "The old paper mill on the river in Ostheim was sold in {} to the director Greta Lindqvist, who had worked in "
        "it for many years and who wished to open it again for visitors from the town."
    )
    given = sentences("\n\n".join(text.format(year) for year in range(1960, 2000)))
    assert len(given) == 40
    whole = SentenceTransformer(str(builtin_model_folder()), local_files_only=True)
    works = {
        "embed": lambda: whole.encode([sentence.text for sentence in given]),
        "read": lambda: read("who bought the mill?", given),
        "answer": lambda: assistant.ask("who runs The Defenders?"),
    }
    seconds = {name: [] for name in works}
    for _ in range(20):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - began)
    embedding, reading, answering = (float(np.median(taken[2:])) for taken in seconds.values())
    assert max(reading, answering) <= embedding
