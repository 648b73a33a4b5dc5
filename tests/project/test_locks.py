"""The lock files say what pyproject.toml asks for, exactly and with hashes. No network is needed to see that."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = [*RUNTIME, *PROJECT["dependency-groups"]["dev"]]
LOCKS = {"requirements.lock": RUNTIME, "requirements-dev.lock": DEVELOPMENT}


def pins(name: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Package -> its version and its hashes."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text().strip()):
        pin = re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", entry)
        assert pin, f"not an exact version: {entry.splitlines()[0]}"
        found[canonicalize_name(pin[1])] = (pin[2], tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_hashes(name: str) -> None:
    assert not [package for package, (_, hashes) in pins(name).items() if not hashes]


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_asked_for_is_locked_in_a_version_that_was_asked_for(name: str) -> None:
    locked = pins(name)
    for requirement in map(Requirement, LOCKS[name]):
        version, _ = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"run make lock: {requirement} is locked as {version}"


def test_development_runs_on_the_packages_of_production() -> None:
    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {package: development.get(package) for package in runtime} == runtime


@pytest.mark.parametrize("name", LOCKS)
def test_no_registry_is_named(name: str) -> None:
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", (ROOT / name).read_text())


def test_the_lock_is_whole() -> None:
    """Nothing but the lock is installed, so everything that its packages require has to stand in it."""
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
