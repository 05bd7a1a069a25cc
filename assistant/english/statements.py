"""Sentences that can become questions: somebody does something, or something has a day."""

from __future__ import annotations

import re

from assistant.english.speech import OTHER_SPEAKING, SAYS
from assistant.english.table import words

_SUBJECT = (
    r"(?P<subject>(?:The )?[A-Z][\w’'\-]{1,60}"
    r"(?: (?:[A-Z][\w’'\-]{1,60}|of|the|de|van|von|&|[a-z]{1,30}(?= (?:will|was|is)))){0,12})"
)
"""A subject that begins a sentence: "Ada Kern", "The mill of Ostheim"."""
_BESIDE = r"(?:,[^,.;:]{2,60},)?"
"""An aside behind the subject: ", 41,"."""
_VERB = (
    r"(?:will|was|were|is|are|has|had|can|could|would|must|[a-z]{2,30}ed|became|won|led|built"
    r"|founded|leads|runs|owns|directs|plays)"
)
WHO = re.compile(rf"{_SUBJECT}{_BESIDE} (?P<predicate>{_VERB} .+)")
"""Somebody does something: "Ada Kern, 41, opened the mill"."""

_DAY = (
    r"(?:\d{4}\b|[A-Z][a-z]{1,12} \d|\d{1,2} [A-Z][a-z]{1,12}"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)"
)
"""The beginning of a day: "1911", "May 3", "3 May", "Monday"."""
WHEN = re.compile(
    rf"{_SUBJECT} (?P<verb>will|was|were|is|are) (?:likely )?"
    rf"(?P<predicate>[a-z][^,;:]{{1,60}}?),? (?:in|on) {_DAY}"
)
"""Something happens on a day: "The mill was built in 1911"."""

CLAUSE_END = re.compile(
    r"[,;:.!?(—–“”\"]| -|\b(?:and|but|or|which|who|that|when|while|where|after|before|because"
    r"|as|if|so|than|until|likely)\b"
)
"""The end of a clause: the comma of "opened the mill, which"."""

_POINTING = words(
    "he she it they him her his its their them this that these those we our us i my you your"
)
POINTS_ELSEWHERE = re.compile(
    rf"\b{_POINTING}\b"
    r"|\b(?:there|here|also|too|however|already|then|yesterday|today|tomorrow|now)\b",
    re.IGNORECASE,
)
"""A word that needs other sentences: the "there" of "opened a mill there"."""

SPEECH = re.compile(rf"(?:{SAYS}|{OTHER_SPEAKING})\b")
"""A verb of speaking begins a clause: "said that it burned"."""
