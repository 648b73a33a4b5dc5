"""The guide for staff: the pages of docs/guide/, readable where the work is done."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER = settings.BASE_DIR / "docs" / "guide"
FIRST = "README"  # So that a code host shows it for the folder.

# Markup in a page is shown, not obeyed.
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def guide(request: HttpRequest, page: str = FIRST) -> HttpResponse:
    text = text_of(page)
    context = {"page": page, "title": title_of(text), "body": as_html(text), "is_first": page == FIRST}
    return render(request, "guide.html", context)


def text_of(page: str) -> str:
    """What the page's file holds. Raises Http404 if there is none."""
    if page not in {path.stem for path in FOLDER.glob("*.md")}:
        raise Http404
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def title_of(text: str) -> str:
    """The heading in the first line."""
    return text.partition("\n")[0].removeprefix("# ").strip()


def as_html(text: str) -> str:
    """What stands below the first line, safe to be shown: our own files, and the renderer escapes what is in them."""
    tokens = _MARKDOWN.parse(text.partition("\n")[2])
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before and before.type == "heading_open":
            before.attrSet("id", anchor(token.content))
        for part in token.children or ():
            _lead(part)
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def anchor(heading: str) -> str:
    """How others link to a heading, as code hosts make it: "What is left?" is #what-is-left."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def address(target: str) -> str:
    """Where a link or an image of the guide leads, in a browser."""
    name, mark, place = target.partition("#")
    if name.endswith(".md"):
        page = name.removesuffix(".md")
        return (reverse("guide") if page == FIRST else reverse("guide_page", args=[page])) + mark + place
    if name.startswith("images/"):
        return static(f"guide/{name.removeprefix('images/')}")
    return target


def _lead(part: Token) -> None:
    """Give a link or an image the address that a browser needs."""
    if part.type == "link_open":
        part.attrSet("href", address(str(part.attrGet("href"))))
    elif part.type == "image":
        part.attrSet("src", address(str(part.attrGet("src"))))
        part.attrSet("loading", "lazy")
