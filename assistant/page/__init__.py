"""The chat page.

In the order in which the page comes up and is used: `launching` serves it behind the guards of
`serving`, `doors` and `bodies`; `layout` is its components in Gradio; `desk` is the conversation,
`kept` its form in the browser, `rendering` its HTML; `library` and `jobs` add and remove
articles, `uploads` takes files; `programs` is the API and the MCP tools. Its style and its
scripts are the files beside these modules.
"""

from assistant.page.launching import serve
from assistant.page.serving import ServingError, accounts, check_private, names_of

__all__ = ["ServingError", "accounts", "check_private", "names_of", "serve"]
