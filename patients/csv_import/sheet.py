"""A CSV file as a table, read row by row: of any size it takes no more memory than its longest row."""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from django.utils.translation import gettext, gettext_lazy

from clinic.lib.spreadsheet import NotText, encoding_of, sniff_separator
from clinic.words import grouped, in_words

MAX_BYTES = 25 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 300
TOO_LARGE = gettext_lazy(
    "It is larger than 25 MB. Split it into smaller files, or leave out columns that are not needed."
)
TOO_LONG = gettext_lazy("It has more than %(number)s rows. Split it into smaller files.")
_ENCODINGS = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "windows-1252": "Windows-1252"}
_SEPARATED = {
    ",": gettext_lazy("%(encoding)s, separated by commas"),
    ";": gettext_lazy("%(encoding)s, separated by semicolons"),
    "\t": gettext_lazy("%(encoding)s, separated by tabs"),
}


class Unreadable(Exception):
    """`str()` says, for staff, why a file cannot be imported, without repeating any of it."""


class Sheet:
    """The file at `path`. Its first row with anything in it is the `header`, and stands in row `header_row`,
    counted as spreadsheets do."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self._encoding = encoding
        self._separator = ","
        self.header_row = 0
        self.header: list[str] = []

    @classmethod
    def open(cls, path: Path) -> Self:
        """Look at the whole file once. Raises Unreadable; OSError if the file cannot be opened."""
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise Unreadable(TOO_LARGE)
            try:
                sheet = cls(path, encoding_of(iter(lambda: file.read(65_536), b"")))
            except NotText as not_text:
                raise Unreadable(in_words(not_text)) from None
        with path.open(encoding=sheet._encoding, newline="") as text:
            first = next((line for line in text if line.strip()), "")
        sheet._separator = sniff_separator(first.rstrip("\r\n"))
        sheet.header_row, sheet.header = next(
            ((row, cells) for row, cells in sheet._numbered() if _may_be_a_header(cells)), (0, [])
        )
        if len(sheet.header) > MAX_COLUMNS:
            raise Unreadable(gettext("It has more than %(number)s columns.") % {"number": MAX_COLUMNS})
        return sheet

    @property
    def described(self) -> str:
        """How it was read, such as "UTF-8, separated by commas"."""
        return str(_SEPARATED[self._separator]) % {"encoding": _ENCODINGS[self._encoding]}

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(row number, cells) of each row below the header that is not empty. Raises Unreadable."""
        for row, cells in self._numbered():
            if row - self.header_row > MAX_ROWS:
                raise Unreadable(TOO_LONG % {"number": grouped(MAX_ROWS)})
            if row > self.header_row and any(cell.strip() for cell in cells):
                yield row, cells

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        with self.path.open(encoding=self._encoding, newline="") as text:
            try:
                yield from enumerate(csv.reader(text, delimiter=self._separator), start=1)
            except csv.Error:
                raise Unreadable(gettext("Its quotes cannot be made out. Save it as CSV again.")) from None


def _may_be_a_header(cells: Sequence[str]) -> bool:
    # "sep=;" alone in the first line is a note from Excel to itself.
    return any(cell.strip() for cell in cells) and not cells[0].lower().startswith("sep=")
