"""The guide for staff: the pages of docs/guide/, readable where the work is done."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import mark_safe

from clinic.lib import guide_text

FOLDER = settings.BASE_DIR / "docs" / "guide"
FIRST = "README"  # So that a code host shows it for the folder.


def guide(request: HttpRequest, page: str = FIRST) -> HttpResponse:
    text = text_of(page)
    context = {
        "page": page,
        "title": guide_text.title_of(text),
        # Our own files, of which everything that is not the guide's Markdown is escaped.
        "body": mark_safe(guide_text.as_html(text, address)),  # noqa: S308
        "is_first": page == FIRST,
    }
    return render(request, "guide.html", context)


def text_of(page: str) -> str:
    """What the page's file holds. Raises Http404 if there is none."""
    if page not in {path.stem for path in FOLDER.glob("*.md")}:
        raise Http404
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def address(target: str) -> str:
    """Where a link or an image of the guide leads, in a browser."""
    name, mark, place = target.partition("#")
    if name.endswith(".md"):
        page = name.removesuffix(".md")
        return (reverse("guide") if page == FIRST else reverse("guide_page", args=[page])) + mark + place
    if name.startswith("images/"):
        return static(f"guide/{name.removeprefix('images/')}")
    return target
