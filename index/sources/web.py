"""Web pages become `Article`s, with what their own metadata says of them."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from index.article import Article
from index.errors import SourceError
from index.sources.feeds import absolute
from index.sources.markup import parse_html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_NAME = 300  # characters of a title, an author or a site
TEASER_CHARACTERS = 1_500  # A page behind a paywall that gives more text than this gives its article.
SHELL_CHARACTERS = 250  # A page that shows more text than this does not wait for a program to fill it;
LOADING_CHARACTERS = 50  # one that shows no more than this may show but a word to wait with.
LONGEST_JSON = 50_000  # characters of a page's JSON-LD that trafilatura gets

_SAVE = "save it in a browser and add the file"
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
    tree = parse_html(data, charset)
    return _read(tree, _canonical(tree, url))


def read_html(data: bytes, path: Path, source: str) -> Article:
    """Read the article of a page that was saved in a file, whose name stands in for a title; errors as `read_page`."""
    return _read(parse_html(data), source, path.stem)


def _read(tree: Any, source: str, name: str | None = None) -> Article:
    import trafilatura

    _bound_json(tree)
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


def _bound_json(tree: Any) -> None:
    """Take the JSON-LD out of a page that is more than trafilatura reads in time."""
    left = LONGEST_JSON
    for script in tree.xpath("//script[contains(@type, '+json')]"):
        left -= len(script.text or "")
        if left < 0:
            script.drop_tree()


def _check(tree: Any, characters: int) -> None:
    """Raise `SourceError` when a page that gave so many characters of text has not given its article."""
    if characters < TEASER_CHARACTERS and _is_walled(tree):
        raise SourceError(f"the page shows only the beginning of its article, the rest is paid for; log in, {_SAVE}")
    if characters < SHELL_CHARACTERS and _is_shell(tree):
        raise SourceError(f"the page is empty until its JavaScript runs; {_SAVE}")
    if not characters:
        raise SourceError("the page holds no article text; save the page of one article, after it has loaded")


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
    same = (there for there in map(urlsplit, absolute(own, url)) if _is_own(there, here))
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
