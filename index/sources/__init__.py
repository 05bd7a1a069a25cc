"""Turn paths, web addresses and texts into `Article`s.

Read the modules in this order:

- `isolation`: reads a file or a page in a process of its own, with limits of time and memory
- `files`: expands a source into files and pages, and picks the reader for a file's format
- `word`, `documents`, `pdf`: read Word, EPUB, e-mail and PDF files
- `web`: reads the article of a web page
- `feeds`: reads the addresses that a feed, a sitemap or a text file lists
- `markup`: parses HTML and XML safely, for all of the above
- `page`: the address of a page, with the validators of its last response
- `http`, `http_guard`, `http_errors`: fetch pages, from public hosts only

A new file format is a function in `documents` and an entry in `files.READERS`.
"""

from index.sources.feeds import links
from index.sources.isolation.reading import read_path

__all__ = ["links", "read_path"]
