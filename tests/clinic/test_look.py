"""The stylesheet keeps its promises of contrast, and the templates those of the content security policy."""

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "clinic/static/app.css").read_text()
TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
GROUNDS = ["surface", "canvas", "sunken"]
ON_EVERY_GROUND = ["text", "muted", "accent", "accent-strong", "plum", "good", "warn", "bad"]
PAIRS = [
    *((text, ground, 4.5) for text in ON_EVERY_GROUND for ground in GROUNDS),
    *((text, "raised", 4.5) for text in ("text", "muted")),
    *((role, f"{role}-soft", 4.5) for role in ("accent", "plum", "good", "warn", "bad")),
    *(("text", f"{role}-soft", 4.5) for role in ("accent", "plum", "good", "warn", "bad")),
    ("accent-strong", "accent-soft", 4.5),
    ("muted", "accent-soft", 4.5),
    ("text", "quiet", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("on-bad", "bad-solid", 4.5),
    ("rail-text", "rail", 4.5),
    ("spark", "rail", 3),
    *((line, ground, 3) for line in ("control-line", "focus") for ground in GROUNDS),
]


def colours(theme: int) -> dict[str, str]:
    """Role to colour in the light (0) or dark (1) theme."""
    found = {}
    for name, value in re.findall(r"--([a-z-]+): ([^;]+);", CSS):
        if hexes := re.findall(r"#[0-9a-f]{6}", value):
            found[name] = hexes[min(theme, len(hexes) - 1)]
    return found


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_roles_can_be_read_on_their_grounds(front: str, back: str, least: float, theme: int) -> None:
    roles = colours(theme)
    bright, dim = sorted((luminance(roles[front]), luminance(roles[back])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= least


def test_every_custom_property_in_use_is_defined() -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", CSS))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", CSS)) <= defined


def test_the_stylesheet_fetches_nothing() -> None:
    assert not re.search(r"@import|url\(", CSS)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.name))
def test_templates_hold_nothing_that_the_content_security_policy_refuses(template: Path) -> None:
    html = re.sub(r"{#.*?#}", "", template.read_text())
    refused = r"\sstyle=|<style|\son[a-z]+=|hx-on|<script(?![^>]*\bsrc=)|(?:src|href)=[\"']https?:"
    assert not re.search(refused, html, re.IGNORECASE)
