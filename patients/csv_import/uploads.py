"""Files between their upload and their import: names and numbers of patients, so seen by nobody else and not kept.

Each lies in a folder of its own kind, readable by the web application's user alone, under a name that nobody can
guess. The name goes to the browser signed, with who sent the file: nobody else's form opens it. It is removed when
it is imported or given up, and after a day in any case. The folder belongs to one machine: with several web
machines it must be shared between them.
"""

import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from patients.csv_import.columns import Column, Places
from patients.csv_import.sheet import MAX_BYTES

KEPT = timedelta(days=1)
NOTED_EVERY = timedelta(seconds=0.5)
SILENT_AFTER = timedelta(minutes=2)
_SALT = "patients.csv_import"


class Gone(Exception):
    """The file is not here any more, or was never this person's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the person at the browser has looked at: which file, read how, with which counts."""

    name: str
    user: int
    places: Places
    counts: dict[str, int]

    def signed(self) -> str:
        """For a hidden field."""
        places = {column.value: at for column, at in self.places.items()}
        return signing.dumps([self.name, self.user, places, self.counts], salt=_SALT, compress=True)


def opened(token: str, *, user: int) -> Seen:
    """What `user` signed for. Raises Gone if it is somebody else's, forged, or a day old."""
    try:
        name, owner, places, counts = signing.loads(token, salt=_SALT, max_age=KEPT)
    except signing.BadSignature:
        raise Gone from None
    if owner != user:
        raise Gone
    return Seen(name, owner, {Column(column): at for column, at in places.items()}, counts)


def folder() -> Path:
    """Where they lie; made if missing."""
    path = Path(settings.DATA_DIR) / "imports"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def keep(chunks: Iterable[bytes]) -> str:
    """Write a file down; returns its name."""
    name = f"{secrets.token_hex(16)}.csv"
    descriptor = os.open(folder() / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(chunks)
    return name


def path_of(name: str) -> Path:
    """Raises Gone."""
    path = folder() / name
    if not path.is_file():
        raise Gone
    return path


def names() -> list[str]:
    """Of all files that wait here."""
    return [path.name for path in folder().glob("*.csv")]


def claim(name: str) -> Path:
    """Take the file for the import, which happens once, however often the button is pressed. Raises Gone."""
    try:
        return (folder() / name).rename(taken(name))
    except FileNotFoundError:
        raise Gone from None


def taken(name: str) -> Path:
    """The file that has been claimed."""
    return folder() / f"{name}.taken"


def release(name: str) -> None:
    """Nothing was imported: the file may be looked at again, if it is still here."""
    with suppress(FileNotFoundError):
        taken(name).rename(folder() / name)


def remove(name: str) -> None:
    """Remove a file, and all that was written about it."""
    for path in folder().glob(f"{name}*"):
        path.unlink(missing_ok=True)


class Notes:
    """What is known about a file while it is worked on behind the page, beside it for the page to read.

    How far it is also says that somebody is at work: a note as old as `SILENT_AFTER` is a dead one's.
    """

    def __init__(self, name: str, key: str) -> None:
        self._far, self._preview = (folder() / f"{name}.{key}.{what}" for what in ("far", "preview"))
        self._next = 0.0

    def note(self, doing: str, rows: int) -> None:
        """So many `rows` have been read ("read") or added ("add")."""
        if time.monotonic() >= self._next:
            _write_down(self._far, f"{doing} {rows}")
            self._next = time.monotonic() + NOTED_EVERY.total_seconds()

    def noted(self) -> tuple[str, int]:
        try:
            doing, rows = self._far.read_text().split()
        except (OSError, ValueError):
            return "", 0
        return doing, int(rows)

    def heard_at(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self._far.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def keep_preview(self, text: str) -> None:
        _write_down(self._preview, text)

    def preview(self) -> str:
        """Raises Gone."""
        try:
            return self._preview.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise Gone from None


def _write_down(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def remove_old(now: datetime) -> int:
    """Remove what is older than a day; returns how many files."""
    removed = 0
    for path in folder().iterdir():
        try:
            if path.stat().st_mtime < (now - KEPT).timestamp():
                path.unlink()
                removed += 1
        except FileNotFoundError:
            pass  # Somebody else was first.
    return removed


class Quota(FileUploadHandler):
    """Lets no more of a file onto the disk than may be imported. The view finds no file then."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.exceeded = False
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._received += len(raw_data)
        if self._received > MAX_BYTES:
            self.exceeded = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler keeps it."""
