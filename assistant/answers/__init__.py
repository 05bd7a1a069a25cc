"""Readings become an `Answer`: one module for each kind of answer."""

from assistant.answers.by_reader import NO_READINGS, Readings, answer_by_reader, read
from assistant.answers.deadline import MOST_SECONDS, Deadline
from assistant.answers.overview import overview
from assistant.answers.suggestions import Suggestions
from assistant.answers.talk import about_talk

__all__ = [
    "MOST_SECONDS",
    "NO_READINGS",
    "Deadline",
    "Readings",
    "Suggestions",
    "about_talk",
    "answer_by_reader",
    "overview",
    "read",
]
