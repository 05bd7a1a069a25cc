"""Every English word list and rule of the assistant that is written by hand.

Each rule stands in a table, with a sentence that it matches; other modules only ask the tables.

- `table` has the types of tables, and helpers for patterns.
- `asking` has questions for people and reasons, and the articles that are asked.
- `overviews` has questions about an article as a whole.
- `pointing` has words that refer to earlier turns: pronouns, corrections, "tell me more".
- `framing` has the phrases around a question: "could you tell me".
- `orders` has orders to a program, in questions and articles.
- `numbers` and `dates` have amounts, ages and times.
- `modality` has denials, hedges, and questions of yes or no.
- `speech` has speakers and quotation marks.
- `people` has the names and titles of people.
- `statements` has sentences that can become questions.
"""
