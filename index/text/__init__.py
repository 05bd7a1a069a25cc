"""Find sentences, words, languages and metadata in plain text.

Read the modules in this order:

- `sentences`: where sentences begin and end
- `words`: stemmed content words
- `language`: the language of a text
- `metadata`: the title and the date in the first lines of a text
- `characters`: text that is safe to print to a terminal
"""
