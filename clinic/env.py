"""What the environment says, checked once at start-up: a bad value stops the process with one sentence."""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import to_locale

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")


def data_dir() -> Path:
    """The folder of the embedded default (database, broker, secret key, logs); made if missing."""
    folder = Path(env.str("CLINIC_DATA_DIR", default="") or BASE_DIR / "var").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"CLINIC_DATA_DIR: the folder {folder} cannot be made ({error.strerror}). "
            "Set CLINIC_DATA_DIR to a folder that can be written to."
        ) from None
    return folder


def secret_key(folder: Path) -> str:
    """SECRET_KEY, or one made on first use and kept in `folder`, readable by its owner alone.

    The file is linked into place whole, so that processes which start together agree on one key.
    """
    given: str = env.str("SECRET_KEY", default="")
    if given:
        return given
    path = folder / "secret_key"
    if not path.exists():
        draft = folder / f"secret_key.{os.getpid()}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(50))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # Another process was first: its key is the one.
            finally:
                draft.unlink()
        except OSError as error:
            raise ImproperlyConfigured(
                f"The secret key cannot be written to {folder} ({error.strerror}). "
                "Set SECRET_KEY, or CLINIC_DATA_DIR to a folder that can be written to."
            ) from None
    return path.read_text().strip()


def database(folder: Path) -> dict[str, Any]:
    """Django's settings for the one database: PostgreSQL by DATABASE_URL, or SQLite in `folder`.

    SQLite begins every transaction with a write lock (IMMEDIATE): a transaction that reads and then writes
    would otherwise fail at once, instead of waiting, when another process wrote in between.
    """
    url = env.str("DATABASE_URL", default="") or f"sqlite:///{folder / 'clinic.sqlite3'}"
    parsed: dict[str, Any] = env.db_url_config(url)
    engine = parsed["ENGINE"]
    if engine.endswith("sqlite3"):
        parsed["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
        # A file, also in tests: worker processes must see the same database.
        parsed["TEST"] = {"NAME": str(folder / "test.sqlite3")}
    elif engine.endswith("postgresql"):
        parsed["CONN_MAX_AGE"] = 60
        parsed["CONN_HEALTH_CHECKS"] = True
        options = parsed.setdefault("OPTIONS", {})
        options["connect_timeout"] = 5
        # To compile the rules of who gets a text took PostgreSQL five seconds, to run them compiled saved none.
        options.setdefault("options", "-c jit=off")
    else:
        raise ImproperlyConfigured("DATABASE_URL: only postgres:// and sqlite:// are supported.")
    return parsed


def email(folder: Path) -> dict[str, Any]:
    """Django's EMAIL_ settings: a server by EMAIL_URL, or files in `folder`, one for each e-mail."""
    url = env.str("EMAIL_URL", default="")
    try:
        parsed: dict[str, Any] = env.email_url_config(url) if url else env.email_url_config("filemail:")
    except environ.ImproperlyConfigured:
        raise ImproperlyConfigured(
            "EMAIL_URL: write smtp+tls://user:password@host:587 or smtp+ssl://user:password@host:465"
        ) from None
    if not parsed.get("EMAIL_FILE_PATH"):
        parsed["EMAIL_FILE_PATH"] = str(folder / "mail")
    parsed.pop("OPTIONS", None)  # Django has no such setting.
    return parsed


def trusted_proxies() -> int:
    """How many proxies of ours stand in front and add to X-Forwarded-For."""
    value = env.str("TRUSTED_PROXIES", default="") or "0"
    if not value.isdecimal():
        raise ImproperlyConfigured("TRUSTED_PROXIES: write the number of proxies, for example 1.")
    return int(value)


def broker_url() -> str:
    """Where the bells ring: a redis:// address, or kombu's folders in the embedded default."""
    url = env.str("CELERY_BROKER_URL", default="") or "filesystem://"
    if urlsplit(url).scheme not in {"redis", "rediss", "filesystem"}:
        raise ImproperlyConfigured(
            "CELERY_BROKER_URL: only redis://, rediss:// and filesystem:// are supported."
        )
    return url


def language(folder: Path) -> str:
    """The language of the pages: English, or one that has a compiled catalogue in `folder`."""
    code = env.str("LANGUAGE_CODE", default="") or "en"
    if code != "en" and not (folder / to_locale(code) / "LC_MESSAGES" / "django.mo").is_file():
        raise ImproperlyConfigured(f"LANGUAGE_CODE: there is no translation into {code!r}. English is en.")
    return code


def seconds(name: str, default: float) -> timedelta:
    """A duration in seconds, longer than none."""
    return _durations(name, str(default))[0]


def at_least_one(name: str, default: int) -> int:
    """A whole number, 1 or more."""
    said = env.str(name, default="") or str(default)
    if not (said.isascii() and said.isdecimal() and int(said)):
        raise ImproperlyConfigured(f"{name}: write a whole number, 1 or more, as in {default}")
    return int(said)


def several_seconds(name: str, default: str) -> list[timedelta]:
    """Durations in seconds with commas between them, each longer than the one before."""
    found = _durations(name, default)
    if sorted(set(found)) != found:
        raise ImproperlyConfigured(f"{name}: each number must be larger than the one before, as in {default}")
    return found


def _durations(name: str, default: str) -> list[timedelta]:
    wrong = ImproperlyConfigured(f"{name}: write seconds, more than 0, as in {default}")
    try:
        found = [timedelta(seconds=float(part)) for part in (env.str(name, default="") or default).split(",")]
    except (ValueError, OverflowError):
        raise wrong from None
    if min(found) <= timedelta(0):
        raise wrong
    return found


def origin(name: str, default: str) -> str:
    """An origin such as https://clinic.example, without a path; a trailing slash is taken off."""
    value = (env.str(name, default="") or default).rstrip("/")
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(f"{name}: write a full address such as https://sms.example.org")
    if parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{name}: leave out everything after the path.")
    return value
