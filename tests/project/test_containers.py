"""The containers and .env.example agree with the code. That they are well-formed, `make containers` proves."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ["web", "worker", "beat", "migrate"]

READS_ENVIRONMENT = re.compile(r'\b(?:env\.\w+|environment\.\w+|origin)\(\s*"([A-Z_]+)"')


def settings_read_by_the_code() -> set[str]:
    return {
        name
        for path in (ROOT / "clinic").glob("*.py")
        for name in READS_ENVIRONMENT.findall(path.read_text())
    }


def settings_explained() -> dict[str, str]:
    """Name -> example, from .env.example."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def test_env_example_lists_every_setting_and_no_other() -> None:
    only_compose = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text())) - {"SECRET_KEY"}
    assert settings_read_by_the_code() >= {"SECRET_KEY", "DATABASE_URL", "PUBLIC_BASE_URL", "TWILIO_API_URL"}
    assert set(settings_explained()) == settings_read_by_the_code() | only_compose


def test_env_example_holds_no_secret() -> None:
    filled_in = {name: value for name, value in settings_explained().items() if value}
    assert filled_in == {"DEBUG": "False", "WEB_ADDRESS": "127.0.0.1:8000"}


def test_everything_waits_for_the_migrations_and_for_what_it_talks_to() -> None:
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        }
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_one_image_and_one_environment_for_all_of_ours() -> None:
    assert {
        json.dumps([SERVICES[name][key] for key in ("image", "environment", "env_file")]) for name in OURS
    } == {json.dumps([SERVICES["web"][key] for key in ("image", "environment", "env_file")])}


def test_every_service_that_stays_is_asked_whether_it_is_well() -> None:
    asked = {name for name, service in SERVICES.items() if service.get("healthcheck", {}).get("test")}
    assert asked == set(SERVICES) - {"web", "migrate"}
    assert "HEALTHCHECK" in DOCKERFILE, "the web service has the image's own"
    assert "/healthz" in DOCKERFILE


def test_redis_keeps_what_it_was_given_and_the_data_outlives_the_containers() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--maxmemory-policy noeviction" in command
    assert "--appendonly yes" in command
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_services_and_images_have_no_floating_version() -> None:
    images = [SERVICES[name]["image"] for name in ("postgres", "redis")] + re.findall(
        r"^FROM (\S+)", DOCKERFILE, re.M
    )
    assert all(re.search(r":\d", image) for image in images), images


def test_the_image_runs_without_privileges_and_installs_what_is_locked() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)[-1] == "10001:10001"
    assert "--no-deps --require-hashes --only-binary :all: -r /tmp/requirements.lock" in DOCKERFILE
    assert all(SERVICES[name]["cap_drop"] == ["ALL"] and SERVICES[name]["read_only"] for name in OURS)


def copied() -> list[str]:
    sources = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    return [source.rstrip("/") for source in sources]


def test_what_is_copied_is_let_through_and_nothing_else() -> None:
    let_through = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(let_through) == sorted(copied())
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages <= set(copied())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the image holds, after the step that the Dockerfile runs in it."""
    folder = tmp_path_factory.mktemp("image")
    for source in copied():
        path = ROOT / source
        if path.is_dir():
            shutil.copytree(path, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / source)
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "only-while-building",
            "CLINIC_DATA_DIR": str(folder / "data"),
        },
        capture_output=True,
        check=True,
    )
    return folder


def test_building_the_image_gives_every_static_file_a_fingerprint(image: Path) -> None:
    manifest = json.loads((image / "staticfiles" / "staticfiles.json").read_text())
    fingerprinted = manifest["paths"]["app.css"]
    assert re.fullmatch(r"app\.[0-9a-f]{12}\.css", fingerprinted)
    assert (image / "staticfiles" / f"{fingerprinted}.gz").is_file()
