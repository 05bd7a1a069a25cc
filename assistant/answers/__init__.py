"""Readings become an `Answer`; each kind of answer has a module.

- `by_reader` reads the sentences and chooses: one fact, the nearest sentences, or a refusal.
- `facts` states a fact, or yes or no, with its sentence.
- `refusal` shows the nearest sentences, or says that there is no answer.
- `overview` answers questions about an article as a whole.
- `talk` answers questions about the conversation and the assistant.
- `suggestions` makes questions that the articles answer.
- `deadline` limits the time for a question.
"""

from assistant.answers.by_reader import NO_READINGS, Readings, answer_by_reader, read
from assistant.answers.deadline import ANSWER_SECONDS, Deadline
from assistant.answers.overview import overview
from assistant.answers.suggestions import Suggestions
from assistant.answers.talk import about_talk

__all__ = [
    "ANSWER_SECONDS",
    "NO_READINGS",
    "Deadline",
    "Readings",
    "Suggestions",
    "about_talk",
    "answer_by_reader",
    "overview",
    "read",
]
