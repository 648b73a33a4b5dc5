"""/sms/log/: what was sent and received, filtered, page after page, and as a file."""

import csv
import io
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from patients.models import Patient
from sms.models import InboundMessage, Message
from tests.factories import NOW, PatientFactory
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import queued
from tests.sms.test_communications import received, sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

LOG = "/sms/log/"


@pytest.fixture
def ana() -> Patient:
    return PatientFactory.create(first_name="Ana", last_name="Aalto", phone="+61412900001", reference="=1+1")


def found(client: Client, **filters: str) -> list[str]:
    page: Any = client.post(LOG, filters, follow=True)
    return [(entry.text or entry.reply).body for entry in page.context["part"].entries]


def export(client: Client, query: str = "") -> list[dict[str, str]]:
    answer: Any = client.post(f"{LOG}export/{query}")
    assert answer["Content-Disposition"].startswith('attachment; filename="communications-')
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_what_came_back_stands_between_what_was_sent(reception_client: Client, ana: Patient) -> None:
    sent(ana, "Are you coming?", 0)
    received(ana.phone, "Yes", 1, patient=ana)
    received("+61412900009", "Who is this?", 2)
    page = words(reception_client.get(LOG).content)
    assert page.index("Who is this?") < page.index("Yes") < page.index("Are you coming?")
    assert "+61 412 900 009" in page


def test_who_may_not_read_replies_sees_none(practitioner_client: Client, ana: Patient) -> None:
    sent(ana, "Are you coming?")
    received(ana.phone, "Yes, I am", patient=ana)
    page = words(practitioner_client.get(f"{LOG}?way=received").content)
    assert "Are you coming?" in page
    assert "Yes, I am" not in page
    assert "Direction" not in page


def test_days_are_the_clinics_and_the_last_one_counts(reception_client: Client, ana: Patient) -> None:
    # NOW is noon in Sydney, 1 o'clock in the morning in UTC.
    day = timedelta(days=1)
    for at, body in (
        (NOW - day, "Monday"),
        (NOW + timedelta(hours=11), "late on Tuesday"),
        (NOW + day, "Wed"),
    ):
        Message.objects.filter(pk=queued(ana, body).pk).update(created_at=at)
    assert found(reception_client, since="2026-11-24") == ["Wed", "late on Tuesday"]
    assert found(reception_client, until="2026-11-24") == ["late on Tuesday", "Monday"]
    assert found(reception_client, since="2026-11-24", until="2026-11-24") == ["late on Tuesday"]
    assert found(reception_client, until="9999-12-31") == ["Wed", "late on Tuesday", "Monday"]


def test_days_in_the_wrong_order_are_told_of(reception_client: Client, ana: Patient) -> None:
    page = reception_client.get(f"{LOG}?since=2026-11-25&until=2026-11-24").content
    assert "This is before the first day." in words(page)


def test_it_is_filtered_by_who_wrote_it(
    reception_client: Client, receptionist: User, manager: User, ana: Patient
) -> None:
    sent(ana, "Rosa's", created_by=receptionist)
    sent(ana, "Maria's", created_by=manager)
    received(ana.phone, "Ana's")
    assert found(reception_client, by=str(receptionist.pk)) == ["Rosa's"]
    assert set(found(reception_client, by="nonsense")) == {"Rosa's", "Maria's", "Ana's"}


def test_pages_go_on_with_the_same_filters(
    reception_client: Client, ana: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms.views.log.PER_PAGE", 2)
    other = PatientFactory.create(last_name="Zola")
    for number in range(5):
        sent(ana, f"out {number}", number)
        sent(other, "not wanted", number)
    page: Any = reception_client.post(LOG, {"q": "Aalto", "way": "sent"}, follow=True)
    address, seen = page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"], []
    assert "aalto" not in address.lower()
    for _ in range(3):
        page = reception_client.get(address)
        seen += [entry.text.body for entry in page.context["part"].entries]
        older = page.context["part"].older
        address = f"{LOG}?{page.wsgi_request.GET.urlencode()}&before={older}"
        if older:
            assert f"before={older}" in page.content.decode()
    assert seen == [f"out {number}" for number in (4, 3, 2, 1, 0)]
    assert older is None


def test_it_asks_no_more_for_more_texts(
    reception_client: Client, ana: Patient, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        patient = PatientFactory.create()
        sent(patient, f"out {number}", number)
        received(patient.phone, f"in {number}", number, patient=patient)
    with django_assert_max_num_queries(14):
        reception_client.get(LOG)


class TestExport:
    def test_holds_what_is_filtered_and_runs_nothing(
        self, manager_client: Client, manager: User, ana: Patient, caplog: pytest.LogCaptureFixture
    ) -> None:
        sent(ana, '=HYPERLINK("x")', 0, created_by=manager)
        received(ana.phone, "+1", 1, patient=ana)
        sent(PatientFactory.create(last_name="Zola"), "not wanted", 2)
        page: Any = manager_client.post(LOG, {"q": "aalto"}, follow=True)
        assert "Export what is filtered" in words(page.content)
        query = "?" + page.request["QUERY_STRING"]
        assert f'action="{LOG}export/{query}"' in page.content.decode()
        with caplog.at_level(logging.INFO):
            reply, text = export(manager_client, query)
        assert (reply["Direction"], reply["Patient"], reply["Text"]) == ("received", "Ana Aalto", "'+1")
        assert (text["Direction"], text["Text"]) == ("sent", '\'=HYPERLINK("x")')
        assert (text["Reference"], text["Number"]) == ("'=1+1", "'+61412900001")
        assert (text["Purpose"], text["Status"], text["Written by"]) == (
            "One-off",
            "Waiting",
            "maria.manager",
        )
        assert text["At"] == "2026-11-24 12:00:00+11:00"
        (logged,) = [record for record in caplog.records if record.message == "Exported"]
        assert (logged.what, logged.rows) == ("communications", 2)  # type: ignore[attr-defined]
        assert "aalto" not in caplog.text.lower()

    def test_goes_past_the_page(
        self, manager_client: Client, ana: Patient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sms.views.log.PER_PAGE", 2)
        for number in range(5):
            sent(ana, f"out {number}", number)
        assert [row["Text"] for row in export(manager_client)] == [f"out {n}" for n in (4, 3, 2, 1, 0)]

    def test_is_for_managers_and_needs_a_post(
        self, manager_client: Client, reception_client: Client, ana: Patient
    ) -> None:
        sent(ana, "Hi")
        assert reception_client.post(f"{LOG}export/").status_code == 403
        assert "Export" not in words(reception_client.get(LOG).content)
        assert manager_client.get(f"{LOG}export/").status_code == 405

    def test_names_nobody_while_nobody_knows_who_wrote(self, manager_client: Client, ana: Patient) -> None:
        PatientFactory.create(phone=ana.phone)
        received(ana.phone, "Hi")
        assert InboundMessage.objects.get().patient is None
        (row,) = export(manager_client)
        assert (row["Patient"], row["Number"]) == ("", "'+61412900001")
