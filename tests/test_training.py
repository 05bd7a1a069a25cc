"""Training on a handful of questions of our own, in the formats of the public files."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from assistant.quoting.sentences import Sentence
from assistant.reader.network import QUESTION_TOKENS, SENTENCE_TOKENS, Network, collate, encode
from assistant.reader.reader import Reader
from benchmarks.visiting import ROOT
from index import Article
from training.develop import Passage, figures, without_answer
from training.entailment import (
    CLAIM,
    CONTRADICTED,
    ENTAILED,
    NEITHER,
    QUESTION,
    YES,
    VerdictMaker,
    read_judged,
)
from training.held_back import KnownTexts, is_held_back
from training.network import MINILM, new_network, pretrained, save_weights
from training.question_sets import held_back_texts, read_held_back, read_sets
from training.reader_data import read_all, untokenised
from training.reader_windows import ItemMaker
from training.swaps import Swaps
from training.train_reader import mean_network

PLACES = ("Ostheim", "Westhaven", "Norburg", "Suderby", "Lindau", "Karlstad", "Berghem", "Dalby")
PEOPLE = (
    "Greta Lindqvist",
    "Ida Berg",
    "Olof Palm",
    "Nils Ek",
    "Eva Strand",
    "Karl Ahl",
    "Maja Lund",
    "Per Holm",
)


def squad(facts: list[tuple[str, str]], question: str) -> dict[str, object]:
    """Return a file in SQuAD format: an entry a place, its second sentence being the answer."""
    data = []
    for place, person in facts:
        context = (
            f"The mill in {place} stands on the river. It belongs to {person} since May. It is red."
        )
        answer = {"text": person, "answer_start": context.index(person)}
        qas = [{"id": place, "question": question.format(place), "answers": [answer]}]
        data.append({"title": place, "paragraphs": [{"context": context, "qas": qas}]})
    return {"version": "1", "data": data}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder like that of the training data, with a few lines in each file."""
    folder = tmp_path_factory.mktemp("data")
    facts = list(zip(PLACES, PEOPLE, strict=True))
    for part, some in (("dev", facts[:4]), ("test", facts[4:])):
        sentences = [
            f"the mill -lrb- in {place.lower()} -rrb- was built by {who.lower()} ."
            for place, who in some
        ]
        questions = [f"who built the mill in {place.lower()} ?" for place, _ in some]
        (folder / f"squad-sentences-{part}.txt").write_text("\n".join(sentences) + "\n")
        (folder / f"squad-questions-{part}.txt").write_text("\n".join(questions) + "\n")
        rows = [
            f"Wiki1k:wikinews:{place}:0:1\t0\t1\t0\t0\tWho bought the {place} mill ?\t0 1\t2:0 1\t3:1"
            for place, _ in some
        ]
        rows.append(f"Wiki1k:wikinews:{some[0][0]}:0:1\t0\t1\t0\t0\tWho is it that ?\t0 1\t2:\t3:")
        (folder / f"qamr-{part}.tsv").write_text("\n".join(rows) + "\n")
        policy = squad(some, "Who owns the mill of {}?")
        (folder / f"policyqa-{part}.json").write_text(json.dumps(policy))
    sentences = [f"Wiki1k:wikinews:{place}:0:0\tIt rained in {place} ." for place in PLACES]
    sentences += [
        f"Wiki1k:wikinews:{place}:0:1\t{who} bought the {place} mill ." for place, who in facts
    ]
    (folder / "qamr-sentences.tsv").write_text("\n".join(sentences) + "\n")
    held_out = squad(
        [("Halmstad", "Anna Krona"), ("Falun", "Jon Bly"), ("Visby", "Ulf Ros")],
        "Who owns {}'s mill?",
    )
    (folder / "xquad-en.json").write_text(json.dumps(held_out))
    return folder


TOWNS = [
    f"{first}{last}"
    for first in ("Ek", "Sol", "Ask", "Lund", "Berg", "Vik")
    for last in ("by", "torp", "heim")
]


@pytest.fixture(scope="module")
def more(tmp_path_factory, data):
    """A folder of question sets in one form: one question of each town with an answer, one without."""
    folder = tmp_path_factory.mktemp("more")
    rows, yes_no = [], []
    for number, town in enumerate(TOWNS):
        sentence = f"The old ferry of {town} was painted green by Ulla Ros in {1900 + number}, long after the storm."
        context = f"Rain fell on {town} for {number} days. {sentence} It still runs."
        painter = [{"text": "Ulla Ros", "start": context.index("Ulla")}]
        evidence = [{"text": sentence, "start": context.index(sentence)}]
        row = {"context": context, "answers": painter, "answerable": True, "evidence": evidence}
        rows.append(row | {"question": f"Who painted the ferry of {town}?"})
        trap = {"answers": [], "answerable": False, "evidence": [], "plausible": painter}
        rows.append(row | trap | {"question": f"Who sold the ferry of {town}?"})
        yes_no.append(
            row | {"question": f"Is the ferry of {town} green?", "answers": [], "yes_no": "yes"}
        )
    pairs = [
        {"a": f"{town} has a bridge.", "b": f"{town} has no bridge.", "label": "contradiction"}
        for town in TOWNS
    ]
    pairs.append({"a": "Why is it so?", "b": "Because of the wind.", "label": "answers"})
    for name, lines in (("squad2-dev-half", rows), ("boolq", yes_no), ("pairs", pairs)):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def train(data, out, minutes):
    """Return the process of a training run."""
    command = [
        sys.executable,
        "-m",
        "training.train_reader",
        str(data),
        str(out),
        "--minutes",
        str(minutes),
    ]
    command += ["--checkpoint-minutes", "0"]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_treebank_tokens_are_written_as_text():
    """Brackets, quotation marks and punctuation stand where a writer puts them."""
    assert untokenised("he said it 's 5 -lrb- or 6 -rrb- % .") == "he said it's 5 (or 6)%."


def test_every_file_is_read(data):
    """Each corpus has its questions; an answer that no validator confirmed is left out, and so is what XQuAD has."""
    corpora = {corpus.name: corpus for corpus in read_all(data)}
    assert {name: len(corpus.examples) for name, corpus in corpora.items()} == {
        "SQuAD lines, dev": 4,
        "SQuAD lines, test": 4,
        "QAMR": 8,
        "policyqa-dev": 4,
        "policyqa-test": 4,
    }
    for corpus in corpora.values():
        for example in corpus.examples:
            sentence = corpus.documents[example.document][example.answers[0]]
            if example.span:
                assert sentence[slice(*example.span)] in PEOPLE


def test_windows_hold_the_answer_or_say_that_they_do_not(data):
    """The answering sentence and its words are where an item says; without one, nothing is marked."""
    maker = ItemMaker(read_all(data))
    generator = random.Random(1)
    items = [item for _ in range(80) for item in maker.items(generator)]
    for item in items:
        count = sum(map(len, item.windows))
        assert all(0 <= answer < count for answer in item.answers)
        if item.span:
            sentence = [sentence for window in item.windows for sentence in window][item.answers[0]]
            assert 0 <= item.span[0] <= item.span[1] < len(sentence.ids)
    without = np.mean([not item.answers for item in items])
    assert 0.2 < without < 0.5


def test_held_back_contexts_are_not_trained_on(data, more):
    """A stable part of the contexts is read for measuring only, and no text with their words in a row is trained on."""
    held_back = read_held_back(more, "squad2-dev-half")
    known = held_back_texts(more, data)
    trained = next(corpus for corpus in read_sets(more, known) if corpus.name == "squad2-dev-half")
    assert len(held_back.documents) + len(trained.documents) == len(TOWNS)
    assert held_back.documents
    for document in held_back.documents:
        assert known.overlap(f"It is said that {document[1]}")
        assert document not in trained.documents
    assert is_held_back("The mill, it is red.") == is_held_back("the mill – it is RED")


def test_a_text_overlaps_by_words_in_a_row():
    """Eight words in a row are enough, whatever stands between them; fewer are not."""
    known = KnownTexts(["one two three four five six seven eight nine"])
    assert known.overlap("They say: two, three, four, five, six, seven, eight, nine!")
    assert not known.overlap("three four five six seven eight nine ten eleven")


def test_question_sets_mark_the_answering_sentence_and_the_trap(data, more):
    """An answerable question has its sentence and words, an unanswerable one the sentence that tempts."""
    corpus = next(
        corpus for corpus in read_sets(more, KnownTexts([])) if corpus.name == "squad2-dev-half"
    )
    for example in corpus.examples:
        document = corpus.documents[example.document]
        if example.answers:
            assert example.answers == (1,)
            assert document[1][slice(*example.span)] == "Ulla Ros"
        else:
            assert (example.span, example.trap) == (None, 1)
    items = [item for _ in range(10) for item in ItemMaker([corpus]).items(random.Random(2))]
    assert 0.5 < np.mean([not item.answers for item in items]) < 0.9


def test_a_swapped_question_asks_for_something_else():
    """One word is another of its kind, which the passage does not have; a verb that means the same is not taken."""
    swaps = Swaps(["When did Ida Berg leave in 1912?", "Was it 1950 or 1951 in Dalby?"])
    passage = ["Greta Ek founded the mill in 1868."]
    generator = random.Random(3)
    asked = {swaps.swapped("Who founded it in 1868?", passage, generator) for _ in range(300)}
    years = {question for question in asked if question.startswith("Who founded")}
    assert years == {f"Who founded it in {year}?" for year in (1912, 1950, 1951)}
    verbs = {question.split()[1] for question in asked - years}
    assert {"sold", "demolished"} <= verbs
    assert not verbs & {"founded", "opened", "began"}


def test_verdicts_are_read_and_shown(more):
    """A yes/no question and a claim have theirs; a label that says nothing of a verdict is left out."""
    judged = read_judged(more, KnownTexts([]))
    assert {each.verdict.among for each in judged} == {QUESTION, CLAIM}
    assert "Because of the wind." not in {each.text for each in judged}
    stream = VerdictMaker(judged, pretrained(MINILM).tokenizer).items(random.Random(1))
    items = [next(stream) for _ in range(300)]
    assert {item.verdict.right for item in items} == {(YES,), (NEITHER,), (CONTRADICTED,)}
    assert all(item.windows[0] and not item.answers for item in items)
    assert ENTAILED in CLAIM


def test_development_figures_compare_passages_with_and_without_their_answer():
    """A passage is read whole and once more without its answering sentence; few questions give every figure."""
    passages = [
        Passage(
            f"Who built {place}?", ("It rained.", f"{who} built {place}.", "It is red."), (1,), who
        )
        for place, who in zip(PLACES, PEOPLE, strict=True)
    ]
    assert without_answer(passages[0]).sentences == ("It rained.", "It is red.")
    network = new_network().eval()
    found = figures(
        network, pretrained(MINILM), [*passages, Passage("Who sold it?", ("It rained.",), (), None)]
    )
    assert (found["answerable"], found["unanswerable"]) == (8, 1)
    shares = [
        found[name] for name in ("first", "AUC", "at .8", "AUC, taken out", "at .8, taken out")
    ]
    assert all(0 <= share <= 1 for share in shares)


def test_further_training_begins_with_the_mean_of_weights(tmp_path):
    """Of each weight, whatever folders of training they come from; the word vectors are the packaged ones."""
    networks = [new_network(), new_network()]
    for number, network in enumerate(networks):
        (tmp_path / str(number)).mkdir()
        save_weights(network, tmp_path / str(number))
    mean = mean_network([tmp_path / "0", tmp_path / "1"])
    expected = (networks[0].answers.weight + networks[1].answers.weight) / 2
    assert torch.allclose(mean.answers.weight, expected, atol=1e-4)
    assert not torch.allclose(mean.answers.weight, networks[0].answers.weight, atol=1e-4)
    assert torch.equal(
        mean.encoder.embeddings.word_embeddings.weight,
        networks[0].encoder.embeddings.word_embeddings.weight,
    )


@pytest.mark.slow
def test_a_run_survives_being_stopped_and_learns(data, tmp_path, embedder):
    """A run that is killed goes on where it was; at its end there are weights, thresholds and checksums."""
    out = tmp_path / "out"
    killed = train(data, out, 0.3)
    deadline = time.monotonic() + 120
    while (
        not (out / "checkpoint.pt").exists()
        and killed.poll() is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.2)
    killed.kill()
    killed.communicate()
    assert (out / "checkpoint.pt").exists()
    resumed = train(data, out, 0.3)
    printed, _ = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, printed
    reader = Reader(out)
    text = "The mill in Dalby stands on the river. It belongs to Per Holm since May. It is red."
    article = Article.from_text(text, "mill", language="en")
    given = [Sentence(article, start, end, 0.5) for start, end in ((0, 38), (39, 72), (73, 83))]
    readings = reader.read("Who owns the mill of Dalby?", given, embedder)
    assert "Per Holm" in readings[0].sentence.text


def test_what_is_trained_is_what_runs(tmp_path):
    """The same windows have the same logits in torch and where they are read, but for what bfloat16 rounds."""
    network = new_network().eval()
    (tmp_path / "one").mkdir()
    running = Network(save_weights(network, tmp_path / "one").read_bytes())
    asked = encode(["Who bought the mill?"], QUESTION_TOKENS)[0].ids
    texts = ["Greta Lindqvist bought the mill.", "It had stood empty for ten years.", "It is red."]
    first, second, third = encode(texts, SENTENCE_TOKENS)
    batch = collate([(asked, [first, second]), (asked, [third])])
    with torch.inference_mode():
        trained = network(batch)
    for number, logits in enumerate(running.read(batch)):
        inside = torch.from_numpy(batch.sentence_of == number)
        assert logits.answer == pytest.approx(trained.answers[number].item(), abs=0.05)
        assert np.allclose(logits.starts, trained.starts[inside], atol=0.05)
        assert np.allclose(logits.ends, trained.ends[inside], atol=0.05)
