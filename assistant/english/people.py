"""How English writes the names of people, and what marks a name as a person's."""

from __future__ import annotations

import re

from assistant.english.speech import SAYS
from assistant.english.table import words

CAPITAL = r"[^\W\d_a-zß-ÿ]"
"""A capital letter, or a letter of a script without them."""

NAME_WORD = rf"{CAPITAL}[\w\-]{{0,40}}[^\W\d_]"
_INITIAL = rf"{CAPITAL}\."
PARTICLES = words("al bin da de del della der di dos du la le ten ter van von zu")
"""Small words within a name: "Ludwig van Beethoven"."""

FULL_NAME = re.compile(rf"\b{NAME_WORD}(?: (?:{NAME_WORD}|{_INITIAL}|{PARTICLES}(?= ))){{0,6}} {NAME_WORD}\b")
"""A name of several words: "Ludwig van Beethoven"."""

NAMES = re.compile(rf"{FULL_NAME.pattern}(?:(?:, and |, | and | & ){FULL_NAME.pattern}){{0,20}}")
"""Several names side by side: "Marco Ramirez and Doug Petrie"."""

TITLES = frozenset(
    "Mr Mrs Ms Mx Miss Dr Prof Sir Dame Lord Lady Rev Sgt Capt Lt Col Gen "
    "President Vice Premier Chancellor Minister Secretary Senator Governor Mayor Mayoress Councillor Ambassador Envoy "
    "Speaker Commissioner Judge Justice Prosecutor Attorney Sheriff Inspector Detective Officer Chief Sergeant Captain "
    "Lieutenant Major Colonel General Admiral Commander Marshal King Queen Prince Princess Duke Duchess Baron Baroness "
    "Count Countess Emperor Empress Sultan Emir Pope Cardinal Bishop Archbishop Father Sister Brother Rabbi Imam "
    "Pastor Professor Doctor Dean Rector Director Manager Chairman Chairwoman Chair Founder Owner Coach Trainer Chef "
    "Architect Engineer Author Writer Editor Reporter Actor Actress Singer Composer Conductor Showrunner Producer "
    "Spokesman Spokeswoman Spokesperson Leader Deputy CEO Uncle Aunt Saint".split()
)
"""Words for what a person is, which stand before the name: "Prime Minister Sanna Marin"."""

NO_PERSONS = frozenset(
    "Times Post News Journal Herald Tribune Gazette Courier Chronicle Guardian Observer Review Magazine Press Daily "
    "Court Council Parliament Senate Congress Committee Commission Ministry Department Office Agency Authority Board "
    "Party Union Association Federation Society Club League Team United Company Corporation Group Bank Fund Inc "
    "Ltd LLC "
    "University College School Institute Academy Museum Library Hospital Church Cathedral Theatre Theater Orchestra "
    "Choir Festival Prize Award Cup Bridge Street Road Avenue Square Park Station Airport Port Harbour River Lake Sea "
    "Ocean Island Islands Mountain Mountains Valley Coast City Town County Province State States Kingdom Republic "
    "Empire Nations War Wars Treaty Act Law Day Street House Hall Tower Castle Palace Wall Channel".split()
)
"""Last words of names that are no person's: "New York Times"."""

PLACES = frozenset(
    "New North South East West Northern Southern Eastern Western Mount Lake Port Fort San Santa Los Las".split()
)
"""First words of names that are places': "New York"."""

SURELY_NO_NAME = re.compile(r"(?:The|A|An|And|But|For|In|On|At|By|Of|When|While|After|Before|As|If) ")
"""Words that have their capital from beginning a sentence: "The Greta Lindqvist that I know"."""

ACTS = words(
    "met meets visited visits resigned resigns smiled laughed cried wept sighed nodded shrugged lives lived died "
    "married wants wanted thinks thought believes believed hopes hoped knows knew remembers remembered agrees agreed "
    "insists insisted wrote studied grew retired"
)
"""Verbs that are mostly said of people: "Xi Jinping met the press"."""

LOWER_WORD = re.compile(r"(?<![\w’'])[a-zß-ÿ][\w\-]*")
"""A word in lower case."""


FAMILY_ALONE = re.compile(
    rf"(?:(?<![\w’'])(?!(?:an?|the) )[a-z][\w’'\-]{{0,40}} |[,;:.“”\"(]\s{{0,3}}|^)({NAME_WORD})\b(?! {CAPITAL})",
    re.MULTILINE,
)
"""A name alone, after a word in lower case that is no article, after a mark, or beginning a line: "says Lindqvist"."""

GIVEN_ALONE = re.compile(rf"(?<!\bthe )(?<!\bThe )\b({NAME_WORD})(?:[’'](?:s |\s)| (?:{SAYS}|{ACTS})\b)")
"""A name alone that owns, says or does something: "Greta’s mill", "Xi said"."""

ACTING = re.compile(rf",? (?:also |then |has |had )?(?:{SAYS}|{ACTS})\b|,? who\b|(?:,| \() ?\d{{2}}[,)]")
"""What follows the name of somebody, not of something: "Xi Jinping met", "Greta Lindqvist, 41,"."""

ACTED = re.compile(rf"\b(?:{SAYS}|{ACTS}) (?:with )?$")
"""What stands before it: "said Greta Lindqvist", "met Xi Jinping"."""

LONGEST_BEFORE = 20
"""Characters that are looked at before a name."""
