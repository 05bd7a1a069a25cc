"""The time that a question may take: looked at between its steps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from assistant.errors import TimeUpError

MOST_SECONDS = 120.0
"""A hundred times what an answer of the reader takes, and enough for a slow machine to load the models."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a question is given up: so many seconds after the deadline was made."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Raise `TimeUpError` if the time is up."""
        if time.monotonic() - self.began > self.seconds:
            raise TimeUpError(
                f"No answer was found within {self.seconds:g} seconds; ask more briefly, or of fewer articles."
            )
