"""A CSV file of a test's own."""

from datetime import date
from pathlib import Path

from patients import csv_import
from patients.csv_import import Checked, Outcome, Sheet
from patients.csv_import.cells import Line
from tests.factories import NOW

TODAY = date(2026, 11, 24)


class File:
    def __init__(self, path: Path) -> None:
        self.path = path

    def sheet(self, content: str | bytes) -> Sheet:
        self.path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Sheet.open(self.path)

    def check(self, content: str | bytes, *, country: str = "AU") -> Checked:
        sheet = self.sheet(content)
        return csv_import.check(sheet, csv_import.guess(sheet.header), country=country, today=TODAY)

    def problems(self, content: str | bytes, *, country: str = "AU") -> list[str]:
        return [str(problem) for problem in self.check(content, country=country).problems]

    def new(self, content: str | bytes, *, country: str = "AU") -> list[Line]:
        return [shown.line for shown in self.check(content, country=country).shown[Outcome.NEW]]

    def run(self, content: str | bytes, *, seen: dict[str, int] | None = None) -> Checked:
        sheet = self.sheet(content)
        places = csv_import.guess(sheet.header)
        return csv_import.run(sheet, places, country="AU", today=TODAY, at=NOW, seen=seen)
