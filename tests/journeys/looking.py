"""What is wrong with a page as it stands: against accessibility, or wider than the screen."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def look_at(page: Page, path: str) -> list[str]:
    page.goto(path)
    return look_around(page, path)


def look_around(page: Page, path: str) -> list[str]:
    """A line for each rule of axe-core that the page breaks; `path` is only what the lines call it."""
    found = [f"{path}: {rule['id']}" for rule in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"{path}: scrolls sideways")
    return found
