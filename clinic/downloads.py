"""Tables that staff take away as files: row by row, such that no spreadsheet program runs any of it, and logged."""

import csv
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse

from clinic.lib.spreadsheet import safe_cell

logger = logging.getLogger(__name__)

CHUNK = 2000  # rows that are fetched from the database at a time
BYTE_ORDER_MARK = "\ufeff"  # or else Excel takes it for Windows-1252


def csv_lines(header: Iterable[str], rows: Iterable[list[str]], *, user: int, what: str) -> Iterator[str]:
    """The lines of a CSV file. `user` is the primary key of who asked: it is logged with the number of rows and with
    `what` they are, and no person's data."""
    written = -1
    line = csv.writer(_Echo()).writerow
    try:
        yield BYTE_ORDER_MARK + _safe(line, header)
        for written, row in enumerate(rows):  # noqa: B007
            yield _safe(line, row)
    finally:  # also when the browser goes away half-way: that much has left the house
        logger.info("Exported", extra={"user": user, "what": what, "rows": written + 1})


def csv_download(lines: Iterator[str], *, name: str, on: date) -> StreamingHttpResponse:
    """The answer that a browser saves as "name-2026-11-24.csv"."""
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{on.isoformat()}.csv"'},
    )


def time_cell(at: datetime | None, zone: ZoneInfo) -> str:
    """An instant by the clock of `zone`, with its distance from UTC; "" for none."""
    return at.astimezone(zone).isoformat(" ", "seconds") if at else ""


def _safe(line: Callable[[Iterable[str]], Any], cells: Iterable[str]) -> str:
    return str(line([safe_cell(cell) for cell in cells]))


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
