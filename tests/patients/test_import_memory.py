"""200,000 rows take no more memory than 20,000: the command, as a process of its own on a database of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.sms.workers import surroundings

MAY_GROW_MB = 8  # far below 1 % of what is read and written
HEADER = "First name,Last name,Born,Reference,Mobile,Accepts SMS marketing,Consent source,Consent date\n"


def row(number: int) -> str:
    """Everybody is somebody else. Numbers take most of the time and none of the memory, so few have one."""
    mobile = f"0412 {number // 1000:03d} {number % 1000:03d}" if number % 25 == 0 else ""
    said = ["yes,Form at the desk,2024-05-01", "no,,", ",,"][number % 3]
    born = f"{1930 + number % 90}-0{1 + number % 9}-1{number % 10}"
    return f"Ana,Okoro {number},{born},R{number},{mobile},{said}\n"


def peak_mb(folder: Path, *arguments: str) -> float:
    """Run a command in a process of its own; returns its peak memory."""
    environment = surroundings(folder) | {"DATABASE_URL": f"sqlite:///{folder}/own.sqlite3"}
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], env=environment)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def test_memory_does_not_grow_with_the_rows(
    tmp_path: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    peak_mb(tmp_path, "migrate", "--verbosity", "0")
    peaks = {}
    first = 0
    for rows in (20_000, 200_000):
        file = tmp_path / f"{rows}.csv"
        with file.open("w") as text:
            text.write(HEADER)
            text.writelines(row(number) for number in range(first, first + rows))
        peaks[rows] = peak_mb(tmp_path, "import_patients", str(file))
        first += rows
    record_testsuite_property("peak_mb", peaks)
    assert peaks[200_000] - peaks[20_000] < MAY_GROW_MB, peaks
