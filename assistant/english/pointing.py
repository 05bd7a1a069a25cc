"""Words that refer to earlier turns: pronouns, broken-off questions, corrections, courtesy."""

from __future__ import annotations

import re

from assistant.english.modality import AUXILIARY
from assistant.english.table import Table, words
from index.text.words import FUNCTION_WORDS

_FUNCTION_WORD = "|".join(sorted(FUNCTION_WORDS))
_NO_FUNCTION_WORD = rf"(?!(?i:{_FUNCTION_WORD})\b)"

DETERMINER = r"(?:[Tt]he|[Aa]n?|[Tt]h(?:is|at|ese|ose))"
"""A word before a noun: "the", "a", "this"."""
CAPITALISED = rf"{_NO_FUNCTION_WORD}[^\W\d_a-zß-ÿ][\w’'\-]{{0,60}}"
"""A word with a capital: "Ostheim"."""
NAME = rf"{CAPITALISED}(?: (?:&|{CAPITALISED}|[A-Z]?\d\w{{0,20}})){{0,8}}"
"""A name: "Ida Berg", "Marks & Spencer", "Boeing 747"."""
_NOUN = rf"{_NO_FUNCTION_WORD}[^\W\d_][\w\-]{{0,60}}"
_NOUN_PHRASE = rf"(?:{DETERMINER} (?:(?:{_NOUN} )?{NAME}|{_NOUN}(?: {_NOUN}){{0,3}})|{NAME})"
"""A name, or nouns with an article: "Ida Berg", "the old town hall", "the mayor Ida Berg"."""

NAME_IN_TEXT = re.compile(rf"\b{CAPITALISED}(?: {CAPITALISED}){{1,8}}|(?<=[a-z] ){CAPITALISED}")
"""A name in a sentence, of several words or not at its beginning: "It is in Ostheim"."""

THING = re.compile(rf"(?<!\w){_NOUN_PHRASE}(?: (?:in|at|on) {_NOUN_PHRASE})?")
"""A name or nouns, perhaps with their place: "the old town hall", "the museum in Ostheim"."""

WITH_OF = re.compile(rf" of {_NOUN_PHRASE}")
"""The rest of a thing: " of Acme" in "the CEO of Acme"."""

_SPLIT_VERBS = words(
    "built held made sold found born run torn cut lost won paid left kept sent spent taken given "
    "shown known written driven drawn chosen broken hurt set put shut hit bought brought caught "
    "taught thought told said"
)
VERB_AT_END = re.compile(
    # "When does the mill open?": the last of the words after do, will or can is the verb.
    r"(?P<kept>\b(?:do|does|did|will|would|can|could|should) "
    rf"{DETERMINER} {_NOUN}(?: {_NOUN}){{0,3}}) {_NOUN}"
    rf"(?=\W{{0,5}}$| (?i:{_FUNCTION_WORD})\b)"
    # "When was the mill built?": after be and have it is a participle.
    r"|(?P<kept_too>\b(?:is|are|was|were|has|have|had|been) "
    rf"{DETERMINER} {_NOUN}(?: {_NOUN}){{0,3}}) "
    rf"(?:{_SPLIT_VERBS}|[a-z]{{2,20}}[^e\W]ed)\b",
)
"""A verb right after its subject: the "open" of "When does the mill open?"."""

PERSON = re.compile(r"\b(?P<whose>his|her(?= [a-z]))\b|\b(?:he|she|him|her)\b", re.IGNORECASE)
"""A pronoun for a person: "when was she born?"."""

THING_MEANT = re.compile(r"\b(?P<whose>its|their)\b|\b(?:it|they|them)\b", re.IGNORECASE)
"""A pronoun for a thing, or for several: "when was it built?"."""

POINTING = re.compile(
    r"\b(?:there|then|th(?:is|at|ese|ose)|he|she|former|latter|same|other|else)\b", re.IGNORECASE
)
"""Any word that may refer back: "who else?"."""

_GOING_ON = r"(?:and|but|also|then|so)"
_ABOUT = r"(?:what|how) about"

BREAKS_OFF = re.compile(rf"\W{{0,20}}(?:{_GOING_ON}|{_ABOUT})\b\W{{0,20}}", re.IGNORECASE)
"""The beginning of a question that may lack words: "and how many stops?"."""

ANOTHER_THING = re.compile(
    # "and of Jessica Jones?", "what about Nils Ek?"
    rf"\W{{0,20}}(?:(?i:{_GOING_ON}\W{{1,20}}(?:{_ABOUT} )?|{_ABOUT} )"
    r"(?:(?P<preposition>of|in|at|on|for|with|from|to|by|about) )?"
    rf"(?P<thing>(?:{DETERMINER} )?{NAME})"
    # "how about the bus?"
    rf"|(?i:(?:{_GOING_ON}\W{{1,20}})?{_ABOUT}) (?P<noun>(?i:the) {_NOUN}(?: {_NOUN}){{0,3}}))",
)
"""The same question about another thing: "and of Jessica Jones?", "how about the bus?"."""

_PERHAPS_SO = rf"(?:{_GOING_ON}\W{{1,20}})?"
_ADVERB = r"(?:why|when|where|how)"

BARE = re.compile(
    rf"{_PERHAPS_SO}(?:(?P<alone>{_ADVERB}|why not|since when|how so|how come)"
    rf"|(?P<asks>{_ADVERB}) {AUXILIARY}(?:n[’']t)? (?:he|she|it|they|that|this))",
    re.IGNORECASE,
)
"""A question word, perhaps with a verb and a pronoun: "why", "why did he"."""

INVERTED = re.compile(
    # "Which mill did they close?"
    r"(?:(?:who|what|which)(?: \w{1,30}){0,3}? (?=(?:do|does|did)\b)"
    # "When did the mill close?"
    rf"|{_ADVERB}(?: \w{{1,30}}){{0,3}}? (?={AUXILIARY}\b)"
    # "Did the mill close?"
    rf"|(?={AUXILIARY}\b))(?P<rest>.{{1,2000}})",
    re.IGNORECASE | re.DOTALL,
)
"""A question with its verb before the subject: "When did the mill close?". Its rest: "did …"."""

CORRECTS = re.compile(
    r"\W{0,20}(?:(?:no|sorry|oh)\W{1,20})?i (?:meant|mean)\b\W{0,20}|\W{0,20}no[,;.]\W{0,20}",
    re.IGNORECASE,
)
"""A correction: "no, I meant the museum"."""

_COURTEOUS = (
    r"thanks?(?: you)?(?: a lot| so much)?|ok(?:ay)?|great|good|nice|perfect|cool|hello|hi|hey"
    r"|please|now|bye"
)
COURTESY = re.compile(rf"\W{{0,20}}(?:(?:{_COURTEOUS})\b\W{{0,20}}){{1,10}}", re.IGNORECASE)
"""Thanks, or a greeting: "Thanks a lot!"."""

_ABOUT_IT = r"(?: (?:about|of|on) (?:it|this|that))?"
_IT = r"(?:it|the (?:article|text|story))"

MORE_WANTED = Table(
    (
        (
            r"(?:(?:and|ok|please|can you|could you|then) ){0,3}(?:tell|show|give|read)"
            rf"(?: me| us)? (?:some |a bit |a little )?more{_ABOUT_IT}(?:,? please)?"
        ),
        "Tell me more about it.",
    ),
    (
        rf"(?:(?:and|ok|please|then|some|a bit|any) ){{0,3}}more{_ABOUT_IT}(?:,? please)?",
        "More, please!",
    ),
    (
        (
            r"(?:please |and )?(?:go on|continue|carry on|keep going|read on|next)"
            r"(?: please| reading)?"
        ),
        "Go on.",
    ),
    (rf"(?:and )?what (?:else|more)(?: (?:does|did) {_IT} say)?", "What else?"),
)
"""A whole question asks for more of the same."""

_TIME_BEFORE = (
    r"(?P<which>first|last|previously|before|earlier|just now|so far|at first|at the beginning)"
)
ASKED_BEFORE = re.compile(
    # "what did I ask first"
    r"(?:and |so )?what (?:did|have) i (?:just )?(?:ask|asked|say|said|want to know)(?: you)?"
    rf"(?: {_TIME_BEFORE})?"
    # "what was my last question"
    r"|(?:and |so )?(?:what (?:was|is|were)|repeat|show me|tell me) (?:my|the) "
    r"(?P<kind>first|last|previous|earlier|latest)?(?: of my)? ?questions?",
    re.IGNORECASE,
)
"""A question about an earlier question: "repeat my last question"."""

_KIND_OF_PROGRAM = (
    r"(?:an? )?(?:ai|bot|chat ?bot|robot|human|(?:real )?person|real|machine|program|model)"
)

ABOUT_PROGRAM = Table(
    (r"(?:(?:and|so|but) ){0,2}(?:who|what)(?: exactly)? are you", "Who are you?"),
    (rf"(?:are|is) (?:you|this) {_KIND_OF_PROGRAM}", "Are you a bot?"),
    (r"what(?:[’']s| is) your name|introduce yourself", "What is your name?"),
    (r"(?:(?:and|so) )?what (?:can|do) you (?:do|know|answer)", "What can you do?"),
    (
        r"(?:(?:and|so) )?how (?:do|can) (?:you (?:work|help(?: me)?)|i use (?:you|this))",
        "How do you work?",
    ),
    (r"what (?:can|should|may) i ask(?: you)?|help(?: me)?", "What can I ask?"),
)
"""A whole question about the assistant itself."""
