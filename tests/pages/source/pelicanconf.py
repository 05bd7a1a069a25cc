AUTHOR = "The Newsroom"
SITENAME = "The Harrow Post"
SITEURL = "https://www.harrowpost.example"
PATH = "content"
TIMEZONE = "Europe/Berlin"
DEFAULT_LANG = "en"
DEFAULT_PAGINATION = False
THEME_TEMPLATES_OVERRIDES = ["templates"]
MENUITEMS = (
    ("Sport", "/sport.html"),
    ("Weather", "/weather.html"),
    ("Subscribe", "/subscribe.html"),
)
FEED_ALL_ATOM = "feeds/all.atom.xml"
FEED_ALL_RSS = "feeds/all.rss.xml"
CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
PLUGINS = ["sitemap"]
SITEMAP = {
    "format": "xml",
    "exclude": ["author/", "category/", "tag/", "authors", "categories", "tags", "archives"],
}
