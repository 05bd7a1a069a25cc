"""A question becomes a plan: a standalone question, and the articles to ask. Pure.

- `followups` makes a standalone question from a follow-up: "and when?".
- `scope` reads which articles are asked: "according to The Herald".
- `framing` removes phrases around the question: "could you tell me".
- `plan` puts these together, and says which kind of answer a question wants.
- `kinds` tells whether a text has the number or time that a question asks for.
"""

from assistant.question.followups import is_courtesy
from assistant.question.plan import plan_question

__all__ = ["is_courtesy", "plan_question"]
