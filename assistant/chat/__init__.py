"""Chat models, held to the same checks as the reader.

In the order of an answer: `catalogue` lists the models, `opening` opens one, `prompts` writes its
prompt, `caller` calls it within the limits of `usage`, `claims` splits its text into sentences,
`check` and `judge` decide whether each of them stands, and `writer` puts them together. `gguf`
runs a model in this process.
"""

from assistant.chat.catalogue import DEFAULT_MODEL
from assistant.chat.opening import open_writer
from assistant.chat.usage import PATIENCE, Usage

__all__ = ["DEFAULT_MODEL", "PATIENCE", "Usage", "open_writer"]
