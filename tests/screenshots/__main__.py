"""Photograph the pages: those in the guide, or all of them (--gallery), in Chromium.

The guide's go to docs/guide/images/, as WebP of at most 30 kB. The gallery, each page in both themes and widths, goes
to var/gallery/, which is only to be looked at.
"""

import argparse
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.clinic import ROOT
from tests.journeys.still import MANAGER, OPENED_AT, open_still
from tests.screenshots.scenes import GALLERY, GUIDE

IMAGES = ROOT / "docs" / "guide" / "images"
LOOKED_AT = ROOT / "var" / "gallery"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
WIDTHS = (320, 1280)
THEMES = ("light", "dark")
COLUMN = 704  # pixels: how wide the guide shows a picture
MOST_BYTES = 30_000
QUALITY = 60
TALLEST = 16_383  # pixels: WebP knows no more


@contextmanager
def desk(browser: Browser, url: str, *, width: int, theme: str) -> Iterator[Page]:
    """A page of the manager, logged in, on whose clock it is the clinic's fixed day."""
    size: Any = {"width": width, "height": 820 if width > 600 else 640}
    scheme: Any = theme
    context = browser.new_context(
        base_url=url, viewport=size, color_scheme=scheme, locale="en-AU", reduced_motion="reduce"
    )
    with context:
        page = context.new_page()
        page.clock.set_fixed_time(OPENED_AT)
        name, password = MANAGER
        page.goto("/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Overview").wait_for()
        yield page


def photograph(page: Page, path: Path, *, whole: bool) -> None:
    """The whole page from its top as far as a picture goes; or what is in sight, no wider than the guide shows it."""
    size = page.evaluate("({width: innerWidth, height: innerHeight, y: scrollY})")
    scale = min(1, COLUMN / size["width"])
    if whole:
        tall = page.evaluate("document.documentElement.scrollHeight")
        size, scale = size | {"height": min(tall, TALLEST), "y": 0}, 1
    wanted = {
        "format": "webp",
        "quality": QUALITY,
        "captureBeyondViewport": whole,
        "clip": {"x": 0, "scale": scale, **size},
    }
    answer = page.context.new_cdp_session(page).send("Page.captureScreenshot", wanted)
    path.write_bytes(base64.b64decode(answer["data"]))


def make_guide(browser: Browser, url: str, only: str) -> None:
    for width in WIDTHS:
        with desk(browser, url, width=width, theme="light") as page:
            for scene in GUIDE:
                if scene.width != width or only not in scene.name:
                    continue
                scene.go(page)
                path = IMAGES / f"{scene.name}.webp"
                photograph(page, path, whole=False)
                size = path.stat().st_size
                if size > MOST_BYTES:
                    raise SystemExit(f"{path.name} has {size:,} bytes: show less of the page.")
                print(f"{path.name}: {size:,} bytes")
    known = {f"{scene.name}.webp" for scene in GUIDE}
    for stray in {path.name for path in IMAGES.glob("*.webp")} - known:
        (IMAGES / stray).unlink()


def make_gallery(browser: Browser, url: str, only: str) -> None:
    LOOKED_AT.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        for theme in THEMES:
            with desk(browser, url, width=width, theme=theme) as page:
                for scene in GALLERY:
                    if only in scene.name:
                        scene.go(page)
                        photograph(page, LOOKED_AT / f"{scene.name}-{width}-{theme}.webp", whole=True)
    print(f"{LOOKED_AT} holds every page in both themes and widths.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--gallery", action="store_true", help="all pages, into var/gallery/")
    parser.add_argument("--only", default="", help="only pages with this in their name")
    options = parser.parse_args()
    with open_still("demo") as clinic, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        if options.gallery:
            make_gallery(browser, clinic.url, options.only)
        else:
            make_guide(browser, clinic.url, options.only)
        browser.close()


if __name__ == "__main__":
    main()
