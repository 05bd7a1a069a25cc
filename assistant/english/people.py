"""Names of people: how they are written, and the words that mark a person's name."""

from __future__ import annotations

import re

from assistant.english.speech import SAYS
from assistant.english.table import words

CAPITAL = r"[^\W\d_a-zß-ÿ]"
"""A capital letter, or a letter of a script without them."""

NAME_WORD = rf"{CAPITAL}[\w\-]{{0,40}}[^\W\d_]"
"""A word of a name: "Greta", "Smith-Jones"."""
_INITIAL = rf"{CAPITAL}\."
PARTICLES = words("al bin da de del della der di dos du la le ten ter van von zu")
"""Small words within a name: the "van" of "Ludwig van Beethoven"."""

FULL_NAME = re.compile(
    rf"\b{NAME_WORD}(?: (?:{NAME_WORD}|{_INITIAL}|{PARTICLES}(?= ))){{0,6}} {NAME_WORD}\b"
)
"""A name of several words: "Ludwig van Beethoven"."""

NAMES_IN_A_ROW = re.compile(
    rf"{FULL_NAME.pattern}(?:(?:, and |, | and | & ){FULL_NAME.pattern}){{0,20}}"
)
"""Several names side by side: "Marco Ramirez and Doug Petrie"."""

TITLES = frozenset(
    "Mr Mrs Ms Mx Miss Dr Prof Sir Dame Lord Lady Rev Sgt Capt Lt Col Gen "
    "President Vice Premier Chancellor Minister Secretary Senator Governor Mayor Mayoress "
    "Councillor Ambassador Envoy Speaker Commissioner Judge Justice Prosecutor Attorney Sheriff "
    "Inspector Detective Officer Chief Sergeant Captain Lieutenant Major Colonel General Admiral "
    "Commander Marshal King Queen Prince Princess Duke Duchess Baron Baroness Count Countess "
    "Emperor Empress Sultan Emir Pope Cardinal Bishop Archbishop Father Sister Brother Rabbi Imam "
    "Pastor Professor Doctor Dean Rector Director Manager Chairman Chairwoman Chair Founder Owner "
    "Coach Trainer Chef Architect Engineer Author Writer Editor Reporter Actor Actress Singer "
    "Composer Conductor Showrunner Producer Spokesman Spokeswoman Spokesperson Leader Deputy CEO "
    "Uncle Aunt Saint".split()
)
"""A person's titles and roles, which stand before the name: "Prime Minister Sanna Marin"."""

NO_PERSONS = frozenset(
    # Newspapers
    "Times Post News Journal Herald Tribune Gazette Courier Chronicle Guardian Observer Review "
    "Magazine Press Daily "
    # Bodies and companies
    "Court Council Parliament Senate Congress Committee Commission Ministry Department Office "
    "Agency Authority Board Party Union Association Federation Society Club League Team United "
    "Company Corporation Group Bank Fund Inc Ltd LLC "
    # Institutions and events
    "University College School Institute Academy Museum Library Hospital Church Cathedral Theatre "
    "Theater Orchestra Choir Festival Prize Award Cup "
    # Places
    "Bridge Street Road Avenue Square Park Station Airport Port Harbour River Lake Sea Ocean "
    "Island Islands Mountain Mountains Valley Coast City Town County Province State States "
    "Kingdom Republic Empire Nations "
    # Others
    "War Wars Treaty Act Law Day Street House Hall Tower Castle Palace Wall Channel".split()
)
"""Last words of names that are not a person's: "New York Times"."""

PLACES = frozenset(
    "New North South East West Northern Southern Eastern Western Mount Lake Port Fort San "
    "Santa Los Las".split()
)
"""First words of the names of places: "New York"."""

SURELY_NO_NAME = re.compile(
    r"(?:The|A|An|And|But|For|In|On|At|By|Of|When|While|After|Before|As|If) "
)
"""A word with a capital only because it begins a sentence: "The Greta Lindqvist that I know"."""

ACTS = words(
    "met meets visited visits resigned resigns smiled laughed cried wept sighed nodded shrugged "
    "lives lived died married wants wanted thinks thought believes believed hopes hoped knows knew "
    "remembers remembered agrees agreed insists insisted wrote studied grew retired"
)
"""A verb that is mostly used of people: "Xi Jinping met the press"."""

LOWER_WORD = re.compile(r"(?<![\w’'])[a-zß-ÿ][\w\-]*")
"""A word in lower case."""

FAMILY_ALONE = re.compile(
    # After a word in lower case that is not an article: "says Lindqvist".
    rf"(?:(?<![\w’'])(?!(?:an?|the) )[a-z][\w’'\-]{{0,40}} "
    # After a mark, or at the beginning of a line: "Lindqvist says".
    rf"|[,;:.“”\"(]\s{{0,3}}|^)({NAME_WORD})\b(?! {CAPITAL})",
    re.MULTILINE,
)
"""A name of one word by itself: "says Lindqvist"."""

GIVEN_ALONE = re.compile(
    rf"(?<!\bthe )(?<!\bThe )\b({NAME_WORD})(?:[’'](?:s |\s)| (?:{SAYS}|{ACTS})\b)"
)
"""A name of one word that owns, says or does something: "Greta’s mill", "Xi said"."""

ACTING = re.compile(
    rf",? (?:also |then |has |had )?(?:{SAYS}|{ACTS})\b|,? who\b|(?:,| \() ?\d{{2}}[,)]"
)
"""Words after a person's name: "Xi Jinping met", "Greta Lindqvist, 41,"."""

ACTED = re.compile(rf"\b(?:{SAYS}|{ACTS}) (?:with )?$")
"""Words before a person's name: "said Greta Lindqvist", "met Xi Jinping"."""

LONGEST_ACTED = 20
"""Characters before a name that are searched for `ACTED`."""
