"""What README and CONTRIBUTING tell people to type exists, and their links lead somewhere."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def code_of(document: str) -> str:
    """Everything that is set as code, in blocks or in the line."""
    text = (ROOT / document).read_text()
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))])


def test_readme_opens_with_the_two_commands() -> None:
    first = re.search(r"```\w*\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert first
    assert re.findall(r"^[^#\n]*?(?=\s*(?:#|$))", first[1].strip(), re.MULTILINE) == [
        "python3 bootstrap.py demo",
        "python3 bootstrap.py test",
    ]


@pytest.mark.parametrize("document", PAGES)
def test_every_bootstrap_command_exists(document: str) -> None:
    known = set(re.findall(r'command == "(\w+)"', (ROOT / "bootstrap.py").read_text()))
    assert known >= {"demo", "test", "check", "manage", "setup"}
    assert set(re.findall(r"bootstrap\.py (\w+)", code_of(document))) <= known


@pytest.mark.parametrize("document", PAGES)
def test_every_make_target_exists(document: str) -> None:
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"^make ((?:[a-z]+ ?)+)", code_of(document), re.MULTILINE)
    assert {target for line in named for target in line.split()} <= known


@pytest.mark.parametrize("document", PAGES)
def test_every_management_command_exists(document: str) -> None:
    assert set(re.findall(r"(?:bootstrap\.py manage|manage\.py) ([a-z]\w+)", code_of(document))) <= set(
        get_commands()
    )


@pytest.mark.parametrize("document", PAGES)
def test_links_lead_to_files(document: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / document).read_text())
    assert not [link for link in links if not (ROOT / link).exists()]
