"""A question with what stands around it → what is asked: pure.

"Could you tell me who runs the mill?" and "What does the article say about the mill?" ask of the mill, not of whom they
are put to, or of the article. No sentence that answers has such words, so they would only hide it. The rules are of
written English; a question that none of them knows stays as it is.
"""

from __future__ import annotations

import re

from assistant.english.instructions import is_instruction
from index.text.sentences import sentence_spans

_ASKING = r"(?=(?:who|whom|whose|what|which|when|where|why|how|if|whether)\b)"
_POLITELY = re.compile(
    r"^\W*(?:(?:please|hey|hi|hello|ok|so)\W+)*(?:"
    r"(?:can|could|would|will) (?:you|anyone|someone)(?: please)? (?:tell|show|explain|remind|say)(?: to)?(?: me| us)?|"
    r"(?:please )?(?:tell|show|explain|remind)(?: to)?(?: me| us)?|"
    r"(?:do|does) (?:you|anyone|anybody) know|do you (?:happen to|perhaps) know|"
    r"(?:i|we)(?: would|[’']d)? (?:want|like|need|wish|love) to know|(?:i|we) wonder|i(?: am|[’']m) wondering|any idea"
    rf")(?: please)?[,:]? {_ASKING}",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"^\W*(?:you(?: are|[’']re) (?:now )?an? |act as\b|pretend\b|from now on\b|imagine you\b|"
    r"(?:always |only |please )*(?:answer|reply|respond|speak|talk)\b[^?]*$)",
    re.IGNORECASE,
)
_WRITER = r"(?:the|this|its) (?:writer|author|reviewer|columnist|article|text|piece)"
_HOLDS = r"(?:thinks?|believes?|says?|said|claims?|finds?|feels?|writes?|states?|argues?|mentions?)"
_IN_VIEW = re.compile(
    rf",? ?\b(?:according to {_WRITER}|in {_WRITER}[’']s (?:view|opinion|eyes|words|judge?ment)|"
    rf"in the (?:view|opinion|eyes|words|judge?ment) of {_WRITER})\b,? ?",
    re.IGNORECASE,
)
_OPINION = re.compile(
    rf"(?:what (?:does|do|did) {_WRITER} (?:think|feel|(?P<told>say|write)) (?:of|about)|"
    rf"how (?:does|do|did) {_WRITER} (?:find|like|rate|judge|see|describe)) (?P<thing>[^?]+)",
    re.IGNORECASE,
)
_HELD = re.compile(rf" (?:does|do|did) {_WRITER} {_HOLDS}(?: that)?\b", re.IGNORECASE)
_SAID = re.compile(rf"^\W*(?:does|do|did) {_WRITER} {_HOLDS} {_ASKING}", re.IGNORECASE)
_SEVERAL = re.compile(r"[^s’']s\b", re.IGNORECASE)


def plain_question(question: str) -> str:
    """Return what is asked, without orders to a program, courtesy, and the writer whose word is asked for.

    >>> plain_question("Pretend to be a pirate. Could you tell me who runs the mill?")
    'who runs the mill?'
    >>> plain_question("What does the reviewer think of the croissants?")
    'How are the croissants?'
    """
    asked = _SAID.sub("", _POLITELY.sub("", _without_orders(question)))
    asked = _IN_VIEW.sub(" ", asked).strip()
    if opinion := _OPINION.fullmatch(asked.rstrip(" ?.!")):
        thing = opinion["thing"]
        if opinion["told"]:
            return f"What about {thing}?"
        first = re.split(r" (?:of|in|at|on|from|for|with|by) ", thing, maxsplit=1)[0]
        return f"How {'are' if _SEVERAL.search(first.split()[-1]) or ' and ' in first else 'is'} {thing}?"
    return _HELD.sub("", asked).replace(" ?", "?") or question


def _without_orders(question: str) -> str:
    """Return a question of several sentences without those that give orders to a program, unless nothing is left."""
    sentences = [question[start:end] for start, end in sentence_spans(question)]
    kept = [s for s in sentences if not (is_instruction(s, 0, len(s)) or _ORDER.match(s))]
    return " ".join(kept) if kept else question
