"""The errors of articles and their index.

ArticleIndexError
├── SourceError                a source cannot be read as an article; `add` reports it and goes on
│   └── SourceGoneError        the file or page of a source no longer exists
├── ArticleNotFoundError       the index does not have the article or the version
└── StoreError                 the index cannot be opened, read or written
    ├── NotAnIndexError        the location holds something else
    ├── IndexInUseError        another process has the folder open
    └── EmbedderMismatchError  the index was made with another embedding model

Every message names the event, the thing affected, and a remedy.
"""


class ArticleIndexError(Exception):
    """The base of all errors of this package."""


class SourceError(ArticleIndexError):
    """A source cannot be read as an article; `AddReport.failed` has the message."""


def unforeseen(error: BaseException) -> SourceError:
    """Return the failure of a source for an error that no reader knows."""
    kind = type(error).__name__
    reason = f"it cannot be read for an unforeseen reason ({kind})"
    return SourceError(f"{reason}; save it in another format")


class SourceGoneError(SourceError):
    """The file or page of a source no longer exists."""


class ArticleNotFoundError(ArticleIndexError, LookupError):
    """The index does not have an article of this id, or not in this version."""


class StoreError(ArticleIndexError):
    """The index cannot be opened, read or written."""


class NotAnIndexError(StoreError):
    """The location holds something that is not an article index."""


class IndexInUseError(StoreError):
    """Another process, or this one, has the index folder open."""


class EmbedderMismatchError(StoreError):
    """The index was made with another embedding model than the requested one."""
