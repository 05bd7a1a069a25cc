"""The errors of a question.

AssistantError
├── QuestionError       the question is empty or too long
├── TimeUpError         the answer took too long
├── UnknownModelError   no model has the name
├── ModelError          a chat model is unusable or failed
│   └── ContextError    the prompt is too long for it
└── WeightsError        the reader's weights are missing or damaged
"""


class AssistantError(Exception):
    """The base of all errors of this package."""


class QuestionError(AssistantError, ValueError):
    """The question is empty or too long. The message says how to ask."""


class TimeUpError(AssistantError):
    """The answer took too long. The message says how to ask instead."""


class UnknownModelError(AssistantError, ValueError):
    """No model has the given name. The message lists the usable ones."""


class ModelError(AssistantError):
    """A chat model is unusable or failed. The message gives the reason, without secrets."""


class ContextError(ModelError):
    """The prompt is longer than the chat model can read."""


class WeightsError(AssistantError):
    """The reader's weights are missing or damaged. The message names the file."""
