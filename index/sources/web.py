"""Read the article of a web page, with the metadata that the page gives."""

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
from index.sources.page import SAVE_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_NAME = 300
"""Characters of a title, an author or a site; the rest is cut off."""
TEASER_CHARACTERS = 1_500
"""Characters of text from which a page with a paywall counts as showing its whole article."""
WALL_CHARACTERS = 600
"""Characters below which an element named "paywall" is one; a longer one holds the article."""
SHELL_CHARACTERS = 250
"""Characters of visible text from which a page does not wait for JavaScript."""
LOADING_CHARACTERS = 50
"""Characters below which the text of a page may be a note such as "Loading …"."""
LONGEST_JSON = 50_000
"""Characters of JSON-LD that trafilatura reads in acceptable time."""

# The text that a browser shows.
_VISIBLE_TEXT = (
    "//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript or "
    "ancestor::template)]"
)
# Elements that have a name and are shown.
_NAMED_ELEMENTS = (
    "//body//*[@id or @class][not(self::script or self::style or self::template or @hidden)]"
)
_CONTENT_TIERS = (
    "//head/meta[@property='article:content_tier' or @name='article:content_tier']/@content"
)
_CANONICAL_LINKS = "//head/link[contains(concat(' ', @rel, ' '), ' canonical ')]/@href"
# The id or class of a paywall: "paywall", "reg-wall", "subscription-wall"
_WALL = re.compile(r"pay-?wall|reg-?wall|subscri(be|ption)-?wall", re.IGNORECASE)
_FALSE = {"false", "http://schema.org/false", "https://schema.org/false"}
# Prefixes of hosts that serve the same site: "m.example.org" and "www.example.org"
_SITE_PREFIXES = {"www", "m", "amp"}


def read_page(data: bytes, url: str, charset: str | None = None) -> Article:
    """Read the article of a fetched page.

    The source of the article is the page's canonical address if that is on the same site.

    Args:
        data: The bytes of the page.
        url: The address that the page was fetched from.
        charset: The encoding that the server names; it wins over the page's own declaration.

    Raises:
        SourceError: The page has no article, shows only the beginning of one, or is empty until
            its JavaScript runs.
    """
    tree = parse_html(data, charset)
    return _read_article(tree, _canonical_address(tree, url))


def read_html(data: bytes, path: Path, source: str) -> Article:
    """Read the article of a saved page. Raises `SourceError` like `read_page`.

    Args:
        data: The bytes of the page.
        path: The file; its name is the title of a page without a title.
        source: The source of the article.
    """
    return _read_article(parse_html(data), source, path.stem)


def _read_article(tree: Any, source: str, default_title: str | None = None) -> Article:
    import trafilatura

    _limit_json_ld(tree)
    page: Any = trafilatura.bare_extraction(
        tree,
        with_metadata=True,
        include_comments=False,
        # Only a date that the publisher gives: not one found in the text, not today.
        date_extraction_params={
            "original_date": True,
            "extensive_search": False,
            "outputformat": "%Y-%m-%d",
        },
    )
    text = page.text or "" if page else ""
    _check_is_article(tree, len(text.strip()))
    return Article.from_text(
        text,
        source,
        title=_clean_name(page.title) or default_title,
        published=date.fromisoformat(page.date) if page.date else None,
        language=_language(tree),
        author=_clean_name(page.author),
        site=_site_name(page),
    )


def _limit_json_ld(tree: Any) -> None:
    """Remove the JSON-LD beyond `LONGEST_JSON` from a page."""
    left = LONGEST_JSON
    for script in tree.xpath("//script[contains(@type, '+json')]"):
        left -= len(script.text or "")
        if left < 0:
            script.drop_tree()


def _check_is_article(tree: Any, characters: int) -> None:
    """Raise `SourceError` if a page has not given a whole article.

    Args:
        tree: The page.
        characters: The length of the article's text.
    """
    if characters < TEASER_CHARACTERS and _has_paywall(tree):
        raise SourceError(
            "the page shows only the beginning of its article, the rest is behind a paywall; "
            f"log in, {SAVE_PAGE}"
        )
    if characters < SHELL_CHARACTERS and _needs_javascript(tree):
        raise SourceError(f"the page is empty until its JavaScript runs; {SAVE_PAGE}")
    if not characters:
        raise SourceError(
            "the page has no article text; save the page of one article after it has loaded"
        )


def _clean_name(text: str | None) -> str | None:
    return " ".join((text or "").split())[:LONGEST_NAME] or None


def _site_name(page: Any) -> str | None:
    """Return the name of a page's site, unless trafilatura made it from the address."""
    name = _clean_name(page.sitename)
    return name if name and name.lower() not in (page.url or "").lower() else None


def _language(tree: Any) -> str | None:
    """Return the ISO 639-1 code of the language that a page declares."""
    declared = [
        *tree.xpath("/html/@lang"),
        *tree.xpath("//head/meta[@property='og:locale']/@content"),
    ]
    codes = (re.split("[-_]", text.strip().lower())[0] for text in declared)
    return next((code for code in codes if re.fullmatch("[a-z]{2}", code)), None)


def _canonical_address(tree: Any, url: str) -> str:
    """Return the canonical address of a page if it is on the same site, or else `url`."""
    declared = [*tree.xpath(_CANONICAL_LINKS)]
    declared += tree.xpath("//head/meta[@property='og:url']/@content")
    fetched = urlsplit(url)
    candidates = map(urlsplit, absolute(declared, url))
    valid = (candidate for candidate in candidates if may_be_canonical(candidate, fetched))
    # Keep the scheme: a page must not move its next refresh from https to http.
    return next(valid, fetched)._replace(scheme=fetched.scheme, fragment="").geturl()


def may_be_canonical(candidate: SplitResult, fetched: SplitResult) -> bool:
    """Whether a page may declare an address as its own.

    It must be on the same site. Many sites declare their front page for every article by
    mistake, so a front page counts only for itself.
    """
    front_paths = {"", "/"}
    is_front = candidate.path in front_paths and not candidate.query
    is_same_site = _site_key(candidate) == _site_key(fetched)
    return is_same_site and (not is_front or fetched.path in front_paths)


def _site_key(address: SplitResult) -> tuple[str, int | None]:
    """Return the host without its www, m or amp, and the port.

    >>> _site_key(urlsplit("https://m.example.org:80/a")), _site_key(urlsplit("https://www.org:8000"))
    (('example.org', 80), ('www.org', 8000))
    """
    prefix, _, rest = (address.hostname or "").partition(".")
    is_variant = prefix in _SITE_PREFIXES and "." in rest
    return rest if is_variant else f"{prefix}.{rest}", address.port


def _has_paywall(tree: Any) -> bool:
    """Whether a page says that its article is not free, or shows a paywall."""
    # JSON-LD such as {"@type": "NewsArticle", "isAccessibleForFree": false}
    for node in _json_ld_objects(tree):
        if "isAccessibleForFree" in node and _is_false(node["isAccessibleForFree"]):
            return True
    # <meta property="article:content_tier" content="locked">
    if any(tier.strip().lower() in {"locked", "metered"} for tier in tree.xpath(_CONTENT_TIERS)):
        return True
    # <div class="paywall">Subscribe to read on.</div>
    walls = (element for element in tree.xpath(_NAMED_ELEMENTS) if _is_named_wall(element))
    return any(0 < len(wall.text_content().strip()) < WALL_CHARACTERS for wall in walls)


def _is_named_wall(element: Any) -> bool:
    return bool(_WALL.search(f"{element.get('id')} {element.get('class')}"))


def _is_false(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.lower() in _FALSE)


def _json_ld_objects(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects of a page's JSON-LD, at any depth."""
    values: list[Any] = []
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        try:
            values.append(json.loads(script, strict=False))
        except (ValueError, RecursionError):  # Broken JSON-LD is common.
            continue
    while values:
        value = values.pop()
        if isinstance(value, dict):
            yield value
            values += value.values()
        elif isinstance(value, list):
            values += value


def _needs_javascript(tree: Any) -> bool:
    """Whether a page is almost empty and waits for JavaScript to fill it."""
    visible = sum(len(text.strip()) for text in tree.xpath(_VISIBLE_TEXT))
    if visible >= SHELL_CHARACTERS:
        return False
    # <noscript>Enable JavaScript to run this app.</noscript>
    if any("javascript" in text.lower() for text in tree.xpath("//noscript//text()")):
        return True
    # <div id="root"></div><script src="app.js"></script>
    has_empty_root = tree.xpath("//script") and tree.xpath("//body/*[@id][not(*)]")
    return visible < LOADING_CHARACTERS and bool(has_empty_root)
