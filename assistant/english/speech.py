"""How English tells who says something, and where direct speech stands."""

from __future__ import annotations

import re

from assistant.english.table import Table, words

SAYS = words(
    "say says said tell tells told add adds added asks asked explains explained notes noted wrote writes "
    "recalls recalled"
)
"""A verb of speaking, as in "Berg says"."""

SPOKEN = re.compile(r"“[^“”]*(?:”|$)|\"[^\"]*(?:\"|$)")
"""Direct speech: “It burned.” What goes on after its paragraph has no closing mark."""

QUOTED = re.compile(r"[“\"„«]([^“”\"„«»]+)[”\"»]")
"""Words in quotation marks of any kind: «It burned», without the marks."""

_NAME_WORD = r"[^\W\d_a-zß-ÿ][\w’'-]{0,60}"
SPEAKER = re.compile(
    rf"({_NAME_WORD}),? (?:also |then |has |had )?{SAYS}\b|\b{SAYS} ({_NAME_WORD}(?: {_NAME_WORD}){{0,8}})"
)
"""Whose words they are: "Ida Berg says", "says Ida Berg". Before the verb it is the last name alone."""

SPEAKING = Table((rf"\b{SAYS}\b", "It was late, Berg says."))
"""A verb of speaking stands somewhere."""

OTHER_SPEAKING = words("stated admitted talked")
"""Verbs of speaking that do not show whose words stand beside them: "Berg talked to the press."."""

TELLING = Table(
    (rf"\b{SAYS}\b", "Berg says that it burned."),
    (r"\baccording to\b", "According to Berg, it burned."),
    (r"\b(?:thinks?|thought|believe[sd]?|feels?|felt|claim(?:s|ed))\b", "Berg thinks that it burned."),
    # Whose view it is stands between.
    (r"\bin \w{1,40}[’']?s? (?:view|words)\b", "In Berg's view it burned."),
)
"""A text says whose words or opinion it tells."""

REFERRING_BACK = Table(
    # A pronoun begins the sentence.
    (
        rf"^\W{{0,20}}{words('he she it they him her them his its their this that these those such both neither')}\b",
        "“They invited ideas.”",
    ),
    # So does one of two that were named.
    (r"^\W{0,20}the (?:former|latter)\b", "The latter burned."),
)
"""A sentence begins with a word that means something in the one before."""
