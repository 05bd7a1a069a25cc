"""Every English word list and pattern of the assistant that is written by hand.

Each module holds the rules about one subject, each table of rules is a `Table`, and each rule stands with a sentence
that it matches. The rest of the assistant asks these tables and holds no list of its own.
"""
