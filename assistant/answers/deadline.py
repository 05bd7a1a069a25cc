"""`Deadline`: the time limit of a question, checked between its steps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from assistant.errors import TimeUpError

ANSWER_SECONDS = 120.0
"""Time for an answer, a hundred times its usual duration: a slow machine also loads the models."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of the time for a question.

    Attributes:
        seconds: The time limit.
        began: Monotonic time of the start, in seconds.
    """

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Raise `TimeUpError` after the time limit."""
        if time.monotonic() - self.began > self.seconds:
            raise TimeUpError(
                f"No answer was found within {self.seconds:g} seconds; ask more briefly, or "
                "about fewer articles."
            )
