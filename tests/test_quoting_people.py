from __future__ import annotations

import pytest

from assistant.quoting.people import people
from index import Article
from index.shipped import shipped_article


def names(text: str) -> list[str]:
    return [name for name, _ in people(Article.from_text(f"Title\n\n{text}", "source"))]


def test_people_are_told_from_works_and_places():
    """Of the names in the shipped article those of people are listed, each with a sentence that has it."""
    found = dict(people(shipped_article()))
    assert {"Melissa Rosenberg", "Marco Ramirez", "Doug Petrie", "Jessica Jones"} <= set(found)
    assert not {"Iron Fist", "The Defenders"} & set(found)
    assert all(name in sentence.text for name, sentence in found.items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The mill was sold by Greta Lindqvist. On Monday, Lindqvist left New York.",
            ["Greta Lindqvist"],
        ),
        ("Director Åsa Öberg met the press. A director works, said Öberg.", ["Åsa Öberg"]),
        ("“It burned,” said Ludwig van Beethoven.", ["Ludwig van Beethoven"]),
        ("The Supreme Court met. Later the Court rose.", []),
        ("Prime Minister Sanna Marin met the press. Marin said it was late.", ["Sanna Marin"]),
        ("The harbour was opened by Prime Minister Sanna Marin.", ["Sanna Marin"]),
        ("The Prime Minister said so.", []),
        ("He read it in the New York Times. The New York Times said so.", []),
        ("New York Times said so. A reader told New York Times otherwise.", []),
        ("Emmanuel Macron and Xi Jinping met in Paris.", ["Emmanuel Macron", "Xi Jinping"]),
        ("French President Emmanuel Macron met Xi Jinping.", ["Emmanuel Macron", "Xi Jinping"]),
        ("The talks with Xi Jinping failed. Xi said so on Monday.", ["Xi Jinping"]),
        ("The Berlin Wall fell. Berlin’s mayor wept.", []),
        ("Storm Freya hit Hong Kong and New Zealand.", []),
        ("The vote was close, and Ida Berg, 41, won.", ["Ida Berg"]),
        ("Nils Ek, who runs the harbour, waited.", ["Nils Ek"]),
        ("Nobody is named here. It rained.", []),
        ("", []),
    ],
)
def test_a_name_is_a_persons_by_its_use(text, expected):
    """A surname alone, a verb of speech, an owner: these mark people; a role before the name is no part of it."""
    assert names(text) == expected


def test_a_hostile_text_is_read_in_bounded_time():
    """A text of nothing but names, long as a book, is not looked through to its end."""
    assert names("Abc Def " * 200_000) == []
    assert names(" ".join(f"Abc{chr(97 + n % 26)}{n} Def{n}x and" for n in range(20_000))) == []
