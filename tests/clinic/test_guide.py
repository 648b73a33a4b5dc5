"""The guide for staff: every page opens, every link leads somewhere, every image is there and shown."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from clinic import guide

PAGES = sorted(path.stem for path in guide.FOLDER.glob("*.md"))
IMAGES = {path.name for path in (guide.FOLDER / "images").glob("*.webp")}
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(page: str) -> str:
    return (guide.FOLDER / f"{page}.md").read_text()


def anchors(page: str) -> set[str]:
    return {guide.anchor(heading) for heading in re.findall(r"^##+ (.+)$", text_of(page), re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_none_of_its_marks_is_left(practitioner_client: Client, page: str) -> None:
    path = "/guide/" if page == guide.FIRST else f"/guide/{page}/"
    answer = practitioner_client.get(path)
    assert answer.status_code == 200
    article = answer.content.decode().partition('<div class="prose">')[2].partition("</main>")[0]
    assert len(article) > 200
    assert not re.search(r"\*|`|\]\(|^ *[#>|-]|_{2}", re.sub(r"<[^>]*>", "", article), re.MULTILINE)


def test_what_is_no_page_of_the_guide_is_not_found(practitioner_client: Client) -> None:
    assert practitioner_client.get("/guide/accounts/").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_pages_places_and_images_of_the_guide(page: str) -> None:
    for target in LINK.findall(text_of(page)):
        name, _, place = target.partition("#")
        assert not name or (guide.FOLDER / name).is_file(), target
        assert not place or place in anchors(name.removesuffix(".md") or page), target
        assert not name or name.endswith(".md") or finders.find(f"guide/{Path(name).name}"), target


def test_the_first_page_leads_to_every_other() -> None:
    assert {f"{page}.md" for page in PAGES} - {"README.md"} == set(LINK.findall(text_of("README")))


def test_every_image_is_shown_and_small() -> None:
    shown = {
        Path(target).name for page in PAGES for target in LINK.findall(text_of(page)) if "images/" in target
    }
    assert shown == IMAGES
    assert len(IMAGES) <= 12
    heavy = {name for name in IMAGES if (guide.FOLDER / "images" / name).stat().st_size > 30_000}
    assert not heavy


def test_markup_is_shown_and_not_obeyed() -> None:
    html = guide.as_html(
        "# Title\n\n<b>1 & 2</b> [on](replies.md#stop) [x](javascript:x)\n\n## What is left?"
    )
    assert "&lt;b&gt;1 &amp; 2" in html
    assert '<a href="/guide/replies/#stop">on</a>' in html
    assert 'href="javascript' not in html
    assert '<h2 id="what-is-left">What is left?</h2>' in html
