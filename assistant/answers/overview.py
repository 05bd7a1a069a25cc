"""Answers about an article as a whole: its subject, or the people that it names.

Both answers are sentences of the article itself.
"""

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
    from index.text.sentences import Span

CENTRAL_SENTENCES = 3
"""Sentences of a summary."""
CENTRAL_PASSAGES = 6
"""Chunks that a summary is made from: those nearest to the article's title."""
MOST_CANDIDATES = 200
"""Sentences of those chunks that may be central, at most; chunks of prose have about ten each."""
FEWEST_CONTENT_WORDS = 6
"""Content words of a central sentence, at least; a shorter one is a caption or an aside."""
REPETITION = 0.3
"""Weight of a sentence's likeness to those already chosen, against its centrality."""
LIKENESS_READ = 1_000
"""Characters of each article that are compared: about the length that the embedder reads."""
ALIKE = 0.6
"""Cosine of two articles on the same subject, at least."""
MOST_PEOPLE = 20
"""People in a list, at most: those that the article names most often."""


def overview(
    question: str,
    history: Sequence[Turn],
    index: ArticleIndex,
    among: Collection[str] | None = None,
) -> Answer | None:
    """Answer a question about an article as a whole; return nothing for other questions.

    The article is the one that the question names by words of its title, else the one cited
    last, else the newest.

    Args:
        question: The question as it was typed.
        history: The earlier turns of the conversation, oldest first.
        index: The index that is asked.
        among: Ids of the articles to ask; by default all.
    """
    wanted = overview_wanted(question)
    article = _wanted_article(wanted, history, index, among) if wanted else None
    if wanted is None or article is None:
        return None
    answer = _people_answer(article) if wanted.kind == "people" else _summary(article, index)
    if answer is None:
        return None
    names_article = wanted.named or wanted.title
    standalone = question if names_article else overview_question(article.title, wanted.kind)
    return replace(answer, standalone=standalone)


def are_alike(first: Article, second: Article, embedder: Embedder) -> bool:
    """Return whether two articles are on the same subject, by the beginnings of their texts."""
    texts = [article.text[:LIKENESS_READ] for article in (first, second)]
    one, other = np.array(embedder.embed_documents(texts))
    return float(one @ other) >= ALIKE


def _wanted_article(
    wanted: OverviewWanted,
    history: Sequence[Turn],
    index: ArticleIndex,
    among: Collection[str] | None,
) -> Article | None:
    """Return the article that an overview is wanted of, if the index has it."""
    entries = [entry for entry in index.entries() if among is None or entry.id in among]
    if wanted.title:
        matches = [entry for entry in entries if is_title(wanted.title, entry.title)]
    elif wanted.named:
        matches = [entry for entry in entries if wanted.named <= set(content_words(entry.title))]
    else:
        cited = [citation.article_id for turn in history for citation in turn.answer.citations]
        matches = [*(entry for entry in entries if cited and entry.id == cited[-1]), *entries]
    for entry in matches:
        with suppress(ArticleNotFoundError):  # It was removed meanwhile.
            return index.article(entry.id)
    return None


def _summary(article: Article, index: ArticleIndex) -> Answer:
    """Return an article's title and day, and its central sentences in the order of its text."""
    results = index.search(article.title, CENTRAL_PASSAGES, articles=[article.id])
    central = _central_sentences(article, results, index.embedder)
    central.sort(key=lambda sentence: sentence.start)
    citations = [cite(number, sentence) for number, sentence in enumerate(central, start=1)]
    text = "\n\n".join([f"{describe(citations[0])}:", *map(quoted, citations)])
    return Answer(text, tuple(citations), "answered", passages=tuple(results))


def _central_sentences(
    article: Article, results: Sequence[SearchResult], embedder: Embedder
) -> list[Sentence]:
    """Return the sentences of some passages that are nearest to their mean and unlike each other.

    The first is centroid-based summarisation (Radev et al., 2004), the second maximal marginal
    relevance (Carbonell and Goldstein, 1998).
    """
    # Leave out captions, asides and the title, unless the article has no other sentence.
    sentences = passage_sentences((article, result) for result in results)
    title = content_words(article.title)
    prose = [
        sentence
        for sentence in sentences
        if len(words := content_words(sentence.text)) >= FEWEST_CONTENT_WORDS and words != title
    ]
    sentences = (prose or sentences)[:MOST_CANDIDATES]
    # Compare each sentence with the mean of all.
    vectors = np.array(embedder.embed_documents([sentence.text for sentence in sentences]))
    mean = vectors.mean(axis=0)
    centrality = vectors @ (mean / np.linalg.norm(mean))
    # Choose one sentence after the other, each unlike those before.
    chosen: list[int] = []
    while len(chosen) < min(CENTRAL_SENTENCES, len(sentences)):
        likeness = (vectors @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(sentences))
        worth = (1 - REPETITION) * centrality - REPETITION * likeness
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
    return [sentences[place] for place in chosen]


def _people_answer(article: Article) -> Answer | None:
    """Return the people in an article, if any, each with the first sentence that names them."""
    citations: dict[Span, Citation] = {}
    lines = []
    for name, sentence in people(article)[:MOST_PEOPLE]:
        place = sentence.start, sentence.end
        citation = citations.setdefault(place, cite(len(citations) + 1, sentence))
        lines.append(f"{name} [{citation.number}]")
    return Answer("\n\n".join(lines), tuple(citations.values()), "answered") if lines else None
