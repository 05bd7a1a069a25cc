"""Calls, tokens and time limits of chat models."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

PATIENCE = 60.0
"""Seconds in which a chat model has to begin its answer, and to go on with it."""
CONTEXT = 8_192
"""Tokens that a model on this machine reads and writes for an answer; Ollama left to itself cuts after about 4,000."""


@dataclass(slots=True)
class Usage:
    """What a question has cost: calls of a model, and the tokens that it told to have read and written.

    `failure` is why a call failed, after which there is no other.
    """

    failure: str = ""
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long ago the first call was made ready."""
        return time.monotonic() - self.began

    @property
    def tokens(self) -> int:
        """Both together; 0 where the model does not tell."""
        return self.tokens_in + self.tokens_out
