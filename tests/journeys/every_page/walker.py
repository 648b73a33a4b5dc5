"""What must be wrong with no page, whatever it shows."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from playwright.sync_api import Browser, Page

from tests.journeys.every_page.line import Line
from tests.journeys.still import MANAGER, Still

NARROW, WIDE = 320, 1280
THEMES: Sequence[Any] = ("light", "dark")
# Open, a disclosure shows all that it can show. Live parts rest while nobody looks, so none changes under our eyes.
PREPARE = """() => {
    document.querySelectorAll("details").forEach(each => { each.open = true; });
    Object.defineProperty(document, "hidden", {value: true});
}"""
# Colours fade into each other, however quickly, and those of what lies within only then.
SETTLED = """async () => {
    do await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    while (document.getAnimations().length);
}"""
BROKEN_RULES = "axe.run({resultTypes: ['violations']}).then(results => results.violations)"
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Walker:
    """Goes from page to page. `found` is what was wrong with them, in words; `seen` are the names of their addresses.

    A page is loaded once, at a desk, with nothing kept from before, and weighed. Then it is looked at in both themes,
    there and on a phone. The console stays silent throughout.
    """

    def __init__(self, clinic: Still, browser: Browser, *, host: str = "127.0.0.1") -> None:
        self.found: list[str] = []
        self.seen: set[str] = set()
        self._said: list[str] = []
        self.context = browser.new_context(
            base_url=clinic.url.replace("127.0.0.1", host), reduced_motion="reduce", locale="en-AU"
        )
        self.page = self.context.new_page()
        self.page.on("console", lambda line: self._said.append(line.text))
        self.page.on("pageerror", lambda error: self._said.append(str(error)))
        self.line = Line(self.page)

    def log_in(self, name: str = MANAGER[0], password: str = MANAGER[1]) -> None:
        self.page.goto("/accounts/login/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.get_by_role("heading", name="Overview").wait_for()

    def confirm_password(self, password: str = MANAGER[1]) -> None:
        """What is asked before anything about the log-in is changed, and not again for a while."""
        self.page.goto("/accounts/confirm/")
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Go on").click()
        self.page.wait_for_load_state()

    def open(self, path: str, *, status: int = 200) -> None:
        self.see(path, lambda page: page.goto(path), status=status)
        if (came_to := urlsplit(self.page.url).path) != urlsplit(path).path:
            self.found.append(f"{path}: leads to {came_to}")

    def see(self, name: str, go: Callable[[Page], object], *, status: int = 200) -> None:
        """Do what leads to the page, which answers with `status`."""
        self.page.set_viewport_size({"width": WIDE, "height": 900})
        self.page.emulate_media(color_scheme=THEMES[0])
        go(self.page)
        self.page.wait_for_load_state()
        wrong = []
        if self.line.status != status:
            wrong.append(f"answers {self.line.status}, not {status}")
        elif status < 400:
            self.seen.add(resolve(urlsplit(self.page.url).path).view_name)
        self.page.evaluate(PREPARE)
        for width in (WIDE, NARROW):
            self.page.set_viewport_size({"width": width, "height": 900})
            for theme in THEMES:
                self.page.emulate_media(color_scheme=theme)
                self.page.evaluate(SETTLED)
                wrong += [f"{each} ({width} px, {theme})" for each in look_around(self.page)]
        wrong += self.line.heavy()
        # Of a page that says no the browser says so as well.
        wrong += [each for each in self._said if status < 400 or f"a status of {status}" not in each]
        self._said.clear()
        self.found += [f"{name}: {each}" for each in [*wrong, *self.line.take_troubles()]]


def look_around(page: Page) -> list[str]:
    """Each rule of axe-core that the page breaks, and where; and whether it is wider than the screen."""
    found = []
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    for rule in page.evaluate(BROKEN_RULES):
        nodes = rule["nodes"]
        places = ", ".join(node["target"][-1] for node in nodes[:3])
        found.append(f"{rule['id']} at {len(nodes)} places: {places}: {nodes[0]['failureSummary']}")
    if page.evaluate(SCROLLS):
        found.append("scrolls sideways")
    return found
