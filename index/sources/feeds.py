"""Read the web addresses that a feed, a sitemap or a text file lists."""

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
from index.sources.page import LONGEST_URL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_LINKS = 1_000
"""Addresses that are read from one feed or sitemap; the first ones are kept."""
LARGEST_LIST = 20_000_000
"""Bytes of a feed or sitemap, unpacked."""
START_BYTES = 10_000
"""Bytes at the start of a feed or sitemap where its root element must be."""

# The root element of a feed or sitemap: <rss version="2.0">, <atom:feed>, <rdf:RDF …>, <urlset>
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|urlset|sitemapindex)[\s>]", re.IGNORECASE)
# A line that is a web address: "https://example.org/a"
_ADDRESS = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's number for "gzip header, largest window".


def links(data: bytes, url: str, content_type: str = "") -> list[str] | None:
    """Return the web addresses that a feed or sitemap lists.

    An RSS, Atom or RDF feed lists pages; a sitemap lists pages or further sitemaps; a sitemap of
    type text/plain has one address per line.

    Args:
        data: The bytes of the feed or sitemap, possibly compressed with gzip.
        url: The address of the feed or sitemap, for resolving relative links.
        content_type: The media type that the server names, such as "text/plain".

    Returns:
        At most `MOST_LINKS` absolute http(s) addresses in the order of the list, without
        repetitions; None for other data.

    Raises:
        SourceError: The list is damaged or too large.
    """
    data = _unpack(data)
    listed = _listed_links(data, url)
    if listed is None and content_type == "text/plain":
        listed = addresses(data.decode("utf-8", "replace"))
    if listed is None:
        return None
    return list(islice(dict.fromkeys(absolute(listed, url)), MOST_LINKS))


def addresses(text: str) -> list[str] | None:
    r"""Return the web addresses of a text that has one per line and nothing else.

    Blank lines and lines that begin with # are skipped. Any other text has no result.

    >>> addresses("# to read\nhttps://example.org/a\n\nhttps://example.org/b\n")
    ['https://example.org/a', 'https://example.org/b']
    """
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    return lines if lines and all(map(_ADDRESS.fullmatch, lines)) else None


def absolute(links: Iterable[str], url: str) -> Iterator[str]:
    """Resolve links against an address, and keep the http(s) ones.

    >>> list(absolute(["/a#top", "mailto:editor@example.org"], "https://example.org/news"))
    ['https://example.org/a']
    """
    for link in links:
        with suppress(ValueError):  # An invalid port or IPv6 address: https://example.org:x
            address = urldefrag(urljoin(url, link.strip())).url
            is_plain = len(address) <= LONGEST_URL and address.isprintable()
            if is_plain and _is_web(urlsplit(address)):
                yield address


def _is_web(address: SplitResult) -> bool:
    """Whether an address is http(s) with a host, and without a user name or port 0."""
    is_host = bool(address.hostname) and "@" not in address.netloc and address.port != 0
    return is_host and address.scheme in {"http", "https"}


def _unpack(data: bytes) -> bytes:
    """Decompress gzip data up to the largest allowed list; leave other data as it is."""
    if not data.startswith(_GZIP_MAGIC):
        return data
    unpacker = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        unpacked = unpacker.decompress(data, LARGEST_LIST + 1)
    except zlib.error:
        unpacked = b""
    if len(unpacked) <= LARGEST_LIST and not unpacker.eof:
        raise SourceError("the gzip file is damaged; download it again")
    return unpacked


def _listed_links(data: bytes, url: str) -> Iterable[str] | None:
    """Return the links of a feed or sitemap as they are written, if the data is one."""
    start = data[:START_BYTES].replace(b"\x00", b"")  # UTF-16 has a zero beside each letter.
    if not _ROOT.search(start):
        return None
    if len(data) > LARGEST_LIST:
        size = f"{LARGEST_LIST / 1e6:g} MB"
        raise SourceError(f"the feed or sitemap is larger than {size}; add its pages one by one")
    root = parse_xml(data)
    # An undeclared prefix stays in the tag: "atom:feed". A declared one is gone: "{…}feed".
    kind = re.split("[}:]", root.tag)[-1].lower() if root is not None else ""
    if kind in {"urlset", "sitemapindex"}:
        return (text for text in root.xpath("/*/*/*[local-name() = 'loc']/text()"))
    return _entry_links(root, url) if kind in {"rss", "feed", "rdf"} else None


def _entry_links(root: Any, url: str) -> list[str]:
    """Return the links of a feed's entries.

    feedparser gets cleaned XML: well-formed, limited in size, and without entities. Its second
    parser, for broken feeds, would expand entities without limit.
    """
    import feedparser

    etree.strip_tags(root, etree.Entity, etree.Comment, etree.ProcessingInstruction)
    for entry in list(islice(root.iter("{*}item", "{*}entry"), MOST_LINKS, None)):
        entry.getparent().remove(entry)
    check_size(root, "feed")
    # feedparser would take a str for an address to fetch, so it gets a file.
    file = io.BytesIO(etree.tostring(root, encoding="utf-8", xml_declaration=True))
    headers = {"content-location": url}
    try:
        feed = feedparser.parse(
            file,
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except MemoryError:
        raise
    except Exception as error:  # feedparser does not document its errors on damaged feeds.
        raise SourceError("the feed is damaged; add its pages one by one") from error
    return [entry["link"] for entry in feed.entries if entry.get("link")]
