"""Web pages, feeds and sitemaps: their bytes become an `Article`, or the addresses of the pages that they list."""

from __future__ import annotations

import codecs
import io
import json
import re
import zlib
from contextlib import suppress
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from index.article import Article
from index.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MOST_LINKS = 1_000  # of one feed or sitemap; the first are kept
LARGEST_LIST = 20_000_000  # bytes of a feed or sitemap, unpacked
LONGEST_URL, LONGEST_NAME = 2_000, 300  # characters; a name is a title, an author or a site
TEASER_CHARACTERS = 1_500  # A page behind a paywall that gives more text than this gives its article.
SHELL_CHARACTERS = 250  # A page that shows more text than this does not wait for a program to fill it;
LOADING_CHARACTERS = 50  # one that shows no more than this may show but a word to wait with.
# What the parsers take a second or some for: their time grows with the square of some of these.
MOST_ELEMENTS, MOST_CHILDREN = 100_000, 20_000  # of a page or feed, and of one of its elements
LONGEST_JSON = 50_000  # characters of a page's JSON-LD that trafilatura gets

_SAVE = "save it in a browser and add the file"
_LIST = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_BARE_AMPERSAND = re.compile(rb"&(?!#?\w{1,31};)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_ADDRESS = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DECLARED = re.compile(rb"""<(?:meta|\?xml)\s[^>]{0,200}?(?:charset|encoding)=["']?([\w.:-]{1,40})""", re.IGNORECASE)
# What pages without a byte order mark are written in; some of the other codecs of Python take for ever.
_CODECS = re.compile(r"utf-8|iso8859|iso2022|cp\d|koi8|mac-|gb|big5|euc|shift_jis|tis-620|ascii")
_SEEN = "//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript or ancestor::template)]"
_WALL = re.compile(r"pay-?wall|reg-?wall|subscri(be|ption)-?wall", re.IGNORECASE)
_WALL_CHARACTERS = 600  # An element of more text that is named so is the part of the article that is paid for.
_FALSE = {"false", "http://schema.org/false", "https://schema.org/false"}


def read_page(data: bytes, url: str, charset: str | None = None) -> Article:
    """Read the article of a page that was fetched from `url`, with what the page's own metadata says of it.

    Its source is the address that the page gives as its own, if that is one of the same site. `charset` is what the
    server says, and goes before what the page says. Raises `SourceError` for a page that holds no article, only the
    beginning of one, or nothing until a browser runs it.
    """
    tree = _parse_html(data, charset)
    return _read(tree, _canonical(tree, url))


def read_html(data: bytes, path: Path, source: str) -> Article:
    """Read the article of a page that was saved in a file, whose name stands in for a title; errors as `read_page`."""
    return _read(_parse_html(data), source, path.stem)


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
    return None if found is None else list(islice(dict.fromkeys(_absolute(found, url)), MOST_LINKS))


def addresses(text: str) -> list[str] | None:
    r"""Return the addresses of a text that holds nothing else, one on each line, or None if it is an ordinary text.

    >>> addresses("# to read\nhttps://example.org/a\n\nhttps://example.org/b\n")
    ['https://example.org/a', 'https://example.org/b']
    """
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    return lines if lines and all(map(_ADDRESS.fullmatch, lines)) else None


def _read(tree: Any, source: str, name: str | None = None) -> Article:
    import trafilatura

    page: Any = trafilatura.bare_extraction(
        tree,
        with_metadata=True,
        include_comments=False,
        # The publisher's first date, never one found by searching the text or filled in from the clock.
        date_extraction_params={"original_date": True, "extensive_search": False, "outputformat": "%Y-%m-%d"},
    )
    text = page.text or "" if page else ""
    _check(tree, len(text.strip()))
    return Article.from_text(
        text,
        source,
        title=_name(page.title) or name,
        published=date.fromisoformat(page.date) if page.date else None,
        language=_language(tree),
        author=_name(page.author),
        site=_site(page),
    )


def _check(tree: Any, characters: int) -> None:
    """Raise `SourceError` when a page that gave so many characters of text has not given its article."""
    if characters < TEASER_CHARACTERS and _is_walled(tree):
        raise SourceError(f"the page shows only the beginning of its article, the rest is paid for; log in, {_SAVE}")
    if characters < SHELL_CHARACTERS and _is_shell(tree):
        raise SourceError(f"the page is empty until its JavaScript runs; {_SAVE}")
    if not characters:
        raise SourceError("the page holds no article text; save the page of one article, after it has loaded")


def _parse_html(data: bytes, charset: str | None = None) -> Any:
    text = _CONTROL.sub("", _decode(data, charset))
    if "<html" not in text.lower():
        text = f"<html><body>{text}</body></html>"  # Without them trafilatura sees no page in a fragment.
    parser = HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, collect_ids=False)
    tree = document_fromstring(text.encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    _check_size(tree, "page")
    left = LONGEST_JSON
    for script in tree.xpath("//script[contains(@type, '+json')]"):
        left -= len(script.text or "")
        if left < 0:
            script.drop_tree()
    return tree


def _check_size(tree: Any, kind: str) -> None:
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


def _name(text: str | None) -> str | None:
    return " ".join((text or "").split())[:LONGEST_NAME] or None


def _site(page: Any) -> str | None:
    """Return the name that a page gives its site; where it gives none trafilatura takes a host from an address."""
    name = _name(page.sitename)
    return name if name and name.lower() not in (page.url or "").lower() else None


def _language(tree: Any) -> str | None:
    """Return the ISO 639-1 code of the language that a page says it is in."""
    said = [*tree.xpath("/html/@lang"), *tree.xpath("//head/meta[@property='og:locale']/@content")]
    codes = (re.split("[-_]", text.strip().lower())[0] for text in said)
    return next((code for code in codes if re.fullmatch("[a-z]{2}", code)), None)


def _canonical(tree: Any, url: str) -> str:
    """Return the address that a page calls its own, or `url` if it has none or calls itself what it cannot be."""
    own = [*tree.xpath("//head/link[contains(concat(' ', @rel, ' '), ' canonical ')]/@href")]
    own += tree.xpath("//head/meta[@property='og:url']/@content")
    here = urlsplit(url)
    same = (there for there in map(urlsplit, _absolute(own, url)) if _is_own(there, here))
    # The scheme stays the one that was fetched: no page may lead its next reading from https to http.
    return next(same, here)._replace(scheme=here.scheme, fragment="").geturl()


def _is_own(there: SplitResult, here: SplitResult) -> bool:
    """Whether a page may call itself `there`: another page of its site, but not its front page, a known mistake."""
    is_front = there.path in {"", "/"} and not there.query
    return _site_of(there) == _site_of(here) and (not is_front or here.path in {"", "/"})


def _site_of(address: SplitResult) -> tuple[str, int | None]:
    prefix, _, rest = (address.hostname or "").partition(".")
    is_variant = prefix in {"www", "m", "amp"} and "." in rest
    return rest if is_variant else f"{prefix}.{rest}", address.port


def _is_walled(tree: Any) -> bool:
    if any("isAccessibleForFree" in node and _is_false(node["isAccessibleForFree"]) for node in _json_ld(tree)):
        return True
    tiers = tree.xpath("//head/meta[@property='article:content_tier' or @name='article:content_tier']/@content")
    if any(tier.strip().lower() in {"locked", "metered"} for tier in tiers):
        return True
    named = tree.xpath("//body//*[@id or @class][not(self::script or self::style or self::template or @hidden)]")
    walls = (element for element in named if _WALL.search(f"{element.get('id')} {element.get('class')}"))
    return any(0 < len(element.text_content().strip()) < _WALL_CHARACTERS for element in walls)


def _is_false(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.lower() in _FALSE)


def _json_ld(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects of a page's JSON-LD, however deep in others they are."""
    found: list[Any] = []
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        try:
            found.append(json.loads(script, strict=False))
        except (ValueError, RecursionError):  # Many sites' is broken; it tells nothing.
            continue
    while found:
        value = found.pop()
        if isinstance(value, dict):
            yield value
            found += value.values()
        elif isinstance(value, list):
            found += value


def _is_shell(tree: Any) -> bool:
    """Whether a page shows next to nothing, and asks for JavaScript or has an empty place for it to fill."""
    seen = sum(len(text.strip()) for text in tree.xpath(_SEEN))
    asks = any("javascript" in text.lower() for text in tree.xpath("//noscript//text()"))
    if seen >= SHELL_CHARACTERS or asks:
        return seen < SHELL_CHARACTERS
    return seen < LOADING_CHARACTERS and bool(tree.xpath("//script") and tree.xpath("//body/*[@id][not(*)]"))


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
    root = _parse_xml(data)
    kind = etree.QName(root).localname.lower() if root is not None else ""
    if kind in {"urlset", "sitemapindex"}:
        return (text for text in root.xpath("/*/*/*[local-name() = 'loc']/text()"))
    return _entries(root, url) if kind in {"rss", "feed", "rdf"} else None


def _parse_xml(data: bytes) -> Any:
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


def _entries(root: Any, url: str) -> list[str]:
    """Return the addresses of a feed's entries.

    feedparser gets XML that it cannot stumble over: well-formed, without entities (which its second parser, for broken
    feeds, would replace without bound), and not too much of it.
    """
    import feedparser

    etree.strip_tags(root, etree.Entity, etree.Comment, etree.ProcessingInstruction)
    for entry in list(islice(root.iter("{*}item", "{*}entry"), MOST_LINKS, None)):
        entry.getparent().remove(entry)
    _check_size(root, "feed")
    feed = feedparser.parse(
        io.BytesIO(
            etree.tostring(root, encoding="utf-8", xml_declaration=True)
        ),  # A str might be taken for an address.
        response_headers={"content-location": url},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    return [entry["link"] for entry in feed.entries if entry.get("link")]


def _absolute(found: Iterable[str], url: str) -> Iterator[str]:
    """Yield the http(s) addresses among those found on `url`, without fragments."""
    for text in found:
        with suppress(ValueError):  # A port or an IPv6 address that is none.
            address = urldefrag(urljoin(url, text.strip())).url
            if len(address) <= LONGEST_URL and address.isprintable() and _is_web(urlsplit(address)):
                yield address


def _is_web(address: SplitResult) -> bool:
    is_host = bool(address.hostname) and "@" not in address.netloc and address.port != 0
    return is_host and address.scheme in {"http", "https"}
