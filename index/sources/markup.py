"""Parse HTML and XML from strangers: limited in size, without entities, without network access."""

from __future__ import annotations

import codecs
import re
from itertools import islice
from typing import Any

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from index.errors import SourceError

MOST_ELEMENTS = 100_000
"""Elements of a page or feed. The parsers need a second or more for so many."""
MOST_CHILDREN = 20_000
"""Children of one element. The time of some parsers grows with the square of them."""
MOST_ATTRIBUTES = 1_000
"""Attributes of one element. The time of the parsers grows with the square of them."""
LONG_TAG = 5_000
"""Characters of a tag from which on its attributes are counted."""
DECLARATION_BYTES = 4_096
"""Bytes at the start of a page where it may declare its encoding."""
GUESS_BYTES = 100_000
"""Bytes at the start of a page that its encoding is guessed by."""

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# The encoding that a page declares: <meta charset="utf-8">, <?xml version="1.0" encoding="utf-8"?>
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)\s[^>]{0,200}?(?:charset|encoding)=["']?([\w.:-]{1,40})""", re.IGNORECASE
)
# Encodings that pages use: utf-8, iso8859-2, cp1251. Some other codecs of Python are very slow.
_WEB_CODECS = re.compile(
    r"utf-8|iso8859|iso2022|cp\d|koi8|mac-|gb|big5|euc|shift_jis|tis-620|ascii"
)
# The value of an attribute: "It rained." in title="It rained."
_QUOTED = re.compile("\"[^\"]*\"|'[^']*'")
# An ampersand that begins no entity: the one in "?a=1&b=2", not the one in "&amp;".
_BARE_AMPERSAND = re.compile(rb"&(?!#?\w{1,31};)")
# Characters that XML forbids: control characters and the noncharacters U+FFFE and U+FFFF.
_FORBIDDEN_IN_XML = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")


def without_control(text: str) -> str:
    r"""Remove control characters and noncharacters from a text.

    >>> without_control("Rain\x07 in May")
    'Rain in May'
    """
    return _FORBIDDEN_IN_XML.sub("", text)


def parse_html(data: bytes, charset: str | None = None) -> Any:
    """Parse an HTML page. Raises `SourceError` if it has too many elements or attributes.

    Args:
        data: The bytes of the page.
        charset: The encoding that the server names; it wins over the page's own declaration.

    Returns:
        The root element of the page.
    """
    text = without_control(_decode(data, charset))
    if any(_has_many_attributes(piece) for piece in text.split("<")):
        reason = "the page has an element with too many attributes"
        raise SourceError(f"{reason}; add the part you need as a text file")
    if "<html" not in text.lower():  # trafilatura does not recognise a fragment as a page.
        text = f"<html><body>{text}</body></html>"
    parser = HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, collect_ids=False
    )
    page = text.encode("utf-8", "replace")
    tree = document_fromstring(page, parser=parser, ensure_head_body=True)
    check_size(tree, "page")
    return tree


def parse_xml(data: bytes) -> Any:
    """Parse an XML document without its DTD, repairing it if it is broken.

    Returns:
        The root element; None if the document is beyond repair.
    """
    safe = {"resolve_entities": False, "no_network": True, "load_dtd": False}
    try:
        return etree.fromstring(data, etree.XMLParser(**safe))
    except etree.XMLSyntaxError:
        # The repair drops the text after a bare ampersand, and addresses are full of them.
        data = _BARE_AMPERSAND.sub(b"&amp;", data)
    try:
        return etree.fromstring(data, etree.XMLParser(recover=True, **safe))
    except etree.XMLSyntaxError:
        return None


def check_size(tree: Any, kind: str) -> None:
    """Raise `SourceError` for a tree with too many elements; `kind` names it in the message."""
    elements = sum(1 for _ in islice(tree.iter(), MOST_ELEMENTS + 1))
    if elements > MOST_ELEMENTS or max(map(len, tree.iter())) > MOST_CHILDREN:
        raise SourceError(
            f"the {kind} has too many elements to parse; add the part you need as a text file"
        )


def _has_many_attributes(text: str) -> bool:
    """Whether a text that follows "<" has more than `MOST_ATTRIBUTES` before its ">"."""
    if len(text) < LONG_TAG or not text[0].isalpha():
        return False
    tag, _, _ = _QUOTED.sub("", text).partition(">")
    return len(tag.split()) > MOST_ATTRIBUTES


def _decode(data: bytes, charset: str | None) -> str:
    """Decode a page; `charset` is the encoding that the server names."""
    # A byte order mark is certain.
    for mark, codec in _BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return data.decode(codec, "replace")
    # Next come the server and the page itself, in this order.
    declared = _DECLARED.search(data, 0, DECLARATION_BYTES)
    codec = _codec(charset or "") or _codec(declared.group(1).decode() if declared else "") or ""
    if codec and codec != "cp1252":
        return data.decode(codec, "replace")
    # Many servers say Latin-1 by default although the page is UTF-8. Latin-1 text with letters
    # beyond ASCII is hardly ever valid UTF-8.
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(codec or _guess_codec(data), "replace")


def _codec(charset: str) -> str | None:
    """Return Python's name for an encoding that pages use.

    Latin-1 and ASCII are read as cp1252, as browsers do.

    >>> _codec("latin1"), _codec("UTF8"), _codec("rot13")
    ('cp1252', 'utf-8', None)
    """
    try:
        codec = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    if not _WEB_CODECS.match(codec):
        return None
    return "cp1252" if codec in {"iso8859-1", "ascii"} else codec


def _guess_codec(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:GUESS_BYTES]).best()
    return best.encoding if best else "utf-8"
