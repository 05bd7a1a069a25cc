"""The chat page, but for its wiring in `ui.py`: what it shows and does, its style and its scripts."""

from __future__ import annotations

from importlib.resources import files

from assistant.page.desk import EXPECTED, LOADING, Desk, Loading, View, Wish
from assistant.page.doors import Doors
from assistant.page.kept import Exchange, KeptError
from assistant.page.library import AddingError, Library
from assistant.page.programs import Programs
from assistant.page.rendering import answering_line, escaped, messages, notice
from assistant.page.serving import Guard, ServingError, accounts, is_this_machine, names_of
from assistant.page.stopping import Ending
from assistant.page.uploads import LARGEST_FILE

__all__ = [
    "EXPECTED",
    "FOLDER",
    "LARGEST_FILE",
    "LOADING",
    "AddingError",
    "Desk",
    "Doors",
    "Ending",
    "Exchange",
    "Guard",
    "KeptError",
    "Library",
    "Loading",
    "Programs",
    "ServingError",
    "View",
    "Wish",
    "accounts",
    "answering_line",
    "escaped",
    "is_this_machine",
    "messages",
    "names_of",
    "notice",
]

FOLDER = files("assistant") / "page"
"""Where the page's style, scripts and icon are."""
