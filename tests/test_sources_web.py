from __future__ import annotations

import gzip
import random
import time
from datetime import date
from pathlib import Path

import pytest

from index.errors import SourceError
from index.sources import feeds, web
from index.sources.feeds import addresses, links
from index.sources.web import read_html, read_page

PAGES = Path(__file__).parent / "pages"
SITE = "https://www.harrowpost.example/"
HERE = "https://www.news.example/town/ferry.html"
STORY = "<p>The ferry between Harrow Point and the island of Little Saal has sailed again since Monday morning.</p>"
LONG_STORY = "".join(
    f"<p>On day {day} the ferry took {day * 7} people over the sound, and {day} goats.</p>"
    for day in range(50)
)


def page(body=STORY, head="", html=""):
    return f"<!DOCTYPE html><html {html}><head><title>A ferry</title>{head}</head><body>{body}</body></html>".encode()


def feed(items, head=""):
    return (
        f'<?xml version="1.0"?>{head}<rss version="2.0"><channel>{items}</channel></rss>'.encode()
    )


@pytest.mark.parametrize(
    ("name", "known", "first", "last"),
    [
        (
            "ferry.html",
            ("The ferry at Harrow Point sails again", "Ines Calloway", date(2023, 4, 18), "en"),
            "The ferry between",
            "islanders travel free.",
        ),
        (
            "ladders.html",
            (
                "Library of tools lends its thousandth ladder",
                "Priya Hallam",
                date(2024, 10, 5),
                "en",
            ),
            "The library of tools",
            "for the long ladders.",
        ),
        (
            "moor-de.html",
            (
                "Das Moor bei Tiefenried bekommt sein Wasser zurück",
                "Jonas Wittkamp",
                date(2025, 2, 11),
                "de",
            ),
            "Im Moor bei",
            "trägt das Land.",
        ),
    ],
)
def test_a_page_gives_its_article_and_what_it_says_of_it(name, known, first, last):
    """Title, author, date, language and address are the page's own, and the text is the article's alone."""
    article = read_page((PAGES / name).read_bytes(), SITE + name)
    assert (article.title, article.author, article.published, article.language) == known
    assert article.source == SITE + name
    assert article.text.startswith(first)
    assert article.text.endswith(last)
    around = "cookies Accept Sport Subscribe Related Rovers lizard gulliver77 comments Pelican feed".split()
    assert [word for word in around if word in article.text] == []


def test_a_site_has_the_name_that_its_page_gives_it():
    """A page that gives none leaves it open: an address is no name."""
    assert read_page((PAGES / "ladders.html").read_bytes(), SITE).site == "The Harrow Post"
    assert read_page((PAGES / "ferry.html").read_bytes(), SITE).site is None
    assert (
        read_page(page(head='<link rel="canonical" href="https://www.news.example/a">'), HERE).site
        is None
    )


def test_what_a_page_does_not_say_stays_open():
    """Author, site and date are never guessed, nor is the day of reading taken for that of writing."""
    article = read_page(page(), HERE)
    assert (article.author, article.site, article.published) == (None, None, None)
    assert article.language == "en"
    assert article.source == HERE


def test_a_name_is_one_line_of_bounded_length():
    """Neither lines nor whole paragraphs come in as a title or a site."""
    head = f'<meta property="og:title" content="A\n  ferry {"x" * 999}"><meta property="og:site_name" content="The\nPost">'
    article = read_page(page(head=head), HERE)
    assert article.title.startswith("A ferry xxx")
    assert len(article.title) == web.LONGEST_NAME
    assert article.site == "The Post"


@pytest.mark.parametrize(
    ("html", "head", "language"),
    [
        ('lang="de-AT"', "", "de"),
        ('lang="EN"', "", "en"),
        ("", '<meta property="og:locale" content="fr_CA">', "fr"),
        ('lang="x-default"', "", "en"),
        ('lang=""', '<meta property="og:locale" content="?">', "en"),
    ],
)
def test_the_language_is_what_the_page_says_it_is(html, head, language):
    """What is no language is passed over, and the text decides."""
    assert read_page(page(html=html, head=head), HERE).language == language


@pytest.mark.parametrize(
    ("own", "source"),
    [
        ("https://www.news.example/2023/ferry", "https://www.news.example/2023/ferry"),
        ("https://news.example/ferry", "https://news.example/ferry"),
        ("https://m.news.example/ferry", "https://m.news.example/ferry"),
        ("https://amp.news.example/ferry", "https://amp.news.example/ferry"),
        ("https://WWW.News.Example/ferry", "https://WWW.News.Example/ferry"),
        ("http://www.news.example/ferry", "https://www.news.example/ferry"),
        ("/ferry?id=7#part", "https://www.news.example/ferry?id=7"),
        ("ferry", "https://www.news.example/town/ferry"),
        ("//www.news.example/ferry", "https://www.news.example/ferry"),
        ("https://www.news.example/?p=12", "https://www.news.example/?p=12"),
        ("https://www.news.example/", HERE),
        ("https://www.news.example", HERE),
        ("https://other.example/ferry", HERE),
        ("https://evil.www.news.example/ferry", HERE),
        ("https://www.news.example.evil.example/", HERE),
        ("https://www.news.example:8443/ferry", HERE),
        ("https://www.news.example@evil.example/ferry", HERE),
        ("https://user@www.news.example/ferry", HERE),
        ("//other.example/ferry", HERE),
        ("javascript:alert(1)", HERE),
        ("file:///etc/passwd", HERE),
        ("http://[::1", HERE),
        ("https://www.news.example:x/ferry", HERE),
        ("https://www.news.example/" + "x" * 3000, HERE),
        ("", HERE),
    ],
)
@pytest.mark.parametrize(
    "tag", ['<link rel="canonical" href="{}">', '<meta property="og:url" content="{}">']
)
def test_a_page_is_known_by_its_own_address_if_that_is_of_its_site(tag, own, source):
    """No page takes the place of another site's article, or of its front page, whatever it calls itself."""
    assert read_page(page(head=tag.format(own)), HERE + "#comments").source == source


def test_the_first_address_that_can_be_the_pages_own_is_taken():
    """One that cannot be is passed over, not the end of the search; what stands in the text is no metadata."""
    head = '<link rel="canonical" href="https://other.example/"><meta property="og:url" content="/right">'
    assert read_page(page(head=head), HERE).source == "https://www.news.example/right"
    assert read_page(page(STORY + '<link rel="canonical" href="/wrong">'), HERE).source == HERE


def test_the_front_page_may_call_itself_so():
    """The rule against addresses of the front page is for the pages behind it."""
    head = '<link rel="canonical" href="https://news.example/">'
    assert read_page(page(head=head), "https://www.news.example").source == "https://news.example/"


def test_a_saved_page_is_known_by_its_file():
    """The address that it names was not fetched; the file's name stands in for a title."""
    data = page(head='<link rel="canonical" href="/right">').replace(b"<title>A ferry</title>", b"")
    article = read_html(data, Path("/home/me/my ferry.html"), "my ferry.html")
    assert (article.source, article.title) == ("my ferry.html", "my ferry")
    assert read_html(STORY.encode(), Path("a.html"), "a.html").text == STORY[3:-4]


@pytest.mark.parametrize(
    ("head", "codec", "charset"),
    [
        ("", "utf-8", None),
        ("", "utf-8-sig", "iso-8859-1"),
        ("", "utf-8", "iso-8859-1"),
        ("", "utf-16", None),
        ("", "utf-16", "utf-8"),
        ("", "cp1252", "ISO-8859-1"),
        ("", "cp1252", "Windows-1252"),
        ("", "iso8859-15", "iso-8859-15"),
        ('<meta charset="iso-8859-15">', "iso8859-15", None),
        ("<meta http-equiv='Content-Type' content='text/html; charset=cp1252'>", "cp1252", None),
        ('<meta charset="shift_jis">', "utf-8", "utf-8"),
        ('<meta charset="utf-16">', "utf-8", None),
        ('<meta charset="punycode">', "utf-8", "unicode_escape"),
        ('<meta charset="zip">', "utf-8", "\x00"),
    ],
)
def test_a_page_is_decoded_as_its_server_or_itself_says(head, codec, charset):
    """A byte order mark goes before the server's word, that before the page's, and nonsense counts as nothing said."""
    story = "Für 5 € kam das Märchen übers Meer, sagte die Wirtin, als die Fähre über den Sund gefahren war."
    data = page(f"<p>{story}</p>", head).decode().encode(codec)
    assert read_page(data, HERE, charset).text == story


def test_a_page_that_does_not_say_how_it_is_written_is_guessed():
    """Text of an older encoding comes out as it was written."""
    story = (
        "Die Fähre fährt wieder über den Sund, und die Möwen hören das Gebläse der Maschine. " * 5
    )
    assert read_page(page(f"<p>{story}</p>").decode().encode("cp1252"), HERE).text == story.strip()


@pytest.mark.parametrize(
    "sign",
    [
        '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>',
        '<script type="application/ld+json">{"@graph": [{"isAccessibleForFree": "False"}]}</script>',
        '<script type="application/ld+json">[{"hasPart": {"isAccessibleForFree": "https://schema.org/False"}}]</script>',
        '<meta property="article:content_tier" content="locked">',
        '<div class="c-paywall__box"><p>Subscribe to read on.</p></div>',
        '<div id="regwall">Register to read on.</div>',
    ],
)
def test_a_paywall_before_a_beginning_is_told_and_before_an_article_is_not(sign):
    """The beginning of a paid article is refused as such; where all of it is there, it is read."""
    head, body = (sign, "") if sign.startswith(("<meta", "<script")) else ("", sign)
    with pytest.raises(SourceError, match=r"only the beginning of its article.*; log in"):
        read_page(page(STORY + body, head), HERE)
    assert "On day 49" in read_page(page(LONG_STORY + body, head), HERE).text


@pytest.mark.parametrize(
    "sign",
    [
        '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": true}</script>',
        '<script type="application/ld+json">{"isAccessibleForFree": false</script>',
        '<meta property="article:content_tier" content="free">',
        '<div class="paywall"></div>',
        '<div class="paywall" hidden>Subscribe to read on.</div>',
        "<script>var paywall = false</script>",
    ],
)
def test_a_free_page_is_not_taken_for_a_paid_one(sign):
    """A short article is read where nothing says that more of it is paid for."""
    head, body = (sign, "") if sign.startswith("<meta") else ("", sign)
    assert "Little Saal" in read_page(page(STORY + body, head), HERE).text


def test_a_paid_page_of_a_real_theme_is_told():
    """The page has menus, related stories and comments beside its two sentences."""
    with pytest.raises(SourceError, match="only the beginning"):
        read_page((PAGES / "harbour.html").read_bytes(), SITE + "harbour.html")


@pytest.mark.parametrize(
    "body",
    [
        '<noscript>Enable JavaScript to run this app.</noscript><div id="root"></div><script src="a.js"></script>',
        '<div id="app"></div><script type="module" src="/assets/index.js"></script>',
        '<div id="__next">Loading…</div><script src="a.js"></script>',
        "<p>Welcome.</p><noscript><p>Please turn on javascript.</p></noscript><script src='a.js'></script>",
    ],
)
def test_a_page_that_a_program_fills_is_told(body):
    """The empty place of an app is no article, and what it says to readers without JavaScript is none either."""
    with pytest.raises(SourceError, match="empty until its JavaScript runs; save it"):
        read_page(page(body), HERE)


def test_a_page_with_programs_and_an_article_is_read():
    """Asking for JavaScript beside an article is no hindrance."""
    program = '<noscript>Enable JavaScript to comment.</noscript><div id="app"></div><script src="a.js"></script>'
    assert "On day 49" in read_page(page(LONG_STORY + program), HERE).text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"\x00" * 99,
        b"<html></html>",
        page(""),
        page("<script>1</script>"),
        page("<!-- x -->"),
    ],
)
def test_a_page_without_an_article_is_told(data):
    """It says what to save instead."""
    with pytest.raises(SourceError, match="no article text; save the page of one article"):
        read_page(data, HERE)


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000,
        "<p>" + "<span>a</span>" * 100_000,
        "<p>x</p>" * 100_000,
        "<p " + "a=b " * 100_000 + ">",
        "<" * 500_000,
        "&" * 500_000,
        f'<script type="application/ld+json">{"[" * 100_000}</script>',
        """<script type="application/ld+json">{"author":"x """
        + '"author":"x ' * 50_000
        + "</script>",
    ],
    ids=[
        "deep",
        "spans",
        "paragraphs",
        "attributes",
        "less-than",
        "ampersands",
        "deep-json",
        "json-authors",
    ],
)
def test_a_page_made_to_stop_its_reader_does_not(body):
    """It is read or refused within seconds."""
    begun = time.monotonic()
    try:
        assert "On day 49" in read_page(page(LONG_STORY + body), HERE).text
    except SourceError as error:
        assert "; " in str(error)  # noqa: PT017  # Either is right.
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("body", ["<p>" + "<b>a</b>" * 20_001, "<ul>" + "<li>a<br>b<br>c" * 40_000])
def test_a_page_of_too_many_parts_is_refused(body):
    """What would keep its reader busy for minutes is no article, but a thousand paragraphs may be one."""
    with pytest.raises(SourceError, match="the page has too many elements to parse; add"):
        read_page(page(LONG_STORY + body), HERE)
    assert "On day 49" in read_page(page(LONG_STORY * 20), HERE).text


def test_a_damaged_page_is_read_or_refused():
    """Whatever bytes come, an article that can be kept or one sentence comes out."""
    chance = random.Random(7)
    whole = (PAGES / "ladders.html").read_bytes()
    for _ in range(100):
        data = bytearray(whole[: chance.randrange(len(whole))])
        for place in chance.sample(range(len(whole)), 20):
            data[place : place + chance.randrange(9)] = chance.choice(
                [b"<", b"&", b'"', b"\x00", b"\xff", b"<!--", b"]]>"]
            )
        try:
            read_page(bytes(data), SITE).check()
        except SourceError as error:
            assert "\n" not in str(error)  # noqa: PT017  # Either is right.


@pytest.mark.parametrize("name", ["all.atom.xml", "all.rss.xml"])
def test_a_feed_gives_its_pages_in_order(name):
    """Atom and RSS list the newest first, as the site does."""
    expected = [
        SITE + page for page in ("moor-de.html", "harbour.html", "ladders.html", "ferry.html")
    ]
    assert links((PAGES / name).read_bytes(), SITE + "feeds/" + name) == expected


def test_a_sitemap_gives_its_pages_in_order():
    """Packed or not, and no other address that stands in it."""
    data = (PAGES / "sitemap.xml").read_bytes()
    names = ("", "ferry.html", "harbour.html", "ladders.html", "moor-de.html")
    assert links(data, SITE + "sitemap.xml") == [SITE + name for name in names]
    assert links(gzip.compress(data), SITE + "sitemap.xml.gz") == [SITE + name for name in names]
    picture = "<urlset xmlns:i='http://i'><url><i:image><i:loc>/a.png</i:loc></i:image><loc>/a</loc></url></urlset>"
    assert links(picture.encode(), SITE) == [SITE + "a"]


def test_a_sitemap_of_sitemaps_gives_those():
    """They are fetched by whoever asked, as deep as that one likes."""
    data = b"<sitemapindex><sitemap><loc>/a.xml</loc></sitemap><sitemap><loc> /b.xml.gz\n</loc></sitemap></sitemapindex>"
    assert links(data, SITE) == [SITE + "a.xml", SITE + "b.xml.gz"]


def test_a_sitemap_may_be_plain_text():
    """A text with an address on each line is one if it came from the web as text."""
    data = b"\xef\xbb\xbfhttps://a.example/1\r\nhttps://a.example/2\r\n"
    assert links(data, SITE, "text/plain") == ["https://a.example/1", "https://a.example/2"]
    assert links(data, SITE, "text/html") is None


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ("<item><link>/x?a=1&b=2&amp;c=3#part</link></item>", ["/x?a=1&b=2&c=3"]),
        ("<item><link><![CDATA[/x?a=1&b=2]]></link></item>", ["/x?a=1&b=2"]),
        ("<item><link>/x&nbsp;</link></item><item><link>/y</link></item>", ["/x", "/y"]),
        ("<item><link>/x</link></item><item><link>/x#b</link></item>", ["/x"]),
        ("<item><guid>https://www.harrowpost.example/g</guid></item>", ["/g"]),
        ("<item><guid isPermaLink='false'>https://www.harrowpost.example/g</guid></item>", []),
        ("<item><enclosure url='/a.mp3' type='audio/mpeg'/></item>", []),
        ("<item><link>/x</link><item>", ["/x"]),
        ("<link>/front</link>", []),
        (
            "<item><link>file:///etc/passwd</link></item><item><link>/etc/passwd</link></item>",
            ["/etc/passwd"],
        ),
        (
            "<item><link>javascript:alert(1)</link></item><item><link>mailto:a@b.example</link></item>",
            [],
        ),
        (
            "<item><link>http://u:p@b.example/</link></item><item><link>http://[::1</link></item>",
            [],
        ),
        ("<item><link>http://b.example:99999/</link></item>", []),
        (f"<item><link>/{'x' * 3000}</link></item>", []),
        ("", []),
    ],
)
def test_a_feed_gives_web_addresses_alone(items, found):
    """Relative ones are made whole, each is there once, and what leads elsewhere than to a page is left out."""
    assert links(feed(items), SITE) == [SITE + path.removeprefix("/") for path in found]


def test_other_kinds_of_feeds_are_read():
    """RDF, Atom with a base of its own, and a feed in UTF-16."""
    rdf = b"""<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>
    <channel rdf:about='/'><link>/</link></channel><item rdf:about='/1'><link>/1</link></item></rdf:RDF>"""
    assert links(rdf, SITE) == [SITE + "1"]
    atom = b"""<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/b/'><link href='/self' rel='self'/>
    <entry><link rel='enclosure' href='1.mp3'/><link rel='alternate' href='1'/></entry></feed>"""
    assert links(atom, SITE) == [SITE + "b/1"]
    wide = "<?xml version='1.0' encoding='utf-16'?><rss><channel><item><link>/ö</link></item></channel></rss>"
    assert links(wide.encode("utf-16"), SITE) == [SITE + "ö"]


def test_a_long_list_gives_its_first_addresses():
    """There are never more than the limit, of a feed or of a sitemap."""
    first = [f"{SITE}{number}" for number in range(feeds.MOST_LINKS)]
    assert (
        links(feed("".join(f"<item><link>/{number}</link></item>" for number in range(5000))), SITE)
        == first
    )
    sitemap = "".join(f"<url><loc>/{number}</loc></url>" for number in range(5000))
    assert links(f"<urlset>{sitemap}</urlset>".encode(), SITE) == first


@pytest.mark.parametrize(
    "data",
    [
        page(),
        page("<pre>&lt;rss&gt;</pre><rss></rss>"),
        b"",
        b"\x00\x01",
        b"/etc/passwd",
        b"http://127.0.0.1/feed.xml",
        b"<?xml version='1.0'?><svg></svg>",
        b"A text about <rss> and <feed> tags.",
        gzip.compress(page()),
        (PAGES / "ladders.html").read_bytes(),
    ],
)
def test_what_is_no_list_gives_none(data):
    """A page, a text and a file's name are neither feed nor sitemap, and nothing is opened to find out."""
    assert links(data, SITE) is None


ENTITIES = "".join(
    f"<!ENTITY e{n} '{f'&e{n - 1};' * 10 if n else 'https://bomb.example/'}'>" for n in range(12)
)
GOOD = "<item><link>/good</link></item>"


@pytest.mark.parametrize(
    "data",
    [
        feed(f"<item><link>&e11;</link></item>{GOOD}", f"<!DOCTYPE rss [{ENTITIES}]>"),
        feed(f"<item><link x='&e11;'>/x</link></item>{GOOD}", f"<!DOCTYPE rss [{ENTITIES}]>"),
        feed(
            f"<item><link>{'&a;' * 50_000}</link></item>{GOOD}",
            f"<!DOCTYPE rss [<!ENTITY a '{'x' * 50_000}'>]>",
        ),
        feed(f"<item><title>{'&lt;a ' * 300_000}</title></item>{GOOD}"),
        feed(f"<item><pubDate>{'1:' * 900_000}</pubDate></item>{GOOD}"),
        feed(GOOD + "<" * 500_000),
        feed(GOOD + "<item>" * 200_000),
        feed(GOOD + "<item/>" * 200_000),
        feed(GOOD + "<item>" + "<a/>" * 200_000 + "</item>"),
        gzip.compress(feed(GOOD + " " * 100_000_000), 1),
    ],
    ids=[
        "laughs",
        "laughs-attribute",
        "quadratic",
        "title",
        "date",
        "less-than",
        "deep",
        "items",
        "elements",
        "gzip",
    ],
)
def test_a_feed_made_to_stop_its_reader_does_not(data):
    """It gives what is good in it or is refused, within seconds, and no entity is written out."""
    begun = time.monotonic()
    try:
        found = links(data, SITE)
    except SourceError as error:
        assert "; " in str(error)  # noqa: PT017  # Either is right.
    else:
        assert not found or found == [SITE + "good"]
    assert time.monotonic() - begun < 5


def test_a_feed_of_too_many_parts_is_refused():
    """What would keep its reader busy is no feed; ten thousand entries of ten parts each may be one."""
    with pytest.raises(SourceError, match="the feed has too many elements to parse; add"):
        links(feed(GOOD + "<item>" + "<a/>" * 30_000 + "</item>"), SITE)
    assert links(feed(GOOD + f"<item>{'<a/>' * 9}</item>" * 10_000), SITE) == [SITE + "good"]


def test_an_entity_reads_no_file(tmp_path):
    """What a feed or sitemap declares opens nothing on this machine."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    head = f'<!DOCTYPE x [<!ENTITY a SYSTEM "{secret.as_uri()}">]>'
    assert links(feed("<item><link>/x&a;</link></item>", head), SITE) == [SITE + "x"]
    assert links(f"{head}<urlset><url><loc>/x&a;</loc></url></urlset>".encode(), SITE) == [
        SITE + "x"
    ]


@pytest.mark.parametrize(
    "data",
    [b"\x1f\x8b\x08" + b"x" * 99, gzip.compress(feed(GOOD))[:-9], b"\x1f\x8b"],
    ids=["garbage", "cut off", "its first bytes"],
)
def test_a_damaged_packed_list_is_refused(data):
    """Half a sitemap is not taken for one."""
    with pytest.raises(SourceError, match="damaged; download it again"):
        links(data, SITE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://a.example/1", ["https://a.example/1"]),
        (
            "\ufeff# mine\n\n  HTTP://a.example/1  \r\nhttps://b.example\n",
            ["HTTP://a.example/1", "https://b.example"],
        ),
        ("https://a.example/1 is good", None),
        ("https://a.example/1\nand a word", None),
        ("https://a.example/1 https://a.example/2", None),
        ("ftp://a.example/1", None),
        ("https://", None),
        ("https:///path", None),
        ("# nothing else", None),
        ("", None),
    ],
)
def test_a_text_of_addresses_alone_is_a_list_of_them(text, found):
    """One line that is none makes it an ordinary text."""
    assert addresses(text) == found
