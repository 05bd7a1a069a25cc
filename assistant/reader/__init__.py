"""The built-in reader: finds the sentence that answers a question, and the words in it.

`windows` groups the sentences, `network` runs the neural network on them, `spans` picks the
answering words from its output, and `reader` makes calibrated readings of both. `weights/` has the
weights and a model card.
"""

from assistant.reader.reader import Reader

__all__ = ["Reader"]
