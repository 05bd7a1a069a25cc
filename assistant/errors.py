"""What can go wrong with a question.

AssistantError
├── QuestionError       the question cannot be asked as it stands
├── TimeUpError         the question took too long, and was given up
├── UnknownModelError   no model has the name
├── ModelError          a chat model cannot be used, or did not answer
│   └── ContextError    it cannot read as much at once
└── WeightsError        the reader's weights are missing or damaged
"""


class AssistantError(Exception):
    """The base of every error that this package raises on purpose."""


class QuestionError(AssistantError, ValueError):
    """The question is empty or too long; the message says what to do."""


class TimeUpError(AssistantError):
    """A question took longer than one may take; the message says what to do."""


class UnknownModelError(AssistantError, ValueError):
    """No model has the name that was given."""


class ModelError(AssistantError):
    """A chat model cannot be used, or did not answer; the message says why, and nothing secret."""


class ContextError(ModelError):
    """What a chat model was given is longer than it can read at once."""


class WeightsError(AssistantError):
    """The reader's weights are missing or damaged; the message says which file."""
