"""/sms/inbox/<id>/: who wrote it, the answer, and when it is done."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from patients.models import Patient
from sms.models import InboundMessage, Message
from sms.models.inbound import Handled
from tests.factories import PatientFactory, block
from tests.sms.pages.test_compose_and_review import words
from tests.sms.pages.test_inbox import DOUBTFUL, INBOX, PHONE, came, not_one, refusal, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]


def page_of(client: Client, reply: InboundMessage) -> str:
    return words(client.get(f"{INBOX}{reply.pk}/").content)


def answer(client: Client, reply: InboundMessage, body: str = "Of course", **given: str) -> Any:
    form = {"body": body, "request_key": str(uuid4()), **given}
    return client.post(f"{INBOX}{reply.pk}/answer/", form, follow=True)


def mark(client: Client, reply: InboundMessage, how: str) -> Any:
    return client.post(f"{INBOX}{reply.pk}/mark/", {"as": how, "next": f"{INBOX}?kind=all"})


def assign(client: Client, reply: InboundMessage, patient: Patient) -> Any:
    return client.post(f"{INBOX}{reply.pk}/person/", {"patient": patient.pk}, follow=True)


@pytest.fixture
def ana() -> Patient:
    return PatientFactory.create(first_name="Ana", last_name="Aalto", phone=PHONE)


class TestUnread:
    def test_is_counted_in_the_navigation_until_somebody_opens_it(self, reception_client: Client) -> None:
        reply = came("Can I come at three?")
        assert "Inbox 1 unread" in words(reception_client.get("/").content)
        assert "Unread: " in shown(reception_client)
        page_of(reception_client, reply)
        assert "Inbox 1 unread" not in words(reception_client.get("/").content)
        assert "Unread: " not in shown(reception_client)

    def test_counts_no_further_than_needed(
        self, reception_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sms.templatetags.sms_inbox.MOST", 3)
        for _ in range(4):
            came("Hi")
        assert "Inbox 2+ unread" in words(reception_client.get("/").content)

    def test_is_not_what_the_app_has_done_already(self, reception_client: Client) -> None:
        came("stop!"), came("HELP")
        assert "unread" not in words(reception_client.get("/").content)
        assert "stop!" not in shown(reception_client)
        assert "stop!" in shown(reception_client, "?kind=all")

    def test_can_be_marked_and_marked_back_and_comes_back_to_the_same_list(
        self, reception_client: Client
    ) -> None:
        reply = came("Hi")
        assert mark(reception_client, reply, "read").headers["Location"] == f"{INBOX}?kind=all"
        assert InboundMessage.objects.unread().count() == 0
        mark(reception_client, reply, "unread")
        assert InboundMessage.objects.unread().count() == 1
        mark(reception_client, reply, "nonsense")
        assert InboundMessage.objects.unread().count() == 1

    def test_is_not_shown_to_who_may_not_read_replies(self, practitioner_client: Client) -> None:
        came("Hi")
        assert "unread" not in words(practitioner_client.get("/").content)

    def test_leads_nowhere_else_when_marked(self, reception_client: Client) -> None:
        reply = came("Hi")
        sent = {"as": "read", "next": "https://evil.example/"}
        assert reception_client.post(f"{INBOX}{reply.pk}/mark/", sent).headers["Location"] == INBOX


class TestDone:
    def test_leaves_the_open_ones_and_comes_back(self, reception_client: Client, receptionist: User) -> None:
        reply = came("Thanks!")
        mark(reception_client, reply, "done")
        reply.refresh_from_db()
        assert (reply.done_by, reply.is_unread) == (receptionist, False)
        assert "All done" in shown(reception_client)
        assert "Done, says rosa.reception" in shown(reception_client, "?kind=done")
        mark(reception_client, reply, "open")
        reply.refresh_from_db()
        assert (reply.done_at, reply.done_by) == (None, None)
        assert "Thanks!" in shown(reception_client)

    def test_keeps_who_said_so_first(
        self, reception_client: Client, manager_client: Client, receptionist: User
    ) -> None:
        reply = came("Thanks!")
        mark(reception_client, reply, "done"), mark(manager_client, reply, "done")
        reply.refresh_from_db()
        assert reply.done_by == receptionist

    def test_is_not_said_of_what_may_be_an_opt_out(self, reception_client: Client) -> None:
        reply = came(DOUBTFUL)
        mark(reception_client, reply, "done")
        reply.refresh_from_db()
        assert reply.done_at is None
        reception_client.post(not_one(reply))
        mark(reception_client, reply, "done")
        reply.refresh_from_db()
        assert reply.done_at

    def test_is_a_recorded_refusal(self, reception_client: Client) -> None:
        reply = came(DOUBTFUL)
        reception_client.post(refusal(reply))
        reply.refresh_from_db()
        assert (reply.handled_as, reply.is_done, reply.is_unread) == (Handled.REFUSAL, True, False)


class TestAnswer:
    def test_goes_to_the_patient_and_is_done(
        self, reception_client: Client, receptionist: User, ana: Patient
    ) -> None:
        reply = came("Can I come at three?")
        assert "Send to Ana" in page_of(reception_client, reply)
        after = words(answer(reception_client, reply).content)
        assert "is on its way" in after
        assert "Of course" in after
        message = Message.objects.get()
        assert (message.patient, message.purpose, message.created_by) == (ana, "one_off", receptionist)
        reply.refresh_from_db()
        assert reply.done_by == receptionist

    def test_sent_twice_is_one_text(self, reception_client: Client, ana: Patient) -> None:
        reply, key = came("Hi"), str(uuid4())
        answer(reception_client, reply, request_key=key), answer(reception_client, reply, request_key=key)
        assert Message.objects.count() == 1

    def test_is_refused_with_the_reason_if_the_number_is_blocked(
        self, reception_client: Client, ana: Patient
    ) -> None:
        reply = came("Hi")
        block(PHONE)
        assert "No text can be sent: Number blocked by STOP" in page_of(reception_client, reply)
        after = words(answer(reception_client, reply, "What I had written").content)
        assert "No text can be sent" in after
        assert "What I had written" in after
        reply.refresh_from_db()
        assert (Message.objects.count(), reply.done_at) == (0, None)

    def test_to_what_may_be_an_opt_out_leaves_it_open(self, reception_client: Client, ana: Patient) -> None:
        reply = came(DOUBTFUL)
        answer(reception_client, reply, "Do you mean all texts?")
        reply.refresh_from_db()
        assert (Message.objects.count(), reply.done_at) == (1, None)

    def test_goes_to_the_number_that_they_have_now(self, reception_client: Client, ana: Patient) -> None:
        reply = came("Hi")
        Patient.objects.filter(pk=ana.pk).update(phone="+61412900002")
        assert "The answer goes to +61 412 900 002" in page_of(reception_client, reply)

    def test_makes_it_theirs_if_it_was_nobodys(self, reception_client: Client, receptionist: User) -> None:
        reply = came("Who is this?")
        ana = PatientFactory.create(phone=PHONE)  # Added because they wrote.
        answer(reception_client, reply)
        reply.refresh_from_db()
        assert (reply.patient, reply.assigned_by) == (ana, receptionist)

    def test_that_is_empty_is_asked_for(self, reception_client: Client, ana: Patient) -> None:
        reply = came("Hi")
        assert "This field is required." in words(answer(reception_client, reply, " ").content)
        reply.refresh_from_db()
        assert reply.done_at is None

    def test_is_not_sent_to_a_number_that_is_no_patients(self, reception_client: Client) -> None:
        reply = came("Who is this?")
        page = page_of(reception_client, reply)
        assert "No patient has this number" in page
        assert "New patient" in page
        assert "What I had written" in words(answer(reception_client, reply, "What I had written").content)
        assert not Message.objects.exists()

    def test_needs_the_permission_to_text(self, log_in: Any, practitioner: User, ana: Patient) -> None:
        practitioner.user_permissions.add(Permission.objects.get(codename="view_inboundmessage"))
        client, reply = log_in(practitioner), came("Hi")
        assert "Send to" not in page_of(client, reply)
        assert answer(client, reply).status_code == 403
        assert client.post(f"{INBOX}{reply.pk}/person/", {"patient": ana.pk}).status_code == 403

    def test_counts_its_parts_while_one_types_and_swaps_what_is_dear(
        self, reception_client: Client, ana: Patient
    ) -> None:
        path = f"{INBOX}{came('Hi').pk}/answer/"
        form = {"body": "We’re closed", "request_key": str(uuid4())}
        live = reception_client.post(path, form, headers={"HX-Target": "one-off-live"}).content.decode()
        assert "1 part, UCS-2" in live
        assert 'hx-swap-oob="innerHTML:#counter"' in live
        assert "<form" not in live
        again = form | {"said": "1 part, UCS-2."}
        assert (
            b"#counter"
            not in reception_client.post(path, again, headers={"HX-Target": "one-off-live"}).content
        )
        swapped = reception_client.post(path, form | {"do": "swap"}).content.decode()
        assert "We&#x27;re closed" in swapped
        assert "1 part, GSM-7" in swapped
        assert not Message.objects.exists()


class TestWho:
    def test_wrote_it_is_known_if_one_patient_alone_has_the_number(self, ana: Patient) -> None:
        reply = came("Hi")
        assert (reply.patient, reply.assigned_by) == (ana, None)
        assert reply.assigned_at

    def test_of_several_is_chosen_once_and_kept_with_name_and_time(
        self, reception_client: Client, receptionist: User, ana: Patient
    ) -> None:
        ben = PatientFactory.create(first_name="Ben", last_name="Aalto", phone=PHONE)
        reply = came("Can I come at three?")
        assert reply.patient is None
        page = page_of(reception_client, reply)
        assert "any of 2 patients" in page
        assert "Send to" not in page
        assert "Say first who wrote it" in words(answer(reception_client, reply).content)
        assert not Message.objects.exists()
        after = words(assign(reception_client, reply, ben).content)
        assert "Send to Ben" in after
        assert "Chosen by rosa.reception" in after
        reply.refresh_from_db()
        assert (reply.patient, reply.assigned_by) == (ben, receptionist)
        answer(reception_client, reply)
        assert Message.objects.get().patient == ben

    def test_can_be_thought_better_of(
        self, reception_client: Client, manager_client: Client, manager: User, ana: Patient
    ) -> None:
        ben = PatientFactory.create(phone=PHONE)
        reply = came("Hi")
        assign(reception_client, reply, ben), assign(manager_client, reply, ana)
        reply.refresh_from_db()
        assert (reply.patient, reply.assigned_by) == (ana, manager)

    @pytest.mark.parametrize("chosen", ["", "x", "9" * 30])
    def test_is_nobody_who_is_not_on_the_number(
        self, reception_client: Client, ana: Patient, chosen: str
    ) -> None:
        stranger = PatientFactory.create()
        reply = came("Hi", phone="+61412900007")
        assert "Nothing has changed" in words(assign(reception_client, reply, stranger).content)
        reception_client.post(f"{INBOX}{reply.pk}/person/", {"patient": chosen})
        reply.refresh_from_db()
        assert reply.patient is None

    def test_is_marked_as_open_on_the_pages_of_all_who_may_have(
        self, reception_client: Client, ana: Patient
    ) -> None:
        ben = PatientFactory.create(first_name="Ben", phone=PHONE)
        reply = came("Can I come at three?")
        for patient in (ana, ben):
            page = words(reception_client.get(patient.get_absolute_url()).content)
            assert "Can I come at three?" in page
            assert "Could be any of 2 on this number" in page
        assign(reception_client, reply, ben)
        assert "at three" not in words(reception_client.get(ana.get_absolute_url()).content)
        page = words(reception_client.get(ben.get_absolute_url()).content)
        assert "at three" in page
        assert "Could be any" not in page


def test_an_erased_reply_has_no_page(reception_client: Client) -> None:
    reply = came("Hi")
    InboundMessage.objects.update(phone="", body="")
    for address, method in (("", "get"), ("answer/", "post"), ("mark/", "post"), ("person/", "post")):
        assert getattr(reception_client, method)(f"{INBOX}{reply.pk}/{address}").status_code == 404
