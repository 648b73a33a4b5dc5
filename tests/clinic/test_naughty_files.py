"""What people are called and write comes whole into files and out of them, and is never a formula there."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from patients.csv_import.columns import HEADERS, Column
from patients.models import Patient
from sms import inbound
from sms.models import GroupMessage
from tests import naughty
from tests.factories import NOW, PatientFactory
from tests.sms.steps import frozen, queued
from tests.web_forms import Page

pytestmark = pytest.mark.django_db

BEGINS_A_FORMULA = tuple("=+-@\t\r\n")
TEXTS = {
    what: text for what, text in naughty.TEXTS.items() if 0 < len(text.strip()) <= 1600 and "\0" not in text
}
IMPORT = "/patients/import/"
UNSEEN = {naughty.TEXTS["controls"], naughty.TEXTS["not characters"]}
NAMED = {Column.FIRST_NAME, Column.LAST_NAME, Column.REFERENCE}


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def group() -> GroupMessage:
    """To patients with all the names there are, who answered with all the texts."""
    for at, (what, text) in enumerate(TEXTS.items()):
        name = " ".join(naughty.NAMES.get(what, "Osei").split())
        patient = PatientFactory.create(first_name=name, last_name=name, reference=f"{at} {what}")
        queued(patient, text)
        reply = inbound.Reply(sid=f"SM{at}", phone=patient.phone, sender="MG1", body=text, read_as="STOP")
        inbound.receive(reply, at=NOW)
        if what in naughty.NAMES:
            PatientFactory.create(last_name="Osei", reference=name)
    return frozen("Hello")


def cells(client: Client, path: str, **posted: str) -> set[str]:
    answer: Any = client.post(path, posted)
    text = b"".join(answer.streaming_content).decode()
    return {cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row}


def test_files_to_take_away_hold_everything_and_no_formula(
    group: GroupMessage, manager_client: Client
) -> None:
    names = {" ".join(name.split()) for name in naughty.NAMES.values()}
    files = {
        "patients": (cells(manager_client, "/patients/export/", what="patients"), names),
        "consents": (cells(manager_client, "/patients/export/", what="consents"), names | {*TEXTS.values()}),
        "group": (cells(manager_client, f"/sms/{group.pk}/people.csv"), names),
        "log": (cells(manager_client, "/sms/log/export/"), {*TEXTS.values()}),
    }
    for what, (found, wanted) in files.items():
        assert {text for text in wanted if not {text, f"'{text}"} & found} == set(), what
        assert {cell for cell in found if cell.lstrip(" ").startswith(BEGINS_A_FORMULA)} == set(), what


def test_what_is_held_on_one_is_whole_in_their_file(group: GroupMessage, manager_client: Client) -> None:
    for patient in Patient.objects.exclude(consent_events__evidence=""):
        answer: Any = manager_client.post(f"/patients/{patient.pk}/everything.json")
        held = json.loads(b"".join(answer.streaming_content))
        text = TEXTS[patient.reference.partition(" ")[2]]
        assert [held["texts"][0]["body"], held["replies"][0]["body"]] == [text, text]
        assert held["patient"]["last_name"] == patient.last_name


def upload(client: Client, content: bytes, *, name: str = "patients.csv") -> str:
    """The page that comes next."""
    answer = client.post(IMPORT, {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 200
    return answer.content.decode()


def table(*rows: Iterable[str], encoding: str = "utf-8") -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode(encoding)


def words(html: str) -> str:
    return " ".join(Page(html, IMPORT).text.split())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("column", HEADERS)
def test_a_cell_is_read_as_it_stands_or_its_row_is_refused_with_a_sentence(
    column: Column, encoding: str, manager_client: Client
) -> None:
    """Half of all texts at a time: a preview shows fifty rows of a kind."""
    texts = [text.replace("\0", "") for text in (naughty.DAYS | naughty.NUMBERS | naughty.TEXTS).values()]
    for part in (texts[::2], texts[1::2]):
        lines = [
            {"last name": f"Osei {at}", "reference": f"{at}", column: text} for at, text in enumerate(part)
        ]
        html = upload(manager_client, table(lines[0], *(line.values() for line in lines), encoding=encoding))
        rows = [words(row) for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)]
        found = {int(said.split()[1]) - 2: said for said in rows if re.match(r"Row \d", said)}
        assert found.keys() == set(range(len(part)))
        assert [(part[at], said) for at, said in found.items() if not is_right(column, part[at], said)] == []


def is_right(column: Column, text: str, said: str) -> bool:
    """Whether a row is new, or told what is wrong with it, and its cell stands there as it was typed."""
    if column in NAMED and text in UNSEEN:
        return said.endswith("Type it by hand.")
    is_seen = column not in NAMED or " ".join(text.split()) in said
    return is_seen and said.endswith((" New", "."))


@pytest.mark.parametrize("name", [*naughty.TEXTS.values()], ids=[*naughty.TEXTS])
def test_neither_the_name_of_a_file_nor_of_its_columns_matters(name: str, manager_client: Client) -> None:
    """But where it makes semicolons look like what parts the columns: then that is said."""
    header = ["Last name", name.replace("\0", "")]
    told = words(upload(manager_client, table(header, ["Osei", "x"]), name=f"{name}.csv"))
    assert ("No column holds the last name" if name.count(";") > 1 else "1new patient will be added") in told


@pytest.mark.parametrize(
    "content",
    [
        b"Last name\nOs\0ei\n",
        b"Last name\nOs\xed\xa0\x80\x81ei\n",
        b"\xff\xfeL\x00\x00\xd8",
        b"\x00" * 9,
        b'"',
    ],
)
def test_bytes_that_are_no_text_are_refused_with_a_sentence(content: bytes, manager_client: Client) -> None:
    assert re.search("not a text file|No column holds the last name", words(upload(manager_client, content)))
