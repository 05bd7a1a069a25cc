"""Chat models, held to the same checks as the reader.

In the order of an answer: `catalogue` lists the models, `opening` opens one, `gguf` runs one in
this process, `prompts` writes the messages, `caller` sends them within the limits of `usage`,
`claims` splits the reply into sentences, `support` finds the sentences behind each of them,
`check` and `judge` decide whether it stands, `draft` holds the answer so far, and `writer` runs
these steps.
"""

from assistant.chat.catalogue import DEFAULT_MODEL
from assistant.chat.opening import open_writer
from assistant.chat.usage import PATIENCE, Usage

__all__ = ["DEFAULT_MODEL", "PATIENCE", "Usage", "open_writer"]
