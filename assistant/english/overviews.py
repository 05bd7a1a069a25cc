"""Questions for an overview of an article: its subject, or the people that it names.

The forms are whole questions, without the marks around them. The article is a named group. The
group's name says which words mean an article in it:

- `open_…`: any words of a title;
- `sure_…`: "it", or a word such as "article" or "story";
- `named_…`: only such a word;
- others: "it", such a word, "report" or "document".
"""

from __future__ import annotations

import re

from assistant.english.table import Table, words

_ARTICLE = words("article articles story text piece page post")
_THIS = r"(?:it|this|that|these|everything|all this|all that|all of (?:it|this|that))"
_SHORT = r"in (?:short|brief|a nutshell|(?:\w{1,12} ){1,2}(?:words?|sentences?|lines?))"
_SO = rf"(?:(?:please|ok|so|and|now|hi|hey|hello|just|{_SHORT})\W{{1,5}}){{0,3}}"
_PLEASE = (
    rf"{_SO}(?:(?:can|could|would|will) (?:you|i|we) (?:please )?)?"
    r"(?:(?:i|we)(?: would|[’']d)? (?:want|need|like) (?:to have )?)?"
    r"(?:(?:give|tell|show|write|make|get|have)(?: me| us)? )??(?:please )?"
)
_END = rf"(?:,? (?:please|briefly|shortly|quickly|{_SHORT}))?"
_SUMMARY = (
    r"(?:(?:the|an?|your) )?"
    r"(?:(?:brief|short|quick|concise|general|one-sentence|good|executive) ){0,2}"
    r"(?:summary|overview|gist|outline|abstract|recap|synopsis|tl;?dr)"
)
_MAIN = r"(?:(?:main|key|central|core|most|important|principal|major|general|overall) )"
_POINTS = (
    rf"(?:(?:the|its|your) {_MAIN}{{0,3}}|{_MAIN}{{1,3}})"
    r"(?:points?|ideas?|messages?|topics?|themes?|subjects?|takeaways?|take-aways?|arguments?"
    r"|highlights?|contents?|gist|headlines?|title|summary)"
)
_WHAT_IS = r"what(?:[’']s| is| are| were| was)"
_OBJECT = r".{1,200}?"

ABOUT = Table(
    # A noun for a summary, perhaps with the article.
    (
        (
            rf"{_PLEASE}(?:{_WHAT_IS} )?{_SUMMARY}"
            rf"(?: (?:of|in|from|for|on|about) (?P<open_noun>{_OBJECT}))?{_END}"
        ),
        "Give me a short summary of the article.",
    ),
    # A verb.
    (
        rf"{_PLEASE}(?:summari[sz]e|outline|recap|sum up)(?: (?P<open_verb>{_OBJECT}))?{_END}",
        "Summarise it, please.",
    ),
    (rf"{_PLEASE}sum (?P<open_sum>{_OBJECT}) up{_END}", "Sum it up in one sentence."),
    # The points that it makes.
    (
        rf"{_PLEASE}(?:{_WHAT_IS} )?{_POINTS}(?: (?:of|in|from) (?P<sure_points>{_OBJECT}))?{_END}",
        "What are the main takeaways?",
    ),
    # Its subject.
    (
        rf"{_SO}what(?:[’']s| is| was) (?P<about>{_OBJECT})(?: all)? about{_END}",
        "What's the article about?",
    ),
    (
        rf"{_PLEASE}what (?P<told>{_OBJECT}) (?:is|was) about{_END}",
        "Tell me what the article is about.",
    ),
    # Its message.
    (
        (
            rf"{_SO}what (?:do|does|did) (?P<sure_says>{_OBJECT}) "
            rf"(?:say|tell(?: me| us)?|describe|discuss|cover|deal with|report on){_END}"
        ),
        "What does the article say?",
    ),
    (
        rf"{_SO}what (?:happens|happened) in (?P<sure_happens>{_OBJECT}){_END}",
        "What happens in the story?",
    ),
    # Its day.
    (
        rf"{_SO}when (?:was|is) (?P<sure_day>{_OBJECT}) (?:published|posted){_END}",
        "When was it published?",
    ),
    (
        rf"{_SO}what(?:[’']s| is) the (?:date|day) of (?P<sure_date>{_OBJECT}){_END}",
        "What is the date of the article?",
    ),
    # The article itself.
    (
        (
            rf"{_PLEASE}(?:tell (?:me |us )?about|about|explain|describe) "
            rf"(?P<named_it>{_OBJECT}){_END}"
        ),
        "Tell me about this article.",
    ),
    (rf"{_SO}(?:any|{_WHAT_IS} the) (?:latest )?news{_END}", "What is the news?"),
)
"""A question for the subject or the message of an article."""

_PERSONS = r"(?:people|persons|individuals|everyone|everybody|anyone|names|characters)"
_MENTIONED = (
    r"(?:(?:who |that )?(?:is |are |was |were )?"
    r"(?:named|mentioned|cited|quoted|featured|appears?|occurs?|comes? up))"
)


def _in(group: str) -> str:
    """Return a pattern for the article of a list: "in the story", "there"."""
    return rf"(?: (?:in|by|from|of) (?P<{group}>{_OBJECT})| (?:there|here))?"


PEOPLE = Table(
    # An order for a list.
    (
        (
            rf"{_PLEASE}(?:list|name|enumerate|show|tell|give)(?: me)? (?:(?:a|the) list of )?"
            rf"(?:all )?(?:of )?(?:the )?{_PERSONS}(?: {_MENTIONED})?{_in('list')}{_END}"
        ),
        "List everyone mentioned in the article.",
    ),
    (
        rf"{_PLEASE}(?:list|name|tell me) who (?:is|was|are) {_MENTIONED}{_in('who')}{_END}",
        "Tell me who is mentioned.",
    ),
    # The beginning of one.
    (
        rf"{_PLEASE}(?:all )?(?:the )?{_PERSONS} {_MENTIONED}{_in('noun')}{_END}",
        "People mentioned in it?",
    ),
    # A question.
    (
        rf"{_SO}who (?:all )?(?:is |are |was |were )?(?:all )?{_MENTIONED}{_in('named')}{_END}",
        "Who is mentioned in it?",
    ),
    (
        rf"{_SO}(?:which|what) {_PERSONS} {_MENTIONED}{_in('which')}{_END}",
        "Which people appear in this article?",
    ),
    (
        (
            rf"{_SO}(?:whom?|(?:which|what) {_PERSONS}) (?:does|did) "
            rf"(?P<names>{_OBJECT}) (?:name|mention){_END}"
        ),
        "Which people does the article name?",
    ),
    (
        (
            rf"{_SO}(?:who|what)(?:[’']s| is| are| were) (?:all )?(?:of )?the "
            rf"{_MAIN}?{_PERSONS}(?: {_MENTIONED})?{_in('the')}{_END}"
        ),
        "Who are the people in the article?",
    ),
    (
        rf"{_SO}who(?:[’']s| is| are) (?:all )?in (?P<named_people>{_OBJECT}){_END}",
        "Who is in the article?",
    ),
)
"""A question for the people that an article names."""

THIS_ONE = re.compile(_THIS, re.IGNORECASE)
"""The article of the conversation: "it"."""

ARTICLE_NAMED = re.compile(rf"\b(?:{_ARTICLE}|document|report|news)\b", re.IGNORECASE)
"""A word for an article: the "report" of "the mill report"."""

SURE_ARTICLE_NAMED = re.compile(rf"\b{_ARTICLE}\b", re.IGNORECASE)
"""A word that means nothing else: the "article" of "the mill article"."""

TITLE_ASKED = re.compile(
    # "What’s “The Mill” about?"
    r"(?:what(?:[’']s| is) (?:the article )?[“\"](?P<title>.{1,2000})[”\"] about"
    r"|which people does the article [“\"](?P<names>.{1,2000})[”\"] name)",
    re.IGNORECASE,
)
"""A question for an overview by title: Which people does the article “The Mill” name?"""
