"""bootstrap.py in small clones, without network: the package that it installs is made here."""

import ast
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Stands for manage.py and for pytest: says what it was called with.
ECHO = """
import os, sys
print(sys.argv[1:], os.getcwd(), repr(os.environ.get("DATABASE_URL")), os.environ.get("PYTHONPATH"))
sys.exit(7)
"""


def make_wheel(folder: Path, version: str) -> str:
    """A package named pytest with the one module above; returns its hash.

    It requires what is not to be had: everything that is to be installed stands in the lock.
    """
    wheel = folder / f"pytest-{version}-py3-none-any.whl"
    about = f"pytest-{version}.dist-info"
    files = {
        "pytest.py": ECHO,
        f"{about}/METADATA": (
            f"Metadata-Version: 2.1\nName: pytest\nVersion: {version}\nRequires-Dist: coverage[toml]>=7\n"
        ),
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},"
        for name, text in files.items()
    ]
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{about}/RECORD", "\n".join([*record, f"{about}/RECORD,,", ""]))
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


class Clone:
    """A folder with bootstrap.py, two lock files and a manage.py that only speaks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.wheels = folder / "clone", folder / "wheels"
        self.folder.mkdir()
        self.wheels.mkdir()
        shutil.copy(ROOT / "bootstrap.py", self.folder)
        (self.folder / "manage.py").write_text(ECHO)
        self.write_locks("1.0", make_wheel(self.wheels, "1.0"))

    def write_locks(self, version: str, digest: str) -> None:
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.folder / name).write_text(f"pytest=={version} \\\n    --hash=sha256:{digest}\n")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.folder / "bootstrap.py"), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Nearly empty; pip finds the wheel and no registry."""
        offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        return {"HOME": str(self.folder.parent), "PATH": os.environ["PATH"], **offline, **more}

    def run(
        self, *arguments: str, prefix: tuple[str, ...] = (), **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, *self.command(*arguments)],
            cwd=self.folder.parent,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def is_one_sentence(text: str) -> bool:
    return text.count("\n") == 1 and "Traceback" not in text


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_an_old_python_can_read_the_file() -> None:
    ast.parse((ROOT / "bootstrap.py").read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_which_one_is_needed() -> None:
    pretend = (
        "import sys, runpy; sys.version_info = (3, 9, 2); runpy.run_path('bootstrap.py', run_name='__main__')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", pretend], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Python 3.11 or newer is needed, and this is 3.9")
    assert is_one_sentence(ended.stderr)


def test_a_python_without_ensurepip_is_told_which_package_to_install(clone: Clone) -> None:
    pretend = (
        "import importlib.util, runpy, sys; find = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name: None if name == 'ensurepip' else find(name);"
        "sys.argv = ['bootstrap.py', 'setup']; runpy.run_path('bootstrap.py', run_name='__main__')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", pretend], cwd=clone.folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "apt install python3-venv" in ended.stderr
    assert is_one_sentence(ended.stderr)


def test_a_folder_that_cannot_be_written_to(clone: Clone) -> None:
    # The superuser writes anywhere, so that power is laid down first.
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("only setpriv takes the power to write anywhere from the superuser")
        prefix = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")
    clone.folder.chmod(0o555)
    ended = clone.run("setup", prefix=prefix)
    clone.folder.chmod(0o755)
    assert ended.returncode == 1
    assert "cannot be written to" in ended.stderr
    assert is_one_sentence(ended.stderr)


def test_no_network(clone: Clone) -> None:
    ended = clone.run(
        "setup",
        PIP_NO_INDEX="0",
        PIP_FIND_LINKS="",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="1",
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The packages could not be downloaded: check the network")
    assert is_one_sentence(ended.stderr)


def test_the_story_of_a_clone(clone: Clone) -> None:
    """One test, as each step begins where the one before it ended, and each new .venv takes seconds."""
    first, second = (
        subprocess.Popen(
            clone.command("setup", "--dev"), env=clone.environment(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    )
    said = [process.communicate(timeout=120)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert sorted("Installing 1 packages" in text for text in said) == [False, True], (
        "two at once install once"
    )

    # Later runs install nothing: there is nothing that they could install.
    shutil.rmtree(clone.wheels)
    assert "Installing" not in clone.run("setup", "--dev").stdout
    assert "Installing" not in clone.run("setup").stdout, "the development lock holds the other"
    from_elsewhere = clone.run("demo", "--port", "1", PYTHONPATH="/elsewhere")
    assert from_elsewhere.stdout == f"['demo', '--port', '1'] {clone.folder.parent} None None\n"
    assert from_elsewhere.returncode == 7, "the exit code is the command's own"
    tested = clone.run("test", "-k", "stop", DATABASE_URL="postgres://real/clinic")
    assert tested.stdout == (
        f"['-n', 'auto', '--maxprocesses', '4', '-k', 'stop'] {clone.folder} '' None\n"
    ), "the tests run on the embedded default, whatever the shell says"

    # A changed lock is installed, and nothing but what it names is.
    clone.wheels.mkdir()
    right = make_wheel(clone.wheels, "2.0")
    clone.write_locks("2.0", "0" * 64)
    refused = clone.run("setup")
    assert refused.returncode == 1
    assert "not the one that the lock names" in refused.stderr
    assert is_one_sentence(refused.stderr)

    # What was interrupted is not taken for finished, even with the right lock.
    clone.write_locks("2.0", right)
    leftover = clone.folder / ".venv" / "half-made"
    leftover.touch()
    again = clone.run("setup")
    assert again.returncode == 0, again.stderr
    assert "Installing 1 packages" in again.stdout
    assert not leftover.exists()


@pytest.mark.parametrize(
    ("arguments", "code"), [((), 0), (("--help",), 0), (("nonsense",), 2), (("setup", "x"), 2)]
)
def test_help_lists_the_commands(clone: Clone, arguments: tuple[str, ...], code: int) -> None:
    ended = clone.run(*arguments)
    assert ended.returncode == code
    assert all(
        f"bootstrap.py {command}" in ended.stdout for command in ("demo", "test", "check", "manage", "setup")
    )
    assert not (clone.folder / ".venv").exists()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("WARNING: Retrying ... Temporary failure in name resolution", "check the network"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE",
            "not the one that the lock names",
        ),
        (
            "ERROR: No matching distribution found for psycopg-binary==3.3.4",
            "no ready-made file for this machine",
        ),
    ],
)
def test_what_pip_says_becomes_a_sentence(
    output: str,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    load_bootstrap: Callable[[], object],
) -> None:
    bootstrap = load_bootstrap()
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "setup.log")
    assert sentence in bootstrap.cause(output)  # type: ignore[attr-defined]


@pytest.fixture
def load_bootstrap(monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    def load() -> object:
        monkeypatch.syspath_prepend(str(ROOT))
        import bootstrap

        return bootstrap

    return load
