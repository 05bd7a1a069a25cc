"""Passages become sentences, then quotes and citations. Pure.

- `sentences` splits passages into sentences, and leaves out those that cannot answer.
- `quotes` joins sentences that need each other, and cites them.
- `people` finds the names of people.
- `dates` works out the day that "tomorrow" means.
- `wording` writes quotes and citations as people read them.
"""
