"""The chat page.

Modules in a visit's order: `server` starts and ends the web
server; `access`, `routes` and `bodies` decide which requests come in; `layout` places the
components in Gradio; `handlers` answers the events of a conversation, `stored` parses the
conversation from the browser, `rendering` writes HTML; `library`, `jobs` and `uploads` add and
remove articles; `programs` is the API and the MCP tools. Style, scripts and markup are files in
the same folder.
"""

from assistant.page.access import ServingError, accounts, check_private, names_of
from assistant.page.server import serve

__all__ = ["ServingError", "accounts", "check_private", "names_of", "serve"]
