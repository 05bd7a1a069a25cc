"""Questions → items of training: windows with the answer, hard windows without it, worn questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from assistant.reader.network import QUESTION_TOKENS, SENTENCE_TOKENS, WINDOW_TOKENS, encode
from index.embedding.minilm import builtin_tokenizer
from training.items import Item
from training.neighbours import Neighbours, holds
from training.question_forms import echo, in_other_tokens, unheard_of, without_span, worn
from training.swaps import Swaps

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from tokenizers import Tokenizer

    from assistant.reader.network import EncodedSentence
    from training.reader_data import Corpus, Example

SMALLEST_WINDOW, LARGEST_WINDOW = 30, 220
"""Tokens."""
WORN = 0.25
"""The share of questions that are shown as people type them."""
ALONE = 0.3
"""The share of made-up sentences that have a window of their own."""
MOST_NEAR_PASSAGES = 3
UNHEARD_OF = 0.12
"""The share of questions that have words nobody knows, as a new field's words are."""
REMEMBERED = 50_000
"""How many encoded sentences are kept."""


Stage = Callable[["ItemMaker", "_Scene", "random.Random"], None]
"""Changes a question and its passage into what is shown."""


@dataclass(slots=True)
class _Scene:
    """A question in the making of an item.

    Attributes:
        question: The question.
        windows: Windows of sentence numbers; a made-up sentence has a negative number.
        answers: The numbers of the answering sentences.
        span: The answer's first and last token in the first of these, if known.
        words: The answer's words, if known.
        made: The made-up sentences by their numbers.
    """

    question: str
    windows: list[list[int]]
    answers: list[int]
    span: tuple[int, int] | None
    words: str | None
    near: Callable[[], list[int]]
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
    """Makes the items of one pass after another, all choices being those of a random generator."""

    def __init__(self, corpora: Sequence[Corpus], tokenizer: Tokenizer | None = None) -> None:
        """Gather all sentences and questions; without a tokenizer, tokens are MiniLM's."""
        self._questions: list[tuple[Example, int]] = []
        """Each question, with the number of its document's first sentence."""
        self._shares: list[float] = []
        """The share of passes in which each question is seen."""
        self._texts: list[str] = []
        self._bounds: list[tuple[int, int]] = []
        for corpus in corpora:
            firsts = []
            for document in corpus.documents:
                first = len(self._texts)
                firsts.append(first)
                self._bounds += [(first, first + len(document))] * len(document)
                self._texts += document
            self._questions += [(example, firsts[example.document]) for example in corpus.examples]
            self._shares += [corpus.share] * len(corpus.examples)
        self._tokenizer = tokenizer or builtin_tokenizer()
        self._encoded = lru_cache(REMEMBERED)(self._encode)
        self._neighbours = Neighbours(self._texts)
        self._swaps = Swaps(example.question for example, _ in self._questions[::3])

    def _encode(self, number: int) -> EncodedSentence:
        return encode([self._texts[number]], SENTENCE_TOKENS, self._tokenizer)[0]

    def items(self, generator: random.Random) -> Iterator[Item]:
        """Yield the items of one pass, in random order."""
        seen = [number for number, share in enumerate(self._shares) if generator.random() < share]
        generator.shuffle(seen)
        for number in seen:
            answerable = bool(self._questions[number][0].answers)
            stages = self.STAGES if answerable else self.UNANSWERABLE_STAGES
            stage = generator.choices(list(stages), list(stages.values()))[0]
            yield self._item(number, stage, generator)

    def _item(self, number: int, stage: Stage, generator: random.Random) -> Item:
        """Return the item of a question, its passage being what a stage makes of it."""
        scene = self._scene(number, generator)
        stage(self, scene, generator)
        windows = [part for window in scene.windows for part in self._parts(window, scene)]
        windows = windows or [[generator.randrange(len(self._texts))]]
        order = [sentence for window in windows for sentence in window]
        places = tuple(at for at, sentence in enumerate(order) if sentence in scene.answers)
        # The words are known of the first answering sentence only.
        pointed = places and order[places[0]] == scene.answers[0]
        encoded = [
            tuple(scene.made.get(each) or self._encoded(each) for each in window)
            for window in windows
        ]
        asked = worn(scene.question, generator) if generator.random() < WORN else scene.question
        tokens = encode([asked], QUESTION_TOKENS, self._tokenizer)[0]
        if generator.random() < UNHEARD_OF:
            vocabulary = self._tokenizer.get_vocab_size()
            others = unheard_of(asked, tokens, vocabulary, generator)
            tokens = in_other_tokens(tokens, others)
            encoded = [
                tuple(in_other_tokens(each, others) for each in window) for window in encoded
            ]
        return Item(tokens.ids, tuple(encoded), places, scene.span if pointed else None)

    def _parts(self, window: list[int], scene: _Scene) -> list[list[int]]:
        """Return a window in parts that are no longer than the reader's windows."""
        parts: list[list[int]] = []
        room = 0
        for number in window:
            tokens = len((scene.made.get(number) or self._encoded(number)).ids)
            if tokens > room:
                parts.append([])
                room = WINDOW_TOKENS
            parts[-1].append(number)
            room -= tokens
        return parts

    def _scene(self, number: int, generator: random.Random) -> _Scene:
        """Return a question with the passage around its answer, or around what tempts to answer."""
        example, first = self._questions[number]
        answers = [first + answer for answer in example.answers]
        low, high = self._bounds[first]
        trap = generator.randrange(low, high) if example.trap is None else first + example.trap
        words = self._texts[answers[0]][slice(*example.span)] if example.span else None

        def near() -> list[int]:
            return self._neighbours.near(example.question, answers, words)

        passage = self._around(answers or [trap], generator)
        span = self._span(example, answers[0]) if answers else None
        return _Scene(example.question, [passage], answers, span, words, near)

    def _the_passage(self, _scene: _Scene, _generator: random.Random) -> None:
        """Leave the answering sentence among those around it."""

    def _among_near_sentences(self, scene: _Scene, generator: random.Random) -> None:
        near = scene.near()
        some = generator.sample(near, min(len(near), generator.randint(2, 5)))
        scene.windows = [[*scene.answers, *some]]
        generator.shuffle(scene.windows[0])

    def _with_a_near_passage(self, scene: _Scene, generator: random.Random) -> None:
        near = scene.near()
        for _ in range(generator.randint(1, MOST_NEAR_PASSAGES)):
            scene.windows.append(self._near_passage(scene, near, generator))
        generator.shuffle(scene.windows)

    def _beside_an_echo(self, scene: _Scene, generator: random.Random) -> None:
        repeated = echo(scene.question, generator)
        scene.put(scene.make(encode([repeated], SENTENCE_TOKENS, self._tokenizer)[0]), generator)

    def _beside_its_shadow(self, scene: _Scene, generator: random.Random) -> None:
        if scene.span:
            shadow = without_span(self._encoded(scene.answers[0]), scene.span)
            scene.put(scene.make(shadow), generator)
        else:
            self._beside_an_echo(scene, generator)

    def _without_its_answer(self, scene: _Scene, _generator: random.Random) -> None:
        """Take out the answering sentences, and others that hold the answer's words."""
        scene.windows = [
            [
                sentence
                for sentence in scene.windows[0]
                if sentence not in scene.answers and not holds(self._texts[sentence], scene.words)
            ]
        ]
        scene.answers = []

    def _an_echo_alone(self, scene: _Scene, generator: random.Random) -> None:
        self._without_its_answer(scene, generator)
        self._beside_an_echo(scene, generator)

    def _only_a_near_passage(self, scene: _Scene, generator: random.Random) -> None:
        scene.windows = [self._near_passage(scene, scene.near(), generator)]
        scene.answers = []

    def _another_question(self, scene: _Scene, generator: random.Random) -> None:
        passage = [self._texts[sentence] for sentence in scene.windows[0]]
        if other := self._swaps.swapped(scene.question, passage, generator):
            scene.question, scene.answers = other, []

    def _answer_cut_out(self, scene: _Scene, generator: random.Random) -> None:
        if scene.span:
            first = scene.answers[0]
            shadow = scene.make(without_span(self._encoded(first), scene.span))
            kept = [shadow if each == first else each for each in scene.windows[0]]
            scene.windows = [kept]
            self._without_its_answer(scene, generator)

    def _near_passage(self, scene: _Scene, near: list[int], generator: random.Random) -> list[int]:
        """Return the sentences around a near one, without those of the question's own passage."""
        if not near:
            return []
        taken = {*scene.answers, *(sentence for window in scene.windows for sentence in window)}
        return [
            sentence
            for sentence in self._around([generator.choice(near)], generator)
            if sentence not in taken and not holds(self._texts[sentence], scene.words)
        ]

    STAGES: ClassVar[dict[Stage, float]] = {
        _the_passage: 0.26,
        _among_near_sentences: 0.10,
        _with_a_near_passage: 0.15,
        _beside_an_echo: 0.10,
        _beside_its_shadow: 0.06,
        _without_its_answer: 0.10,
        _an_echo_alone: 0.03,
        _only_a_near_passage: 0.06,
        _another_question: 0.11,
        _answer_cut_out: 0.03,
    }
    """What an answerable question is shown with, and how often; the last five leave no answer.

    An echo is a sentence or heading that has the question's words, but no answer; a shadow is the
    answering sentence without the answering words. Without them, the sentence that shares most
    words with its question would nearly always be right.
    """
    UNANSWERABLE_STAGES: ClassVar[dict[Stage, float]] = {
        _the_passage: 0.8,
        _with_a_near_passage: 0.1,
        _beside_an_echo: 0.1,
    }

    def _around(self, sentences: Sequence[int], generator: random.Random) -> list[int]:
        """Return sentences with a random number of their neighbours, in the order of the text."""
        low, high = self._bounds[sentences[0]]
        begin, end = min(sentences), max(sentences) + 1
        if sum(len(self._encoded(each).ids) for each in range(begin, end)) > LARGEST_WINDOW:
            begin, end = sentences[0], sentences[0] + 1  # The others are too far away.
        room = generator.randint(SMALLEST_WINDOW, LARGEST_WINDOW)
        room -= sum(len(self._encoded(each).ids) for each in range(begin, end))
        before = generator.random()
        while room > 0 and (begin > low or end < high):
            if end >= high or (begin > low and generator.random() < before):
                begin -= 1
                room -= len(self._encoded(begin).ids)
            else:
                room -= len(self._encoded(end).ids)
                end += 1
        return list(range(begin, end))

    def _span(self, example: Example, sentence: int) -> tuple[int, int] | None:
        """Return the first and the last token of the answer in its first sentence."""
        if example.span is None:
            return None
        start, end = example.span
        offsets = self._encoded(sentence).offsets
        inside = [at for at, (begin, stop) in enumerate(offsets) if begin < end and start < stop]
        return (inside[0], inside[-1]) if inside else None
