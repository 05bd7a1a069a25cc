"""What can go wrong with articles and their index; every message says what happened, to what, and what to do.

ArticleIndexError
├── SourceError              a source gives no article; `add` reports it and goes on
│   └── SourceGoneError      it is no longer there
├── ArticleNotFoundError     no such article, or no such version of it
└── StoreError               the index cannot be opened, read or written
    ├── NotAnIndexError      the place holds something else
    ├── IndexInUseError      another process has the folder open
    └── EmbedderMismatchError  the index was made with another embedding model
"""


class ArticleIndexError(Exception):
    """The base of every error that this package raises on purpose."""


class SourceError(ArticleIndexError):
    """A source gives no article: its message is the reason that `AddReport.failed` carries."""


class SourceGoneError(SourceError):
    """The file or page of a source is no longer where it was."""


class ArticleNotFoundError(ArticleIndexError, LookupError):
    """The index holds no article, or no version of one, under the asked id."""


class StoreError(ArticleIndexError):
    """The index cannot be opened, read or written."""


class NotAnIndexError(StoreError):
    """The named place holds something that is not an article index."""


class IndexInUseError(StoreError):
    """Another process, or this one, has the index folder open."""


class EmbedderMismatchError(StoreError):
    """The index was made with another embedding model than the one asked for."""
