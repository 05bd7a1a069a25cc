"""The question: follow-ups, framing, scope and plan; pure."""

from assistant.question.followups import is_courtesy
from assistant.question.plan import plan_question

__all__ = ["is_courtesy", "plan_question"]
