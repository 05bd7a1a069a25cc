"""The bytes of HTML and XML → trees, whatever they hold: bounded, without entities, asking nobody for anything."""

from __future__ import annotations

import codecs
import re
from itertools import islice
from typing import Any

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from index.errors import SourceError

# What the parsers take a second or some for: their time grows with the square of some of these.
MOST_ELEMENTS, MOST_CHILDREN = 100_000, 20_000  # of a page or feed, and of one of its elements

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DECLARED = re.compile(rb"""<(?:meta|\?xml)\s[^>]{0,200}?(?:charset|encoding)=["']?([\w.:-]{1,40})""", re.IGNORECASE)
# What pages without a byte order mark are written in; some of the other codecs of Python take for ever.
_CODECS = re.compile(r"utf-8|iso8859|iso2022|cp\d|koi8|mac-|gb|big5|euc|shift_jis|tis-620|ascii")
_BARE_AMPERSAND = re.compile(rb"&(?!#?\w{1,31};)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")


def without_control(text: str) -> str:
    """Return a text without control characters and what Unicode calls no characters."""
    return _CONTROL.sub("", text)


def parse_html(data: bytes, charset: str | None = None) -> Any:
    """Return the tree of a page; `charset` goes before what the page says. Raises `SourceError` for one of too much."""
    text = without_control(_decode(data, charset))
    if "<html" not in text.lower():
        text = f"<html><body>{text}</body></html>"  # Without them trafilatura sees no page in a fragment.
    parser = HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, collect_ids=False)
    tree = document_fromstring(text.encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    check_size(tree, "page")
    return tree


def parse_xml(data: bytes) -> Any:
    """Return the root of an XML document, mended if it is broken, without what its DTD would make of it, or None."""
    safe = {"resolve_entities": False, "no_network": True, "load_dtd": False}
    try:
        return etree.fromstring(data, etree.XMLParser(**safe))
    except etree.XMLSyntaxError:
        # Mending loses what follows an ampersand, and those in addresses are seldom written as they should be.
        data = _BARE_AMPERSAND.sub(b"&amp;", data)
    try:
        return etree.fromstring(data, etree.XMLParser(recover=True, **safe))
    except etree.XMLSyntaxError:
        return None


def check_size(tree: Any, kind: str) -> None:
    """Raise `SourceError` for a tree of more parts than are read in time."""
    elements = sum(1 for _ in islice(tree.iter(), MOST_ELEMENTS + 1))
    if elements > MOST_ELEMENTS or max(map(len, tree.iter())) > MOST_CHILDREN:
        raise SourceError(f"the {kind} has too many parts to be one; add what you need of it as a text file")


def _decode(data: bytes, charset: str | None) -> str:
    """Return a page's text: in the encoding of its byte order mark, or of the server's word, or its own, or a guess."""
    for mark, codec in _MARKS.items():
        if data.startswith(mark):
            return data.decode(codec, "replace")
    declared = _DECLARED.search(data, 0, 4_096)
    codec = _codec(charset or "") or _codec(declared.group(1).decode() if declared else "") or ""
    if codec and codec != "cp1252":
        return data.decode(codec, "replace")
    try:
        return data.decode()  # What servers call Latin-1 by default is UTF-8 as often as not, and no Latin-1 is so.
    except UnicodeDecodeError:
        return data.decode(codec or _guess(data), "replace")


def _codec(charset: str) -> str | None:
    """Return Python's name of a page's encoding, None for no such; Latin-1 and ASCII mean cp1252, as to browsers."""
    try:
        codec = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return ("cp1252" if codec in {"iso8859-1", "ascii"} else codec) if _CODECS.match(codec) else None


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:100_000]).best()
    return best.encoding if best else "utf-8"
