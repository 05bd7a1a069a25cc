"""How English asks for people, for reasons, and for an overview of an article."""

from __future__ import annotations

import re

from assistant.english.modality import AUXILIARY
from assistant.english.table import Table, words

_LEADING = r"\W{0,20}(?:(?:and|but|or|so|then|also|please)\W{1,20}){0,4}"

PEOPLE_WANTED = Table(
    (r"\W{0,20}(?:(?:and|but|or|so|then|also|please|with|by|to|for|from|of)\W{1,20}){0,4}whom?\b", "And by whom?"),
)
"""A question asks for people. Use `opens`."""

_TELL = words("say think feel believe tell claim argue promise advise recommend suggest")

TELLING_WANTED = Table(
    (rf"{_LEADING}why\b", "And why?"),
    (rf"{_LEADING}(?:what|how) about\b", "What about the mill?"),
    (rf"{_LEADING}how\W{{1,20}}(?:{AUXILIARY}|to|come)\b", "How did it end?"),
    (rf"{_LEADING}what\W{{1,20}}(?:do|does|did)\b.{{0,200}}\b{_TELL}\b", "What does Berg say about it?"),
)
"""A question asks for what no few words of a sentence can tell. Use `opens`."""

_ARTICLE = words("article articles story text piece page post")
_MAYBE_ARTICLE = words("document report news")
"""Words for the article that may as well mean something in it: "When was the report published?"."""
_THIS = r"(?:it|this|that|these|everything|all this|all that|all of (?:it|this|that))"
_PLEASE = (
    r"\W{0,20}(?:(?:please|ok|so|and|now|hi|hey|hello|just)\W{1,5}){0,3}"
    r"(?:(?:can|could|would|will) (?:you|i|we) (?:please )?|(?:i|we)(?: would|[’']d)? (?:want|need|like) (?:to have )?)?"
    r"(?:(?:give|tell|show|write|make|get|have)(?: me| us)? )??(?:please )?"
)
_ENDING = (
    r"(?:,? (?:please|briefly|shortly|quickly|in (?:short|brief|a nutshell|(?:\w{1,12} ){1,2}(?:words?|sentences?|lines?))))?"
    r"\W{0,20}"
)
_SUMMARY = (
    r"(?:(?:the|an?|your) )?(?:(?:brief|short|quick|concise|general|one-sentence|good) ){0,2}"
    r"(?:summary|overview|gist|outline|abstract|recap|synopsis|tl;?dr|executive summary)"
)
_MAIN = r"(?:(?:main|key|central|core|most|important|principal|major|general|overall) )"
_POINTS = (
    rf"(?:(?:the|its|your) {_MAIN}{{0,3}}|{_MAIN}{{1,3}})"
    r"(?:points?|ideas?|messages?|topics?|themes?|subjects?|takeaways?|take-aways?|arguments?|highlights?|contents?|gist"
    r"|headlines?|title|summary)"
)
_OF = r"(?: (?:of|in|from|for|on|about) (?P<of_{n}>.{{1,200}}?))?"

ABOUT = {
    # A noun for a summary, perhaps with what is to be summed up.
    rf"{_PLEASE}{_SUMMARY}{_OF.format(n=1)}{_ENDING}": "Give me a short summary of the article.",
    # A verb.
    rf"{_PLEASE}(?:summari[sz]e|outline|recap|sum up)(?: (?P<of_2>.{{1,200}}?))?{_ENDING}": "Summarise it, please.",
    rf"{_PLEASE}sum (?P<of_3>.{{1,200}}?) up{_ENDING}": "Sum it up in one sentence.",
    # The points that it makes.
    rf"{_PLEASE}(?:what(?:[’']s| is| are| were| was) )?{_POINTS}{_OF.format(n=4)}{_ENDING}": "What are the main takeaways?",
    # What it is about.
    rf"\W{{0,20}}(?:so )?what(?:[’']s| is| was)(?P<about>.{{0,200}}?)(?: all)? about{_ENDING}": "What's the article about?",
    rf"{_PLEASE}what (?P<told>.{{1,200}}?) (?:is|was) about{_ENDING}": "Tell me what the article is about.",
    # What it says as a whole.
    rf"\W{{0,20}}what (?:do|does|did) (?P<says>.{{1,200}}?) (?:say|tell(?: me| us)?|describe|discuss|cover|deal with|report on)"
    rf"{_ENDING}": "What does the article say?",
    rf"\W{{0,20}}what (?:happens|happened) in (?P<happens>.{{1,200}}?){_ENDING}": "What happens in the story?",
    # Its day.
    rf"\W{{0,20}}when (?:was|is) (?P<published>.{{1,200}}?) (?:published|posted){_ENDING}": "When was it published?",
    rf"\W{{0,20}}what(?:[’']s| is) the (?:date|day) of (?P<dated>.{{1,200}}?){_ENDING}": "What is the date of the article?",
    rf"\W{{0,20}}(?:any|what(?:[’']s| is| are) the) (?:latest )?news{_ENDING}": "What is the news?",
}
"""Whole questions that ask for an overview of an article, the object being in a named group."""

OPEN_OBJECTS = frozenset({"of_1", "of_2", "of_3"})
"""Groups in which any words may name the article by its title: "Summarise the mill"."""
DOUBTFUL_OBJECTS = frozenset({"of_4", "says", "happens", "published", "dated"})
"""Groups in which "report" and the like mean something in an article: "What does the report say?"."""

_PERSONS = r"(?:people|persons|individuals|everyone|everybody|anyone|names|characters)"
_NAMED = (
    r"(?:(?:who |that )?(?:is |are |was |were )?(?:named|mentioned|cited|quoted|featured|appears?|occurs?|comes? up))"
)
_IN = r"(?: (?:in|by|from|of) (?P<in_{n}>.{{1,200}}?)| (?:there|here))?"

PEOPLE = {
    # An order for a list.
    rf"{_PLEASE}(?:list|name|enumerate|show|tell|give)(?: me)? (?:(?:a|the) list of )?(?:all )?(?:of )?(?:the )?{_PERSONS}"
    rf"(?: {_NAMED})?{_IN.format(n=1)}{_ENDING}": "List everyone mentioned in the article.",
    rf"{_PLEASE}(?:all )?(?:the )?{_PERSONS} {_NAMED}{_IN.format(n=7)}{_ENDING}": "People mentioned in it?",
    rf"{_PLEASE}(?:list|name|tell me) who (?:is|was|are) {_NAMED}{_IN.format(n=2)}{_ENDING}": "Tell me who is mentioned.",
    # A question.
    rf"\W{{0,20}}who (?:all )?(?:is |are |was |were )?(?:all )?{_NAMED}{_IN.format(n=3)}{_ENDING}": "Who is mentioned in it?",
    rf"\W{{0,20}}(?:which|what) (?:people|persons|individuals|names|characters) (?:does |do )?{_NAMED}{_IN.format(n=4)}{_ENDING}": "Which people appear in this article?",
    rf"\W{{0,20}}(?:which|what) (?:people|persons|names) does (?P<in_5>.{{1,200}}?) (?:name|mention){_ENDING}": "Which people does the article name?",
    rf"\W{{0,20}}(?:who|what)(?:[’']s| is| are| were) (?:all )?(?:of )?the {_PERSONS}(?: {_NAMED})?{_IN.format(n=6)}{_ENDING}": "Who are the people in the article?",
}
"""Whole questions that ask for the people whom an article names."""


def _compiled(forms: dict[str, str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(form, re.IGNORECASE | re.DOTALL) for form in forms)


ABOUT_FORMS, PEOPLE_FORMS = _compiled(ABOUT), _compiled(PEOPLE)
THIS_ONE = re.compile(rf"\W{{0,5}}{_THIS}?\W{{0,5}}", re.IGNORECASE)
"""The article that is talked of: "it"."""
ARTICLE_NAMED = re.compile(rf"\b(?:{_ARTICLE}|{_MAYBE_ARTICLE})\b", re.IGNORECASE)
"""An article by what it is: "the mill report"."""
SURE_ARTICLE_NAMED = re.compile(rf"\b{_ARTICLE}\b", re.IGNORECASE)
"""The same by a word that means nothing else: "the mill article"."""
TITLE_ASKED = re.compile(
    r"\W{0,20}(?:what(?:[’']s| is) (?:the article )?[“\"](?P<title>.{1,2000})[”\"] about"
    r"|which people does the article [“\"](?P<names>.{1,2000})[”\"] name)\W{0,20}",
    re.IGNORECASE,
)
"""An overview of the article with a title: What is “The Mill” about?"""
