"""The reader: a small network that finds the answering sentence."""

from assistant.reader.reader import Reader

__all__ = ["Reader"]
