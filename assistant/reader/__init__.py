"""The reader: a small network that finds the answering sentence."""
