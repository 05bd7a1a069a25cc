"""The calls, tokens and time limits of chat models."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

PATIENCE = 60.0
"""Seconds that a chat model has to begin its answer, and between two words."""
CONTEXT = 8_192
"""Tokens of prompt and answer for a model on this machine. Ollama's own default is about 4,000."""


@dataclass(slots=True)
class Usage:
    """The cost of one question.

    Attributes:
        failure: The reason a call failed; a model that has failed is not called again.
        calls: Calls of the model.
        tokens_in: Tokens read, as reported by the model.
        tokens_out: Tokens written, as reported by the model.
        began: Monotonic time of the start, in seconds.
    """

    failure: str = ""
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began

    @property
    def tokens(self) -> int:
        """Tokens read and written, as reported by the model."""
        return self.tokens_in + self.tokens_out
