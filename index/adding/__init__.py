"""Add sources to an index, and report the outcome.

Read the modules in this order:

- `adder`: adds, refreshes and watches sources
- `intake`: stores one batch of articles after the other
- `reading`: reads the sources, and follows feeds and sitemaps
- `embedding_ahead`: embeds the next batches while one is stored
- `watching`: waits for changed files in folders
- `copying`: copies an index, to rebuild or import it
- `report`: the progress and the outcome of an `add`
"""
