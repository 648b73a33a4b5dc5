"""/sms/inbox/: what may be an opt-out stands first; staff record the refusal, or say that it is none."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from patients.eligibility import Purpose, Reason, reasons_for
from patients.models import ConsentHow, ConsentSource, Covers, Patient, SuppressedNumber
from settings_app.models import SmsSettings
from sms import inbound
from sms.models import InboundMessage
from sms.models.inbound import Handled, ReplyKind
from tests.factories import NOW, PatientFactory
from tests.sms.pages.test_compose_and_review import words
from tests.sms.twilio import CARE, MARKETING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

INBOX = "/sms/inbox/"
PHONE = "+61412900001"
DOUBTFUL = "Please stop texting me"


def came(body: str = DOUBTFUL, *, phone: str = PHONE, sender: str = MARKETING) -> InboundMessage:
    sid = f"SM{InboundMessage.objects.count()}"
    inbound.receive(inbound.Reply(sid=sid, phone=phone, sender=sender, body=body), at=NOW)
    return InboundMessage.objects.get(sid=sid)


def refusal(reply: InboundMessage) -> str:
    return f"{INBOX}{reply.pk}/refusal/"


def not_one(reply: InboundMessage) -> str:
    return f"{INBOX}{reply.pk}/not-an-opt-out/"


def shown(client: Client, query: str = "") -> str:
    return words(client.get(INBOX + query).content)


class TestWaiting:
    def test_stands_first_until_somebody_decides(self, reception_client: Client) -> None:
        doubtful = came()
        came("See you at three", phone="+61412900002")
        page = shown(reception_client)
        assert page.index(DOUBTFUL) < page.index("See you at three")
        assert "May be an opt-out" in page
        reception_client.post(not_one(doubtful))
        page = shown(reception_client)
        assert page.index("See you at three") < page.index(DOUBTFUL)

    def test_blocks_nobody(self) -> None:
        PatientFactory.create(phone=PHONE, accepts=True)
        assert came().kind == ReplyKind.MAY_BE_STOP
        assert Patient.objects.get().accepts_sms_marketing
        assert not SuppressedNumber.objects.exists()

    def test_is_counted_on_the_overview(self, reception_client: Client) -> None:
        assert "May be opt-outs" not in words(reception_client.get("/").content)
        reply = came()
        page = reception_client.get("/").content
        assert "1 May be opt-outs" in words(page)
        assert b"/sms/inbox/?kind=waiting" in page
        reception_client.post(not_one(reply))
        assert "May be opt-outs" not in words(reception_client.get("/").content)


class TestRecordRefusal:
    def test_says_who_is_affected_and_what_happens(self, reception_client: Client) -> None:
        PatientFactory.create(first_name="Ana", last_name="Aalto", phone=PHONE, accepts=True)
        PatientFactory.create(first_name="Ben", last_name="Aalto", phone=PHONE, accepts=True)
        PatientFactory.create(first_name="Cleo", last_name="Other")
        reply = came()
        assert refusal(reply) in reception_client.get(INBOX).content.decode()
        page = words(reception_client.get(refusal(reply)).content)
        assert DOUBTFUL in page
        assert "Ana Aalto Marketing now: yes" in page
        assert "each of these 2 patients" in page
        assert "Cleo" not in page
        assert "no more promotions. Reminders and one-off texts still go out" in page
        assert not SuppressedNumber.objects.exists()

    def test_records_it_for_everybody_and_blocks_the_number(
        self, reception_client: Client, receptionist: User
    ) -> None:
        family = PatientFactory.create_batch(2, phone=PHONE, accepts=True)
        other = PatientFactory.create(accepts=True)
        reply = came()
        assert reception_client.post(refusal(reply)).headers["Location"] == INBOX
        for patient in family:
            patient.refresh_from_db()
            event = patient.consent_event
            assert event is not None
            assert (event.to_value, event.source, event.how) == (False, ConsentSource.STAFF, ConsentHow.TEXT)
            assert (event.evidence, event.recorded_by) == (DOUBTFUL, receptionist)
            assert reasons_for(patient)[Purpose.MARKETING] == Reason.NUMBER_BLOCKED
        other.refresh_from_db()
        assert other.accepts_sms_marketing
        assert SuppressedNumber.objects.in_force().get().covers == Covers.MARKETING
        reply.refresh_from_db()
        assert (reply.handled_as, reply.handled_by) == (Handled.REFUSAL, receptionist)
        assert "Refusal recorded, by rosa.reception" in shown(reception_client, "?kind=all")
        assert DOUBTFUL not in shown(reception_client)  # Nothing is left to do.

    @pytest.mark.parametrize(
        ("sender", "everything"), [(CARE, False), (MARKETING, True)], ids=["the care sender", "the setting"]
    )
    def test_of_everything_says_so(self, reception_client: Client, sender: str, everything: bool) -> None:
        SmsSettings.objects.update(stop_means_everything=everything)
        patient = PatientFactory.create(phone=PHONE)
        reply = came(sender=sender)
        page = words(reception_client.get(refusal(reply)).content)
        assert "no texts at all any more" in page
        reception_client.post(refusal(reply))
        assert None not in reasons_for(patient).values()

    def test_writes_it_down_though_the_number_is_blocked_already(self, reception_client: Client) -> None:
        patient = PatientFactory.create(phone=PHONE, accepts=True)
        reply = came()
        came("STOP")
        assert "stays blocked" in words(reception_client.get(refusal(reply)).content)
        reception_client.post(refusal(reply))
        sources = patient.consent_events.order_by("pk").values_list("source", flat=True)
        assert list(sources)[-2:] == [ConsentSource.SMS_STOP, ConsentSource.STAFF]
        assert SuppressedNumber.objects.count() == 1

    def test_works_for_a_reply_that_was_taken_for_an_ordinary_one(self, reception_client: Client) -> None:
        patient = PatientFactory.create(phone=PHONE, accepts=True)
        reply = came("Bitte keine Nachrichten mehr")
        assert reply.kind == ReplyKind.OTHER
        reception_client.post(refusal(reply))
        patient.refresh_from_db()
        assert not patient.accepts_sms_marketing

    def test_works_for_a_number_that_nobody_has(self, reception_client: Client) -> None:
        reply = came()
        assert "No patient has this number" in words(reception_client.get(refusal(reply)).content)
        reception_client.post(refusal(reply))
        assert SuppressedNumber.objects.in_force().exists()

    def test_is_done_once(self, reception_client: Client, manager_client: Client) -> None:
        patient = PatientFactory.create(phone=PHONE, accepts=True)
        reply = came()
        reception_client.post(refusal(reply))
        again = manager_client.post(refusal(reply), follow=True)
        assert "Somebody has decided about this reply already" in words(again.content)
        assert manager_client.get(refusal(reply)).headers["Location"] == INBOX
        assert patient.consent_events.filter(source=ConsentSource.STAFF, to_value=False).count() == 1

    def test_of_a_stop_is_not_offered(self, reception_client: Client) -> None:
        reply = came("STOP")
        assert refusal(reply) not in reception_client.get(INBOX).content.decode()
        reception_client.post(refusal(reply))
        reply.refresh_from_db()
        assert reply.handled_at is None

    def test_warns_if_the_phone_has_texted_start_since(self, reception_client: Client) -> None:
        reply = came()
        assert "texted START since" not in words(reception_client.get(refusal(reply)).content)
        came("START")
        assert "texted START since" in words(reception_client.get(refusal(reply)).content)

    def test_is_lifted_by_start_which_subscribes_nobody(self, reception_client: Client) -> None:
        patient = PatientFactory.create(phone=PHONE, accepts=True)
        reply = came()
        reception_client.post(refusal(reply))
        blocked_at = SuppressedNumber.objects.get().blocked_at
        start = inbound.Reply(sid="SMstart", phone=PHONE, sender=MARKETING, body="START")
        inbound.receive(start, at=blocked_at + timedelta(minutes=1))
        assert not SuppressedNumber.objects.in_force().exists()
        patient.refresh_from_db()
        assert not patient.accepts_sms_marketing


class TestNotAnOptOut:
    def test_changes_nothing_but_the_mark(self, reception_client: Client, receptionist: User) -> None:
        PatientFactory.create(phone=PHONE, accepts=True)
        reply = came()
        reception_client.post(not_one(reply))
        reply.refresh_from_db()
        assert (reply.handled_as, reply.handled_by) == (Handled.NOT_STOP, receptionist)
        assert Patient.objects.get().accepts_sms_marketing
        assert not SuppressedNumber.objects.exists()
        assert "Not an opt-out, by rosa.reception" in shown(reception_client)

    def test_does_not_undo_a_recorded_refusal(self, reception_client: Client) -> None:
        reply = came()
        reception_client.post(refusal(reply))
        reception_client.post(not_one(reply))
        reply.refresh_from_db()
        assert reply.handled_as == Handled.REFUSAL

    def test_can_be_thought_better_of(self, reception_client: Client) -> None:
        reply = came()
        reception_client.post(not_one(reply))
        reception_client.post(refusal(reply))
        reply.refresh_from_db()
        assert reply.handled_as == Handled.REFUSAL
        assert SuppressedNumber.objects.in_force().exists()

    def test_needs_a_post(self, reception_client: Client) -> None:
        assert reception_client.get(not_one(came())).status_code == 405


class TestWhoMay:
    @pytest.mark.parametrize("address", [refusal, not_one])
    def test_practitioners_may_not(
        self, practitioner_client: Client, address: Callable[[InboundMessage], str]
    ) -> None:
        reply = came()
        assert practitioner_client.post(address(reply)).status_code == 403
        reply.refresh_from_db()
        assert reply.handled_at is None

    def test_who_only_reads_sees_no_buttons(
        self, log_in: Callable[[User], Client], practitioner: User
    ) -> None:
        practitioner.user_permissions.add(Permission.objects.get(codename="view_inboundmessage"))
        client = log_in(practitioner)
        reply = came()
        page = client.get(INBOX)
        assert DOUBTFUL in words(page.content)
        assert "Record refusal" not in words(page.content)
        assert client.post(refusal(reply)).status_code == 403

    def test_strangers_log_in_first(self, client: Client) -> None:
        assert client.post(refusal(came())).headers["Location"].startswith("/accounts/login/")

    def test_an_unknown_reply_is_not_found(self, reception_client: Client) -> None:
        assert reception_client.get(f"{INBOX}999/refusal/").status_code == 404
        assert reception_client.post(f"{INBOX}999/not-an-opt-out/").status_code == 404


class TestFinding:
    @pytest.fixture(autouse=True)
    def _replies(self, account: None) -> None:
        PatientFactory.create(first_name="Ana", last_name="Aalto", phone=PHONE)
        came("See you at three")
        came(DOUBTFUL, phone="+61412900002")
        came("STOP", phone="+61412900003")

    @pytest.mark.parametrize(
        ("sent", "found"),
        [
            ({"q": "aalto"}, {"See you at three"}),
            ({"q": "AT THREE"}, {"See you at three"}),
            ({"q": "0412 900 002"}, {DOUBTFUL}),
            ({"kind": "waiting"}, {DOUBTFUL}),
            ({"kind": "stop"}, {"STOP"}),
            ({"kind": "unread"}, {"See you at three", DOUBTFUL}),
            ({"kind": "open"}, {"See you at three", DOUBTFUL}),
            ({"kind": "done"}, {"STOP"}),
            ({"kind": "all"}, {"See you at three", DOUBTFUL, "STOP"}),
            ({"kind": "all", "q": "Ana"}, {"See you at three"}),
            ({"kind": "stop", "q": "Ana"}, set()),
            ({"q": "zzz"}, set()),
            ({"kind": "nonsense"}, {"See you at three", DOUBTFUL}),
            ({}, {"See you at three", DOUBTFUL}),
        ],
    )
    def test_by_words_by_person_by_kind(
        self, reception_client: Client, sent: dict[str, str], found: set[str]
    ) -> None:
        page: Any = reception_client.post(INBOX, sent, follow=True)
        assert {reply.body for reply, _ in page.context["replies"]} == found
        assert ("Nothing matches" in words(page.content)) is (not found)

    def test_keeps_what_was_searched_for_out_of_the_address(self, reception_client: Client) -> None:
        answer = reception_client.post(INBOX, {"q": "Aalto"})
        assert "aalto" not in answer.headers["Location"].lower()

    def test_pages(self, reception_client: Client) -> None:
        came_before = InboundMessage.objects.open().count()
        InboundMessage.objects.bulk_create(
            InboundMessage(sid=f"X{n}", phone=PHONE, sender=CARE, body="ok", kind="other", received_at=NOW)
            for n in range(60)
        )
        first = reception_client.get(INBOX).content.decode()
        assert "Page 1 of 2" in words(first.encode())
        assert re.search(r'href="\?page=2"', first)
        second: Any = reception_client.get(f"{INBOX}?page=2")
        assert len(second.context["replies"]) == 60 + came_before - 50

    def test_asks_no_more_for_more_replies(
        self, reception_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(20):
            PatientFactory.create(phone=f"+614129100{number:02d}")
            came("ok", phone=f"+614129100{number:02d}")
        with django_assert_max_num_queries(14):
            reception_client.get(INBOX)
