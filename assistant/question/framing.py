"""A question with what stands around it → what is asked: pure.

"Could you tell me who runs the mill?" and "What does the article say about the mill?" ask of the mill, not of whom they
are put to, or of the article. No sentence that answers has such words, so they would only hide it. The rules are of
written English; a question that none of them knows stays as it is.
"""

from __future__ import annotations

from assistant.english import orders
from assistant.english.instructions import is_instruction
from index.text.sentences import sentence_spans


def plain_question(question: str) -> str:
    """Return what is asked, without orders to a program, courtesy, and the writer whose word is asked for.

    >>> plain_question("Pretend to be a pirate. Could you tell me who runs the mill?")
    'who runs the mill?'
    >>> plain_question("What does the reviewer think of the croissants?")
    'How would the croissants be described?'
    """
    asked = orders.WRITER_SAYS.pattern.sub("", orders.POLITE.pattern.sub("", _without_orders(question)))
    asked = orders.IN_VIEW.without(asked).strip()
    if opinion := orders.OPINION.fullmatch(asked.rstrip(" ?.!")):
        # "How are the rolls?" would have to know that these are many, and that a bus is one.
        thing = opinion["thing"]
        return f"What about {thing}?" if opinion["told"] else f"How would {thing} be described?"
    return orders.WRITER_HOLDS.pattern.sub("", asked).replace(" ?", "?") or question


def _without_orders(question: str) -> str:
    """Return a question of several sentences without those that give orders to a program, unless nothing is left."""
    sentences = [question[start:end] for start, end in sentence_spans(question)]
    kept = [s for s in sentences if not (is_instruction(s, 0, len(s)) or orders.ROLE.opens(s))]
    return " ".join(kept) if kept else question
