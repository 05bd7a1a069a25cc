"""Make training items from questions: windows with the answer, and hard windows without it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from assistant.reader.network import QUESTION_TOKENS, SENTENCE_TOKENS, WINDOW_TOKENS, encode
from index.embedding.minilm import builtin_tokenizer
from training.items import Item
from training.neighbours import Neighbours, holds
from training.question_forms import echo, in_other_tokens, unheard_of, without_span, worn
from training.scene import Scene
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
"""The share of carelessly typed questions."""
MOST_NEAR_PASSAGES = 3
UNHEARD_OF = 0.12
"""The share of questions with unknown words, like the terms of a new field."""
REMEMBERED = 50_000
"""The number of encoded sentences to cache."""


Stage = Callable[["ItemMaker", Scene, "random.Random"], None]
"""Changes a scene in place, for example by adding an echo."""


class ItemMaker:
    """Makes the items of one pass after another."""

    def __init__(self, corpora: Sequence[Corpus], tokenizer: Tokenizer | None = None) -> None:
        """Gather all sentences and questions; the default tokenizer is MiniLM's."""
        self._questions: list[tuple[Example, int]] = []
        """Each question, with the number of its document's first sentence."""
        self._shares: list[float] = []
        """The probability of each question in a pass."""
        self._texts: list[str] = []
        """All sentences; a sentence's number is its place here."""
        self._bounds: list[tuple[int, int]] = []
        """Each sentence's document, as a range of sentence numbers."""
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
        """Make a question's item.

        Args:
            number: The number of the question.
            stage: Changes the question's scene.
            generator: Makes the choices.
        """
        scene = self._scene(number, generator)
        stage(self, scene, generator)
        windows = [part for window in scene.windows for part in self._parts(window, scene)]
        windows = windows or [[generator.randrange(len(self._texts))]]
        order = [sentence for window in windows for sentence in window]
        places = tuple(at for at, sentence in enumerate(order) if sentence in scene.answers)
        # The span belongs to the first answering sentence only.
        pointed = places and order[places[0]] == scene.answers[0]
        encoded = [
            tuple(scene.made.get(each) or self._encoded(each) for each in window)
            for window in windows
        ]
        # Vary the question, and replace some of its words by unknown ones everywhere.
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

    def _parts(self, window: list[int], scene: Scene) -> list[list[int]]:
        """Split a window into parts that fit the reader's windows."""
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

    def _scene(self, number: int, generator: random.Random) -> Scene:
        """Return a question with the passage around its answer, or around its trap."""
        example, first = self._questions[number]
        answers = [first + answer for answer in example.answers]
        low, high = self._bounds[first]
        trap = generator.randrange(low, high) if example.trap is None else first + example.trap
        words = self._texts[answers[0]][slice(*example.span)] if example.span else None

        def near() -> list[int]:
            return self._neighbours.near(example.question, answers, words)

        passage = self._around(answers or [trap], generator)
        span = self._span(example, answers[0]) if answers else None
        return Scene(example.question, [passage], answers, span, words, near)

    def _the_passage(self, _scene: Scene, _generator: random.Random) -> None:
        """Change nothing: the answering sentence stays in its passage."""

    def _among_near_sentences(self, scene: Scene, generator: random.Random) -> None:
        near = scene.near()
        some = generator.sample(near, min(len(near), generator.randint(2, 5)))
        scene.windows = [[*scene.answers, *some]]
        generator.shuffle(scene.windows[0])

    def _with_a_near_passage(self, scene: Scene, generator: random.Random) -> None:
        near = scene.near()
        for _ in range(generator.randint(1, MOST_NEAR_PASSAGES)):
            scene.windows.append(self._near_passage(scene, near, generator))
        generator.shuffle(scene.windows)

    def _beside_an_echo(self, scene: Scene, generator: random.Random) -> None:
        repeated = echo(scene.question, generator)
        scene.put(scene.make(encode([repeated], SENTENCE_TOKENS, self._tokenizer)[0]), generator)

    def _beside_its_shadow(self, scene: Scene, generator: random.Random) -> None:
        if scene.span:
            shadow = without_span(self._encoded(scene.answers[0]), scene.span)
            scene.put(scene.make(shadow), generator)
        else:
            self._beside_an_echo(scene, generator)

    def _without_its_answer(self, scene: Scene, _generator: random.Random) -> None:
        """Remove the answering sentences, and others with the answer's words."""
        scene.windows = [
            [
                sentence
                for sentence in scene.windows[0]
                if sentence not in scene.answers and not holds(self._texts[sentence], scene.words)
            ]
        ]
        scene.answers = []

    def _an_echo_alone(self, scene: Scene, generator: random.Random) -> None:
        self._without_its_answer(scene, generator)
        self._beside_an_echo(scene, generator)

    def _only_a_near_passage(self, scene: Scene, generator: random.Random) -> None:
        scene.windows = [self._near_passage(scene, scene.near(), generator)]
        scene.answers = []

    def _another_question(self, scene: Scene, generator: random.Random) -> None:
        passage = [self._texts[sentence] for sentence in scene.windows[0]]
        if other := self._swaps.swapped(scene.question, passage, generator):
            scene.question, scene.answers = other, []

    def _answer_cut_out(self, scene: Scene, generator: random.Random) -> None:
        if scene.span:
            first = scene.answers[0]
            shadow = scene.make(without_span(self._encoded(first), scene.span))
            kept = [shadow if each == first else each for each in scene.windows[0]]
            scene.windows = [kept]
            self._without_its_answer(scene, generator)

    def _near_passage(self, scene: Scene, near: list[int], generator: random.Random) -> list[int]:
        """Return a passage around a near sentence.

        Args:
            scene: The scene; its sentences are left out, and others with the answer's words.
            near: The numbers of the near sentences.
            generator: Makes the choices.
        """
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
    """The stages of an answerable question with their frequencies; the last five remove the answer.

    An echo is a sentence or heading with the question's words but no answer. A shadow is the
    answering sentence without the answer's words. Without echoes and shadows, the sentence that
    shares most words with the question would nearly always be right.
    """
    UNANSWERABLE_STAGES: ClassVar[dict[Stage, float]] = {
        _the_passage: 0.8,
        _with_a_near_passage: 0.1,
        _beside_an_echo: 0.1,
    }

    def _around(self, sentences: Sequence[int], generator: random.Random) -> list[int]:
        """Return sentences with a random number of their neighbours, in text order."""
        low, high = self._bounds[sentences[0]]
        begin, end = min(sentences), max(sentences) + 1
        if sum(len(self._encoded(each).ids) for each in range(begin, end)) > LARGEST_WINDOW:
            begin, end = sentences[0], sentences[0] + 1  # The other sentences are too far away.
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
        """Return the answer's first and last token in its first sentence, if known."""
        if example.span is None:
            return None
        start, end = example.span
        offsets = self._encoded(sentence).offsets
        inside = [at for at, (begin, stop) in enumerate(offsets) if begin < end and start < stop]
        return (inside[0], inside[-1]) if inside else None
