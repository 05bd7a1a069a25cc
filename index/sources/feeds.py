"""Feeds, sitemaps and lists → the addresses of the pages that they name."""

from __future__ import annotations

import io
import re
import zlib
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from lxml import etree

from index.errors import SourceError
from index.sources.markup import check_size, parse_xml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_LINKS = 1_000  # of one feed or sitemap; the first are kept
LARGEST_LIST = 20_000_000  # bytes of a feed or sitemap, unpacked
LONGEST_URL = 2_000  # characters

_LIST = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)


def links(data: bytes, url: str, content_type: str = "") -> list[str] | None:
    """Return the addresses that a feed or sitemap lists, in its order, or None if it is neither.

    An RSS, Atom or RDF feed lists pages; a sitemap lists pages or further sitemaps; a `text/plain` sitemap has one on
    each line. Each is absolute, http(s), and there once; there are `MOST_LINKS` at most. Raises `SourceError` for a
    list that is damaged or too large.
    """
    data = _unpack(data)
    found = _listed(data, url)
    if found is None and content_type == "text/plain":
        found = addresses(data.decode("utf-8", "replace"))
    return None if found is None else list(islice(dict.fromkeys(absolute(found, url)), MOST_LINKS))


def addresses(text: str) -> list[str] | None:
    r"""Return the addresses of a text that holds nothing else, one on each line, or None if it is an ordinary text.

    >>> addresses("# to read\nhttps://example.org/a\n\nhttps://example.org/b\n")
    ['https://example.org/a', 'https://example.org/b']
    """
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    return lines if lines and all(map(_ADDRESS.fullmatch, lines)) else None


def absolute(found: Iterable[str], url: str) -> Iterator[str]:
    """Yield the http(s) addresses among those found on `url`, without fragments."""
    for text in found:
        with suppress(ValueError):  # A port or an IPv6 address that is none.
            address = urldefrag(urljoin(url, text.strip())).url
            if len(address) <= LONGEST_URL and address.isprintable() and _is_web(urlsplit(address)):
                yield address


def _is_web(address: SplitResult) -> bool:
    is_host = bool(address.hostname) and "@" not in address.netloc and address.port != 0
    return is_host and address.scheme in {"http", "https"}


def _unpack(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, LARGEST_LIST + 1)
    except zlib.error:
        unpacked = b""
    if len(unpacked) <= LARGEST_LIST and not unpacker.eof:
        raise SourceError("the file is packed with gzip, and damaged; get it again")
    return unpacked


def _listed(data: bytes, url: str) -> Iterable[str] | None:
    """Return what the addresses in a feed or sitemap say, or None if it is neither."""
    if not _LIST.search(data[:10_000].replace(b"\x00", b"")):  # UTF-16 has a zero beside each letter of a tag.
        return None
    if len(data) > LARGEST_LIST:
        raise SourceError(f"the feed or sitemap is larger than {LARGEST_LIST / 1e6:g} MB; add its pages one by one")
    root = parse_xml(data)
    kind = etree.QName(root).localname.lower() if root is not None else ""
    if kind in {"urlset", "sitemapindex"}:
        return (text for text in root.xpath("/*/*/*[local-name() = 'loc']/text()"))
    return _entries(root, url) if kind in {"rss", "feed", "rdf"} else None


def _entries(root: Any, url: str) -> list[str]:
    """Return the addresses of a feed's entries.

    feedparser gets XML that it cannot stumble over: well-formed, without entities (which its second parser, for broken
    feeds, would replace without bound), and not too much of it.
    """
    import feedparser

    etree.strip_tags(root, etree.Entity, etree.Comment, etree.ProcessingInstruction)
    for entry in list(islice(root.iter("{*}item", "{*}entry"), MOST_LINKS, None)):
        entry.getparent().remove(entry)
    check_size(root, "feed")
    feed = feedparser.parse(
        io.BytesIO(
            etree.tostring(root, encoding="utf-8", xml_declaration=True)
        ),  # A str might be taken for an address.
        response_headers={"content-location": url},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    return [entry["link"] for entry in feed.entries if entry.get("link")]
