"""Questions → what the reader reads in training: windows with the answer, hard windows without it, worn questions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.reader.network import QUESTION_TOKENS, SENTENCE_TOKENS, EncodedSentence, encode
from index.embedding.minilm import builtin_tokenizer
from index.text.words import content_words

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from training.reader_data import Corpus, Example

NEIGHBOURS = 8
"""How many sentences near a question by their words, but no answers to it, stand ready as negatives."""
SMALLEST_WINDOW, LARGEST_WINDOW = 30, 180
"""Tokens."""

SHARES = {"QAMR": 0.6, "policyqa-dev": 0.4, "policyqa-test": 0.4}
"""How much of a corpus is seen in each pass; what is not named is seen whole."""
ECHOES = (
    "{}",
    "{}",
    "this article looks at {}.",
    "it is not known {}.",
    "there has been much talk of {}.",
    "we wished to learn more about {}.",
    "{}: an overview",
    "many have asked about {}.",
)
WORN = 0.25
"""The share of questions that are shown as people type them."""
ALONE = 0.3
"""The share of made-up sentences that have a window of their own."""
MOST_NEAR_PASSAGES = 3
UNHEARD_OF = 0.2
"""The share of questions that have words nobody knows, as those of a new field are."""
FIRST_WORD_TOKEN = 2_000
"""The vocabulary's first tokens are reserved, or single characters."""

_WORD = re.compile(r"\w+")
_ASKING = re.compile(
    r"^\W*(?:(?:in|on|at|for|to|of|from|by|with) )?(?:what|which|who|whom|whose|when|where|why|how)\b"
    r"(?: (?:many|much|long|often|old|far))?\s*"
    r"(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b)?\s*",
    re.IGNORECASE,
)
_LEFT_OUT_IN_HASTE = re.compile(
    r"\b(?:a|an|the|is|are|was|were|did|does|do|of|to|in|has|have|had|been)\b\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Item:
    """A question with windows of sentences.

    `answers` are the numbers of the sentences that answer, counted over all windows; `span` is the first and last token
    of the answer in the first of them, where it is known.
    """

    question: tuple[int, ...]
    windows: tuple[tuple[EncodedSentence, ...], ...]
    answers: tuple[int, ...]
    span: tuple[int, int] | None

    @property
    def width(self) -> int:
        """The tokens of the longest window, with the question."""
        longest = max(sum(len(sentence.ids) for sentence in window) for window in self.windows)
        return longest + len(self.question) + 3


Stage = Callable[["ItemMaker", "_Scene", "random.Random"], None]
"""What makes of a question and its passage what the question is shown with."""


@dataclass(slots=True)
class _Scene:
    """A question in the making of an item.

    Windows hold the numbers of sentences; a made-up sentence has a number below 0, by which `made` knows it.
    """

    question: str
    windows: list[list[int]]
    answers: list[int]
    span: tuple[int, int] | None
    near: list[int]
    made: dict[int, EncodedSentence] = field(default_factory=dict)

    def make(self, sentence: EncodedSentence) -> int:
        """Take in a made-up sentence and return its number."""
        self.made[-1 - len(self.made)] = sentence
        return -len(self.made)

    def put(self, number: int, generator: random.Random) -> None:
        """Put a sentence before, into or after the passage, or into a window of its own."""
        if generator.random() < ALONE:
            self.windows.insert(generator.randrange(len(self.windows) + 1), [number])
        else:
            passage = self.windows[0]
            passage.insert(generator.choice((0, generator.randrange(len(passage) + 1))), number)


class ItemMaker:
    """Makes the items of one pass after another, all choices being those of a random number generator."""

    def __init__(self, corpora: Sequence[Corpus]) -> None:
        """Encode all sentences, and find the near ones for each question."""
        self._questions: list[tuple[Example, int]] = []
        """Each question, with the number of its document's first sentence."""
        self._corpus_of: list[str] = []
        texts: list[str] = []
        bounds: list[tuple[int, int]] = []
        for corpus in corpora:
            firsts = []
            for document in corpus.documents:
                firsts.append(len(texts))
                bounds += [(len(texts), len(texts) + len(document))] * len(document)
                texts += document
            self._questions += [(example, firsts[example.document]) for example in corpus.examples]
            self._corpus_of += [corpus.name] * len(corpus.examples)
        self._texts = texts
        self._bounds = bounds
        self._sentences = encode(texts, SENTENCE_TOKENS)
        self._near = _near_sentences(texts, self._questions)
        self._content = [
            word for example, _ in self._questions[::3] for word in _WORD.findall(example.question)
        ]

    def items(self, generator: random.Random) -> Iterator[Item]:
        """Yield the items of one pass, in random order."""
        seen = [
            number
            for number, corpus in enumerate(self._corpus_of)
            if generator.random() < SHARES.get(corpus, 1.0)
        ]
        generator.shuffle(seen)
        for number in seen:
            stage = generator.choices(list(self.STAGES), list(self.STAGES.values()))[0]
            yield self._item(number, stage, generator)

    def _item(self, number: int, stage: Stage, generator: random.Random) -> Item:
        """Return the item of a question, its passage being what a stage makes of it."""
        example, first = self._questions[number]
        answers = [first + answer for answer in example.answers]
        near = [
            int(other) for other in self._near[number] if other >= 0 and int(other) not in answers
        ]
        passage = self._around(answers, generator)
        scene = _Scene(example.question, [passage], answers, self._span(example, answers[0]), near)
        stage(self, scene, generator)
        windows = [window for window in scene.windows if window] or [
            [generator.randrange(len(self._texts))]
        ]
        order = [sentence for window in windows for sentence in window]
        places = tuple(place for place, sentence in enumerate(order) if sentence in scene.answers)
        pointed = (
            places and order[places[0]] == scene.answers[0]
        )  # The words are those of the first that answers.
        encoded = [
            tuple(scene.made.get(each) or self._sentences[each] for each in window)
            for window in windows
        ]
        asked = _worn(scene.question, generator) if generator.random() < WORN else scene.question
        tokens = encode([asked], QUESTION_TOKENS)[0]
        if generator.random() < UNHEARD_OF:
            unheard_of = _unheard_of(asked, tokens, generator)
            tokens = _in_other_tokens(tokens, unheard_of)
            encoded = [
                tuple(_in_other_tokens(each, unheard_of) for each in window) for window in encoded
            ]
        return Item(tokens.ids, tuple(encoded), places, scene.span if pointed else None)

    def _the_passage(self, _scene: _Scene, _generator: random.Random) -> None:
        """Leave the answering sentence among those around it."""

    def _among_near_sentences(self, scene: _Scene, generator: random.Random) -> None:
        some = generator.sample(scene.near, min(len(scene.near), generator.randint(2, 5)))
        scene.windows = [[*scene.answers, *some]]
        generator.shuffle(scene.windows[0])

    def _with_a_near_passage(self, scene: _Scene, generator: random.Random) -> None:
        for _ in range(generator.randint(1, MOST_NEAR_PASSAGES)):
            scene.windows.append(self._near_passage(scene, generator))
        generator.shuffle(scene.windows)

    def _beside_an_echo(self, scene: _Scene, generator: random.Random) -> None:
        echo = encode([_echo(scene.question, generator)], SENTENCE_TOKENS)[0]
        scene.put(scene.make(echo), generator)

    def _beside_its_shadow(self, scene: _Scene, generator: random.Random) -> None:
        if scene.span:
            scene.put(
                scene.make(_without(self._sentences[scene.answers[0]], scene.span)), generator
            )
        else:
            self._beside_an_echo(scene, generator)

    def _without_its_answer(self, scene: _Scene, _generator: random.Random) -> None:
        scene.windows = [
            [sentence for sentence in scene.windows[0] if sentence not in scene.answers]
        ]
        scene.answers = []

    def _an_echo_alone(self, scene: _Scene, generator: random.Random) -> None:
        self._without_its_answer(scene, generator)
        self._beside_an_echo(scene, generator)

    def _only_a_near_passage(self, scene: _Scene, generator: random.Random) -> None:
        scene.windows = [self._near_passage(scene, generator)]
        scene.answers = []

    def _another_question(self, scene: _Scene, generator: random.Random) -> None:
        if other := self._other_question(scene.question, scene.windows[0], generator):
            scene.question, scene.answers = other, []

    def _answer_cut_out(self, scene: _Scene, _generator: random.Random) -> None:
        if scene.span:
            shadow = scene.make(_without(self._sentences[scene.answers[0]], scene.span))
            scene.windows = [
                [shadow if each == scene.answers[0] else each for each in scene.windows[0]]
            ]
            scene.answers = []

    def _near_passage(self, scene: _Scene, generator: random.Random) -> list[int]:
        """Return what is around a near sentence, without what stands in the question's own passage."""
        if not scene.near:
            return []
        taken = {*scene.answers, *(sentence for window in scene.windows for sentence in window)}
        around = self._around([generator.choice(scene.near)], generator)
        return [sentence for sentence in around if sentence not in taken]

    STAGES: ClassVar[dict[Stage, float]] = {
        _the_passage: 0.24,
        _among_near_sentences: 0.13,
        _with_a_near_passage: 0.14,
        _beside_an_echo: 0.11,
        _beside_its_shadow: 0.07,
        _without_its_answer: 0.10,
        _an_echo_alone: 0.04,
        _only_a_near_passage: 0.07,
        _another_question: 0.06,
        _answer_cut_out: 0.04,
    }
    """What a question is shown with, and how often; with the last five it has no answer.

    An echo is a sentence or heading that has the question's words, but no answer; a shadow is the answering sentence
    without the answering words. Without them, the sentence that shares most words with its question would nearly always
    be right.
    """

    def _around(self, sentences: Sequence[int], generator: random.Random) -> list[int]:
        """Return some sentences with a random number of those beside them, in the order of the text."""
        low, high = self._bounds[sentences[0]]
        room = generator.randint(SMALLEST_WINDOW, LARGEST_WINDOW)
        room -= sum(len(self._sentences[sentence].ids) for sentence in sentences)
        begin, end = min(sentences), max(sentences) + 1
        before = generator.random()
        while room > 0 and (begin > low or end < high):
            if end >= high or (begin > low and generator.random() < before):
                begin -= 1
                room -= len(self._sentences[begin].ids)
            else:
                room -= len(self._sentences[end].ids)
                end += 1
        return list(range(begin, end))

    def _span(self, example: Example, sentence: int) -> tuple[int, int] | None:
        """Return the first and the last token of the answer in its first sentence."""
        if example.span is None:
            return None
        start, end = example.span
        offsets = self._sentences[sentence].offsets
        inside = [
            place for place, (begin, stop) in enumerate(offsets) if begin < end and start < stop
        ]
        return (inside[0], inside[-1]) if inside else None

    def _other_question(
        self, asked: str, window: Sequence[int], generator: random.Random
    ) -> str | None:
        """Return a question that the window does not answer: one of the words that they share is another one."""
        held = {word for sentence in window for word in content_words(self._texts[sentence])}
        shared = [word for word in _WORD.findall(asked) if set(content_words(word)) & held]
        if not shared:
            return None
        replaced = generator.choice(shared)
        for _ in range(20):
            other = generator.choice(self._content)
            alike = (
                other.isdigit() == replaced.isdigit()
                and other[0].isupper() == replaced[0].isupper()
            )
            words = set(content_words(other))
            if alike and words and not words & held:
                return re.sub(rf"\b{re.escape(replaced)}\b", other, asked)
        return None


def _echo(question: str, generator: random.Random) -> str:
    """Return a sentence or heading that repeats a question without answering it."""
    rest = _ASKING.sub("", question).rstrip(" ?") or question
    return generator.choice(ECHOES).format(rest)


def _without(sentence: EncodedSentence, span: tuple[int, int]) -> EncodedSentence:
    """Return a sentence without the tokens of a span."""
    first, last = span
    return EncodedSentence(
        (sentence.ids[:first] + sentence.ids[last + 1 :]) or sentence.ids[:1],
        (sentence.offsets[:first] + sentence.offsets[last + 1 :]) or sentence.offsets[:1],
    )


def _unheard_of(question: str, tokens: EncodedSentence, generator: random.Random) -> dict[int, int]:
    """Return other tokens at random for about half of those that a question's content words are made of."""
    content = [match.span() for match in _WORD.finditer(question) if content_words(match.group())]
    inside = {
        token
        for token, (start, end) in zip(tokens.ids, tokens.offsets, strict=True)
        if any(begin <= start and end <= stop for begin, stop in content)
    }
    words = range(FIRST_WORD_TOKEN, builtin_tokenizer().get_vocab_size())
    return {token: generator.choice(words) for token in sorted(inside) if generator.random() < 0.5}  # noqa: PLR2004


def _in_other_tokens(sentence: EncodedSentence, others: dict[int, int]) -> EncodedSentence:
    """Return a sentence with some tokens replaced by others."""
    return EncodedSentence(
        tuple(others.get(token, token) for token in sentence.ids), sentence.offsets
    )


def _worn(question: str, generator: random.Random) -> str:
    """Return a question as people type it: without its mark, in telegraph style, or with a slip of the keys."""
    how = generator.random()
    if how < 0.35:  # noqa: PLR2004  # the shares of the three ways
        return question.rstrip(" ?")
    if how < 0.6:  # noqa: PLR2004
        return _LEFT_OUT_IN_HASTE.sub("", question).rstrip(" ?") or question
    longer = [match for match in _WORD.finditer(question) if len(match.group()) > 4]  # noqa: PLR2004
    if not longer:
        return question
    word = generator.choice(longer)
    at = word.start() + generator.randrange(1, len(word.group()) - 1)
    slips = (
        question[:at] + question[at + 1 :],
        question[:at] + question[at] + question[at:],
        question[:at] + question[at + 1] + question[at] + question[at + 2 :],
    )
    return generator.choice(slips)


def _near_sentences(
    texts: Sequence[str], questions: Sequence[tuple[Example, int]]
) -> npt.NDArray[np.int32]:
    """Return for each question the numbers of the sentences that share most with it (tf-idf), answers left out."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=content_words, sublinear_tf=True)
    sentences = vectorizer.fit_transform(texts).T.tocsc()
    asked = vectorizer.transform([example.question for example, _ in questions])
    near = np.full((len(questions), NEIGHBOURS), -1, dtype=np.int32)
    for begin in range(0, len(questions), 512):
        scores = (asked[begin : begin + 512] @ sentences).toarray()
        for row, (example, first) in enumerate(questions[begin : begin + 512]):
            scores[row, [first + answer for answer in example.answers]] = 0
        best = np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        near[begin : begin + len(best)] = np.where(
            np.take_along_axis(scores, best, 1) > 0, best, -1
        )
    return near
