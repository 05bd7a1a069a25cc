"""How English refers to what was said before: pronouns, broken-off questions, corrections, courtesy."""

from __future__ import annotations

import re

from assistant.english.modality import AUXILIARY
from assistant.english.table import Table, words
from index.ranking import FUNCTION_WORDS

DETERMINER = r"(?:[Tt]he|[Aa]n?|[Tt]h(?:is|at|ese|ose))"
_NO_FUNCTION_WORD = rf"(?!(?i:{'|'.join(sorted(FUNCTION_WORDS))})\b)"
CAPITALISED = rf"{_NO_FUNCTION_WORD}[^\W\d_a-zß-ÿ][\w’'\-]{{0,60}}"
NAME = rf"{CAPITALISED}(?: (?:&|{CAPITALISED}|[A-Z]?\d\w{{0,20}})){{0,8}}"
_NOUN = rf"{_NO_FUNCTION_WORD}[^\W\d_][\w\-]{{0,60}}"
_NAMED = rf"(?:{DETERMINER} (?:(?:{_NOUN} )?{NAME}|{_NOUN}(?: {_NOUN}){{0,3}})|{NAME})"

NAME_IN_TEXT = re.compile(rf"\b{CAPITALISED}(?: {CAPITALISED}){{1,8}}|(?<=[a-z] ){CAPITALISED}")
"""A name in a sentence: several words with capitals, or one that does not begin it: "It is in Ostheim"."""

THING = re.compile(rf"(?<!\w){_NAMED}(?: (?:in|at|on) {_NAMED})?")
"""A name, or nouns with an article, perhaps with its place: "the old town hall", "the museum in Ostheim"."""

WITH_OF = re.compile(rf" of {_NAMED}")
"""What completes such a thing: "the CEO of Acme"."""

_SPLIT_VERBS = words(
    "built held made sold found born run torn cut lost won paid left kept sent spent taken given shown known written "
    "driven drawn chosen broken hurt set put shut hit bought brought caught taught thought told said"
)
VERB_AT_END = re.compile(
    # "When does the mill open?": the last of the words after do, will or can is the verb.
    rf"(?P<kept>\b(?:do|does|did|will|would|can|could|should) {DETERMINER} {_NOUN}(?: {_NOUN}){{0,3}}) {_NOUN}"
    rf"(?=\W{{0,5}}$| (?i:{'|'.join(sorted(FUNCTION_WORDS))})\b)"
    # "When was the mill built?": after be and have it is a participle.
    rf"|(?P<kept_too>\b(?:is|are|was|were|has|have|had|been) {DETERMINER} {_NOUN}(?: {_NOUN}){{0,3}}) "
    rf"(?:{_SPLIT_VERBS}|[a-z]{{2,20}}[^e\W]ed)\b",
)
"""A verb that stands right after the nouns of its subject."""

PERSON = re.compile(r"\b(?P<whose>his|her(?= [a-z]))\b|\b(?:he|she|him|her)\b", re.IGNORECASE)
"""A pronoun for a person: "when was she born?"."""

THING_MEANT = re.compile(r"\b(?P<whose>its|their)\b|\b(?:it|they|them)\b", re.IGNORECASE)
"""A pronoun for a thing, or for several: "when was it built?"."""

POINTING = re.compile(r"\b(?:there|then|th(?:is|at|ese|ose)|he|she|former|latter|same|other|else)\b", re.IGNORECASE)
"""Any word that may refer back: "who else?"."""

_GOING_ON = r"(?:and|but|also|then|so)"
_ABOUT = r"(?:what|how) about"

BREAKS_OFF = re.compile(rf"\W{{0,20}}(?:{_GOING_ON}|{_ABOUT})\b\W{{0,20}}", re.IGNORECASE)
"""A question that may take what it lacks from the one before: "and how many stops?"."""

ANOTHER = re.compile(
    rf"\W{{0,20}}(?:(?i:{_GOING_ON}\W{{1,20}}(?:{_ABOUT} )?|{_ABOUT} )"
    rf"(?:(?P<preposition>of|in|at|on|for|with|from|to|by|about) )?(?P<thing>(?:{DETERMINER} )?{NAME})"
    rf"|(?i:(?:{_GOING_ON}\W{{1,20}})?{_ABOUT}) (?P<noun>(?i:the) {_NOUN}(?: {_NOUN}){{0,3}}))",
)
"""The same question of another thing: "and of Jessica Jones?", "how about the bus?"."""

BARE = re.compile(
    rf"\W{{0,20}}(?:{_GOING_ON}\W{{1,20}})?(?P<asks>why|when|where|how|since when|how so|how come)\W{{0,20}}\Z"
    rf"|\W{{0,20}}(?:{_GOING_ON}\W{{1,20}})?(?P<asks_more>why|when|where|how) (?P<verb>{AUXILIARY})(?:n[’']t)? "
    r"(?:he|she|it|they|that|this)\W{0,20}\Z",
    re.IGNORECASE,
)
"""A question word with nothing, or with a verb and a pronoun only: "why?", "why did he?"."""

INVERTED = re.compile(
    rf"(?:(?:who|what|which)(?: \w{{1,30}}){{0,3}}? (?=(?:do|does|did)\b)|(?:when|where|why|how)(?: \w{{1,30}}){{0,3}}? "
    rf"(?={AUXILIARY}\b)|(?={AUXILIARY}\b))(?P<rest>.{{1,2000}})",
    re.IGNORECASE | re.DOTALL,
)
"""A question whose verb stands before its subject: "When did the mill close?", of which the rest begins with "did"."""

CORRECTS = re.compile(
    r"\W{0,20}(?:(?:no|sorry|oh)\W{1,20})?i (?:meant|mean)\b\W{0,20}|\W{0,20}no[,;.]\W{0,20}", re.IGNORECASE
)
"""A correction: "no, I meant the museum"."""

COURTESY = re.compile(
    r"\W{0,20}(?:(?:thanks?(?: you)?(?: a lot| so much)?|ok(?:ay)?|great|good|nice|perfect|cool|hello|hi|hey|please|now|bye)"
    r"\b\W{0,20}){1,10}",
    re.IGNORECASE,
)
"""Thanks, or a greeting."""

MORE_WANTED = Table(
    (
        r"^\W{0,20}(?:(?:and|ok|please|can you|could you|then) ){0,3}(?:tell|show|give|read)(?: me| us)? (?:some |a bit |a little )?more"
        r"(?: please| (?:about|of|on) (?:it|this|that))?\W{0,20}$",
        "Tell me more.",
    ),
    (
        r"^\W{0,20}(?:(?:and|ok|please|then|some|a bit|any) ){0,3}more(?:,? please| of (?:it|this|that))?\W{0,20}$",
        "More, please!",
    ),
    (
        r"^\W{0,20}(?:please |and )?(?:go on|continue|carry on|keep going|read on|next)(?: please| reading)?\W{0,20}$",
        "Go on.",
    ),
    (
        r"^\W{0,20}(?:and )?what (?:else|more)(?: (?:does|did) (?:it|the article|the text|the story) say)?\W{0,20}$",
        "What else?",
    ),
)
"""More of the same is asked for."""

_FIRST_LAST = r"(?P<which>first|last|previous(?:ly)?|before|earlier|just now|just|so far|at first|at the beginning)"
ASKED_BEFORE = re.compile(
    rf"\W{{0,20}}(?:and |so )?what (?:did|have) i (?:just )?(?:ask|asked|say|said|want to know)(?: you)?(?: {_FIRST_LAST})?\W{{0,20}}"
    rf"|\W{{0,20}}(?:and |so )?(?:what (?:was|is|were)|repeat|show me|tell me) (?:my|the) "
    r"(?P<kind>first|last|previous|earlier|latest)?(?: of my)? ?questions?\W{0,20}",
    re.IGNORECASE,
)
"""A question for an earlier question: "what did I ask first?", "what was my last question?"."""

ABOUT_PROGRAM = Table(
    (r"^\W{0,20}(?:(?:and|so|but|hi|hello|hey) ){0,2}(?:who|what)(?: exactly)? are you\W{0,20}$", "Who are you?"),
    (
        r"^\W{0,20}(?:are|is) (?:you|this) (?:an? )?(?:ai|bot|chat ?bot|robot|human|person|real|machine|program|model|real person)\W{0,20}$",
        "Are you a bot?",
    ),
    (r"^\W{0,20}what(?:[’']s| is) your name\W{0,20}$|^\W{0,20}introduce yourself\W{0,20}$", "What is your name?"),
    (
        r"^\W{0,20}(?:(?:and|so) )?(?:what (?:can|do) you (?:do|know|answer)|how (?:do|can) (?:you (?:work|help(?: me)?)|i use (?:you|this)))"
        r"\W{0,20}$",
        "What can you do?",
    ),
    (r"^\W{0,20}(?:what (?:can|should|may) i ask(?: you)?|help(?: me)?)\W{0,20}$", "What can I ask?"),
)
"""A question for the assistant itself."""
