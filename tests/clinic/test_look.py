"""The stylesheet keeps its promises of contrast, and the templates those of the content security policy."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from clinic.lib import contrast
from clinic.styleguide import DECORATION, PAIRS

CSS = (Path(settings.BASE_DIR) / "clinic/static/app.css").read_text()
SCRIPTS = sorted((Path(settings.BASE_DIR) / "clinic/static").glob("*.js"))
PYTHON = [
    path
    for app in ("clinic", "patients", "settings_app", "sms")
    for path in (Path(settings.BASE_DIR) / app).rglob("*.py")
]
TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
ROLES = contrast.roles(CSS)

WITH_A_COUNTERPART = [
    "background: linear-gradient(to right, var(--rail) var(--rail-width), transparent 0)",
    "background: linear-gradient(to left, var(--rail) var(--rail-width), transparent 0)",
    "border-width: 1.5px 1.5px 0 0",  # an arrow, turned by a rotation of its own
    "background-position: right 1.25rem center, right 0.9375rem center",
    "background-position: left 0.9375rem center, left 1.25rem center",
    "border-width: 0 2px 2px 0",  # an arrow that points down, which is the same from both sides
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_roles_can_be_read_on_their_grounds(front: str, back: str, least: float, theme: int) -> None:
    assert contrast.ratio(ROLES[front][theme], ROLES[back][theme]) >= least


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast.ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast.ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_no_colour_slips_in_unjudged() -> None:
    judged = {role for front, back, _ in PAIRS for role in (front, back)}
    assert set(ROLES) == judged | set(DECORATION)
    below_the_roles = CSS.partition("/* 2 Base")[2]
    assert not re.findall(r"#[0-9a-f]{3,8}\b(?!.*{)|(?:rgb|hsl|oklch)\((?!6 24 29)", below_the_roles)


def test_what_a_rule_colours_together_is_judged_together() -> None:
    judged = {(front, back) for front, back, _ in PAIRS}
    for rule in re.findall(r"{([^{}]*)}", CSS):
        said = dict(re.findall(r"(?<![-\w])(color|background): var\(--([a-z-]+)\);", rule))
        pair = (said.get("color"), said.get("background"))
        assert None in pair or pair in judged, rule


def test_every_custom_property_in_use_is_defined() -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", CSS))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", CSS)) <= defined


def test_the_stylesheet_says_start_and_end_and_never_left_and_right() -> None:
    """It is read from right to left too. A line with left or right has its counterpart under :dir(rtl)."""
    css = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
    found = []
    for name, value in re.findall(r"^\s*([a-z-]+):\s*([^;{}]+);", css, re.MULTILINE):
        parts = value.split()
        four = (
            name in {"margin", "padding", "inset", "border-width"}
            and len(parts) == 4
            and parts[1] != parts[3]
        )
        if four or re.search(r"(?<![\w-])(?:left|right)(?![\w-])", f"{name.replace('-', ' ')}: {value}"):
            found.append(f"{name}: {value}")
    assert found == WITH_A_COUNTERPART


def test_the_stylesheet_fetches_nothing() -> None:
    assert not re.search(r"@import|url\(", CSS)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.name))
def test_templates_hold_nothing_that_the_content_security_policy_refuses(template: Path) -> None:
    html = re.sub(r"{#.*?#}", "", template.read_text())
    refused = r"\sstyle=|<style|\son[a-z]+=|hx-on|<script(?![^>]*\bsrc=)|(?:src|href)=[\"']https?:"
    assert not re.search(refused, html, re.IGNORECASE)


def test_every_class_in_a_template_has_a_rule_or_a_script() -> None:
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", CSS))
    used = {word for template in TEMPLATES for word in classes(template.read_text())}
    assert used - known == set()


def test_every_rule_is_for_a_class_that_is_used() -> None:
    words = "".join(path.read_text() for path in [*TEMPLATES, *PYTHON, *SCRIPTS])
    assert {
        name for name in re.findall(r"\.([a-z][a-z0-9-]*)(?=[^{};]*{)", CSS) if not is_in(name, words)
    } == set()


def classes(html: str) -> set[str]:
    """The classes of a template that are written out, not made of variables."""
    plain = re.sub(r"(?<=-){% if.*?{% endif %}", "", html)
    plain = re.sub(r"{#.*?#}|{%.*?%}", " ", plain)
    return {
        word
        for found in re.findall(r'class="([^"]*)"', plain)
        for word in found.split()
        if re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", word)
    }


def is_in(name: str, words: str) -> bool:
    made = re.match(r"(verdict|key|bar|htmx|timeline)-", name)  # their ends are variables, or another's
    return bool(made or re.search(rf"(?<![\w-]){name}(?![\w-])", words))


def test_the_style_guide_shows_every_pair_in_development(
    practitioner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DEBUG", True)
    html = practitioner_client.get("/styleguide/").content.decode()
    assert html.count('class="swatch"') == 2 * len(PAIRS)
    assert "too little" not in html


def test_the_style_guide_is_not_found_in_production(practitioner_client: Client) -> None:
    assert practitioner_client.get("/styleguide/").status_code == 404
