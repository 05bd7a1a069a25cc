"""The tables of English rules."""

from __future__ import annotations

import re
import time
from importlib import import_module
from pkgutil import iter_modules

import pytest

from assistant import english
from assistant.english.modality import denies, hedges, wants_yes_or_no
from assistant.english.table import PairTable, Table

MODULES = [
    import_module(f"assistant.english.{found.name}") for found in iter_modules(english.__path__)
]
TABLES = [
    (f"{module.__name__}.{name}", each) for module in MODULES for name, each in vars(module).items()
]
PATTERNS = [
    (name, each.pattern if isinstance(each, Table) else each)
    for name, each in TABLES
    if isinstance(each, Table | re.Pattern)
]
HOSTILE = (
    "how ",
    "a-",
    "Aa ",
    "Aa and ",
    "1 ",
    "not a ",
    "I ",
    "“",
    "in the ",
    " ",
    "what is the of ",
    "and ",
    "aaaa",
    "\n",
)


def test_each_rule_matches_its_example():
    """The sentence beside a rule shows what it is for."""
    tables = {name: table for name, table in TABLES if isinstance(table, Table | PairTable)}
    assert any(isinstance(table, PairTable) for table in tables.values())
    assert {name: table.broken() for name, table in tables.items() if table.broken()} == {}


def test_two_parts_of_a_rule_stand_in_one_sentence():
    """In their order, and whichever of several first parts the second one follows."""
    table = PairTable((r"\bif\b", r"\bsay\b", "If it burns, say so."))
    assert [
        table.matches(text) for text in ("If if you say", "Say if", "If it burns. Say so.")
    ] == [1, 0, 0]
    assert PairTable((r"\bif\b", r"\bsay\b", "Say if it burns.")).broken() == [r"\bif\b"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_text_is_read_in_time(piece):
    """No pattern takes the square of a text's length, whatever the text repeats."""
    text = piece * (25_000 // len(piece)) + "!"
    for name, pattern in PATTERNS:
        began = time.process_time()
        for _ in pattern.finditer(text):
            pass
        assert time.process_time() - began < 2, name
    for name, table in TABLES:
        if isinstance(table, PairTable):
            began = time.process_time()
            table.matches(text)
            assert time.process_time() - began < 2, name


@pytest.mark.parametrize(
    "text",
    [
        "It may rain.",
        "Berg might sell it.",
        "Berg hopes to open it.",
        "Berg plans to open it.",
        "A mill is planned.",
        "Berg claims that it burned.",
        "Berg thought it was late.",
        "When I came, it burned.",
        "I think it burned.",
        "We like our mill.",
        "According to Berg, it burned.",
        "It appears to be old.",
    ],
)
def test_what_is_not_sure_is_a_hedge(text):
    """Likelihood, plans, claims and opinions."""
    assert hedges(text)


@pytest.mark.parametrize(
    "text",
    [
        "King Charles I was beheaded.",
        "World War I ended in 1918.",
        "Part I was shown.",
        "Our Lady of Ostheim is a church.",
        "My Fair Lady was shown.",
        "The plan passed.",
        "The plans were drawn in May.",
        "It opened in may 2021.",
        "Will Smith lives on Hope Street.",
        "The claims were paid.",
        "The storm claimed four lives.",
        "The suspects were caught.",
        "The thought pleased her.",
        "She appears in the film.",
        "The might of the army was broken.",
    ],
)
def test_what_is_sure_is_no_hedge(text):
    """Names, numerals and nouns that look like one."""
    assert not hedges(text)


@pytest.mark.parametrize(
    "text",
    [
        "It did not open.",
        "It didn’t open.",
        "He failed to open it.",
        "It lacks a roof.",
        "Berg refused.",
        "He was unable to open it.",
        "No one came.",
        "No child pays.",
        "It is not only old.  It never opened.",
    ],
)
def test_what_is_said_not_to_be_is_a_denial(text):
    """With "not", or in a verb."""
    assert denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "Not only the mill but also the barn burned.",
        "It burned not just once.",
        "He lives at No. 10.",
        "No. 10 is a house.",
        "None other than Ida opened it.",
        "Nothing but the wall stands.",
        "There is no doubt that it burned.",
        "No fewer than 20 came.",
        "It did not open until May.",
        "He never failed to come.",
        "It was not without risk.",
        "Nobel and Nora know nothingness.",
    ],
)
def test_what_is_so_is_no_denial(text):
    """Words for "no" that deny nothing."""
    assert not denies(text)


@pytest.mark.parametrize(
    ("question", "judged"),
    [
        ("Did Will Smith leave?", True),
        ("and isn't it late?", True),
        ("Did they say who left?", True),
        ("Has he told you how old it is?", True),
        ("Will Smith acted in what?", False),
        ("May Day is when?", False),
        ("Will Smith was born in which year?", False),
        ("Might and Magic sold how many?", False),
        ("Who left?", False),
    ],
)
def test_yes_or_no_is_wanted_by_a_verb_without_a_question_word(question, judged):
    """A name may begin as such a question does."""
    assert wants_yes_or_no(question) is judged
