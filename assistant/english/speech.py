"""Speakers, and the places of direct speech."""

from __future__ import annotations

import re

from assistant.english.table import Table, words

SAYS = words(
    "say says said tell tells told add adds added asks asked explains explained notes noted "
    "wrote writes recalls recalled"
)
"""A verb of speaking, as in "Berg says"."""

OTHER_SPEAKING = words("stated admitted talked")
"""A verb of speaking that need not stand beside the speaker's words: "Berg talked to us"."""

SPOKEN = re.compile(r"“[^“”]*(?:”|$)|\"[^\"]*(?:\"|$)")
"""Direct speech: “It burned.” Speech of several paragraphs has no closing mark in the first."""

QUOTED = re.compile(r"[“\"„«]([^“”\"„«»]+)[”\"»]")
"""Words in quotation marks of any kind, without the marks: «It burned»."""

_NAME_WORD = r"[^\W\d_a-zß-ÿ][\w’'-]{0,60}"
SPEAKER = re.compile(
    # "Berg says", "Berg has said": the last name alone.
    rf"({_NAME_WORD}),? (?:also |then |has |had )?{SAYS}\b"
    # "says Ida Berg": the whole name.
    rf"|\b{SAYS} ({_NAME_WORD}(?: {_NAME_WORD}){{0,8}})"
)
"""A speaker: "Ida Berg says", "says Ida Berg"."""

SPEAKING = Table((rf"\b{SAYS}\b", "It was late, Berg says."))
"""A verb of speaking stands somewhere."""

TELLING = Table(
    (rf"\b{SAYS}\b", "Berg says that it burned."),
    (r"\baccording to\b", "According to Berg, it burned."),
    (
        r"\b(?:thinks?|thought|believe[sd]?|feels?|felt|claim(?:s|ed))\b",
        "Berg thinks that it burned.",
    ),
    # The owner of a view: "in Berg's words".
    (r"\bin \w{1,40}[’']?s? (?:view|words)\b", "In Berg's view it burned."),
)
"""A text says that something is somebody's words or opinion."""

_REFERRING = words(
    "he she it they him her them his its their this that these those such both neither"
)
REFERRING_BACK = Table(
    # A pronoun begins the sentence.
    (rf"^\W{{0,20}}{_REFERRING}\b", "“They invited ideas.”"),
    # One of two begins it that were named before.
    (r"^\W{0,20}the (?:former|latter)\b", "The latter burned."),
)
"""A sentence begins with a word that needs the sentence before."""
