"""Questions about an article as a whole: what it is about, and which people it names, in its own sentences."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.conversation import Answer
from assistant.question.plan import is_title, overview_question, overview_wanted
from assistant.quoting.people import people
from assistant.quoting.quotes import cite
from assistant.quoting.sentences import Sentence, passage_sentences
from assistant.quoting.wording import describe, quoted
from index.errors import ArticleNotFoundError
from index.text.words import content_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from assistant.conversation import Citation, Turn
    from assistant.question.plan import OverviewWanted
    from index import Article, ArticleIndex, SearchResult
    from index.embedding.embedder import Embedder

CENTRAL_SENTENCES = 3
PASSAGES = 6
"""How many of the chunks nearest to an article's title its central sentences are taken from."""
SHORTEST_SENTENCE = 6
"""Words with a meaning of their own; a shorter sentence is a caption or an aside."""
REPETITION = 0.3
"""The share of a sentence's likeness to those chosen before it in what decides the next one."""
MOST_SENTENCES = 200
"""Sentences of those chunks, the nearest first, that may be central; chunks of prose have about ten each."""
BEGINNING = 1_000
"""Characters: about what the embedding model reads of a text."""
SAME_SUBJECT = 0.6
"""The cosine from which on two articles are on the same subject."""
LONGEST_LIST = 20
"""People; an article that names more shows those that it names most."""


def overview(
    question: str, history: Sequence[Turn], index: ArticleIndex, among: Collection[str] | None = None
) -> Answer | None:
    """Return the answer to a question about an article as a whole; None for any other question.

    The article is the one that the question names by words of its title, or else the one that was cited last, or else
    the newest. It is one of those whose ids are `among`, if that is given.
    """
    wanted = overview_wanted(question)
    article = _meant(wanted, history, index, among) if wanted else None
    if wanted is None or article is None:
        return None
    answer = _people_named(article) if wanted.kind == "people" else _about(article, index)
    if answer is None:
        return None
    names_it = wanted.named or wanted.title
    return replace(answer, standalone=question if names_it else overview_question(article.title, wanted.kind))


def alike(one: Article, other: Article, embedder: Embedder) -> bool:
    """Return whether two articles are on the same subject, by the beginnings of their texts."""
    first, second = np.array(embedder.embed_documents([each.text[:BEGINNING] for each in (one, other)]))
    return float(first @ second) >= SAME_SUBJECT


def _meant(
    wanted: OverviewWanted, history: Sequence[Turn], index: ArticleIndex, among: Collection[str] | None
) -> Article | None:
    entries = [entry for entry in index.entries() if among is None or entry.id in among]
    if wanted.title:
        fitting = [entry for entry in entries if is_title(wanted.title, entry.title)]
    elif wanted.named:
        fitting = [entry for entry in entries if wanted.named <= set(content_words(entry.title))]
    else:
        cited = [citation.article_id for turn in history for citation in turn.answer.citations]
        fitting = [*(entry for entry in entries if cited and entry.id == cited[-1]), *entries]
    for entry in fitting:
        with suppress(ArticleNotFoundError):  # It was removed meanwhile.
            return index.article(entry.id)
    return None


def _about(article: Article, index: ArticleIndex) -> Answer:
    """Return an article's title and day, and its most central sentences in the order of its text."""
    results = index.search(article.title, PASSAGES, articles=[article.id])
    central = sorted(_central_sentences(article, results, index.embedder), key=lambda sentence: sentence.start)
    citations = [cite(number, sentence) for number, sentence in enumerate(central, start=1)]
    head = f"{describe(citations[0])}:"
    return Answer("\n\n".join([head, *map(quoted, citations)]), tuple(citations), "answered", passages=tuple(results))


def _central_sentences(article: Article, results: Sequence[SearchResult], embedder: Embedder) -> list[Sentence]:
    """Return the sentences of some passages nearest to the mean of all, each discounted for likeness to those before.

    The first is centroid-based summarisation (Radev et al., 2004), the second maximal marginal relevance (Carbonell and
    Goldstein, 1998).
    """
    sentences = passage_sentences((article, result) for result in results)
    title = content_words(article.title)
    told = [s for s in sentences if len(content_words(s.text)) >= SHORTEST_SENTENCE and content_words(s.text) != title]
    sentences = (told or sentences)[:MOST_SENTENCES]
    vectors = np.array(embedder.embed_documents([sentence.text for sentence in sentences]))
    mean = vectors.mean(axis=0)
    centrality = vectors @ (mean / np.linalg.norm(mean))
    chosen: list[int] = []
    while len(chosen) < min(CENTRAL_SENTENCES, len(sentences)):
        repeated = (vectors @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(sentences))
        worth = (1 - REPETITION) * centrality - REPETITION * repeated
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
    return [sentences[number] for number in chosen]


def _people_named(article: Article) -> Answer | None:
    """Return the people that an article names, each with the sentence that does so first; None for none."""
    citations: dict[tuple[int, int], Citation] = {}
    lines = []
    for name, sentence in people(article)[:LONGEST_LIST]:
        place = sentence.start, sentence.end
        citation = citations.setdefault(place, cite(len(citations) + 1, sentence))
        lines.append(f"{name} [{citation.number}]")
    return Answer("\n\n".join(lines), tuple(citations.values()), "answered") if lines else None
