"""What went out and what came back in one order, a page at a time."""

from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from patients.models import Patient
from sms import communications
from sms.communications import Part, Place, Talk, Wanted
from sms.models import InboundMessage, Message
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms.steps import queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

MINUTE = timedelta(minutes=1)


def sent(patient: Patient, body: str, minutes: int = 0, **given: Any) -> Message:
    message = queued(patient, body)
    Message.objects.filter(pk=message.pk).update(created_at=NOW + minutes * MINUTE, **given)
    return message


def received(phone: str, body: str, minutes: int = 0, *, patient: Patient | None = None) -> InboundMessage:
    known = {"patient": patient, "assigned_at": NOW} if patient else {}
    return InboundMessage.objects.create(
        sid=f"SM{InboundMessage.objects.count()}",
        phone=phone,
        sender="MG1",
        body=body,
        kind="other",
        received_at=NOW + minutes * MINUTE,
        **known,
    )


def bodies(part: Part) -> list[str]:
    return [(entry.text or entry.reply).body for entry in part.entries]  # type: ignore[union-attr]


def found(**wanted: Any) -> list[str]:
    talk = communications.log(Wanted(**wanted), country="AU")
    return bodies(talk.part(before=None, size=50))


def whole(talk: Talk, *, size: int) -> list[list[str]]:
    """Page after page, to the end."""
    pages, before = [], None
    while True:
        part = talk.part(before=before, size=size)
        pages.append(bodies(part))
        if part.older is None:
            return pages
        before = Place.read(str(part.older))


class TestPages:
    def test_hold_everything_once_the_newest_first_whatever_their_size(self) -> None:
        patient = PatientFactory.create()
        for minute, body in enumerate("abcdefg"):
            if body in "bdg":
                received(patient.phone, body, minute)
            else:
                sent(patient, body, minute)
        talk = communications.conversation([patient])
        for size in range(1, 9):
            pages = whole(talk, size=size)
            assert list(chain(*pages)) == list("gfedcba")
            assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)

    def test_lose_nothing_and_show_nothing_twice_where_all_happened_at_the_same_moment(self) -> None:
        patient = PatientFactory.create()
        for number in range(5):
            sent(patient, f"out {number}")
            received(patient.phone, f"in {number}")
        talk = communications.conversation([patient])
        everything = bodies(talk.part(before=None, size=50))
        assert len(set(everything)) == 10
        for size in range(1, 5):
            assert list(chain(*whole(talk, size=size))) == everything

    def test_ask_as_much_of_the_database_for_a_thousand_texts_as_for_ten(
        self, django_assert_num_queries: Any
    ) -> None:
        patient = PatientFactory.create()
        for number in range(30):
            sent(patient, f"out {number}", number)
            received(patient.phone, f"in {number}", number)
        with django_assert_num_queries(2):
            part = communications.conversation([patient]).part(before=None, size=10)
            assert [entry.text.patient for entry in part.entries if entry.text] == [patient] * 5

    @pytest.mark.parametrize("text", ["", "x", "1-2-3", "1-1", "-1-0-1", f"{'9' * 18}-0-1", "１-0-1"])
    def test_what_is_no_place_is_the_beginning(self, text: str) -> None:
        assert Place.read(text) is None

    def test_a_place_survives_the_address(self) -> None:
        place = Place(NOW + timedelta(microseconds=1), 1, 17)
        assert Place.read(str(place)) == place


class TestConversation:
    def test_is_of_what_they_wrote_and_of_what_nobody_is_known_to_have_written(self) -> None:
        ana, ben = PatientFactory.create_batch(2, phone="+61412900001")
        received(ana.phone, "ana's", patient=ana)
        received(ana.phone, "ben's", patient=ben)
        received(ana.phone, "somebody's")
        received("+61412900002", "a stranger's")
        assert set(bodies(communications.conversation([ana]).part(before=None, size=9))) == {
            "ana's",
            "somebody's",
        }

    def test_of_somebody_without_a_number_is_not_that_of_all_without(self) -> None:
        received("", "")
        nobody = PatientFactory.create(phone="")
        assert bodies(communications.conversation([nobody]).part(before=None, size=9)) == []

    def test_has_no_texts_that_were_not_sent(self) -> None:
        patient = PatientFactory.create()
        sent(patient, "left out", status=Status.LEFT_OUT, left_out_reason="archived")
        assert bodies(communications.conversation([patient]).part(before=None, size=9)) == []


class TestLog:
    @pytest.fixture(autouse=True)
    def _texts(self, account: None) -> None:
        ana = PatientFactory.create(first_name="Ana", last_name="Aalto", phone="+61412900001")
        ben = PatientFactory.create(first_name="Ben", last_name="Bakker", phone="+61412900002")
        sent(ana, "to Ana", 0, status=Status.FAILED)
        sent(ben, "to Ben", 1, purpose="reminder")
        sent(ben, "not to Ben", 2, status=Status.LEFT_OUT, left_out_reason="archived")
        received(ana.phone, "from Ana", 3, patient=ana)
        received(ben.phone, "from Ben's phone", 4)
        received("+61412900003", "from a stranger", 5)
        received("", "", 6)  # Erased.

    def test_shows_both_ways_the_newest_first(self) -> None:
        assert found() == ["from a stranger", "from Ben's phone", "from Ana", "to Ben", "to Ana"]

    @pytest.mark.parametrize(
        ("wanted", "shown"),
        [
            ({"people": "aalto"}, ["from Ana", "to Ana"]),
            ({"people": "bakker"}, ["from Ben's phone", "to Ben"]),
            ({"people": "0412 900 003"}, ["from a stranger"]),
            ({"people": "zzz"}, []),
            ({"purpose": "reminder"}, ["to Ben"]),
            ({"status": "failed"}, ["to Ana"]),
            ({"status": "left_out"}, ["not to Ben"]),
            ({"ways": frozenset({communications.SENT})}, ["to Ben", "to Ana"]),
            (
                {"ways": frozenset({communications.RECEIVED})},
                ["from a stranger", "from Ben's phone", "from Ana"],
            ),
            ({"ways": frozenset({communications.RECEIVED}), "status": "failed"}, []),
            ({"since": NOW + 4 * MINUTE}, ["from a stranger", "from Ben's phone"]),
            ({"until": NOW + 1 * MINUTE}, ["to Ana"]),
            ({"since": NOW + 1 * MINUTE, "until": NOW + 4 * MINUTE}, ["from Ana", "to Ben"]),
            ({"by_id": 0}, []),
        ],
    )
    def test_is_filtered(self, wanted: dict[str, Any], shown: list[str]) -> None:
        assert found(**wanted) == shown

    def test_by_whom(self) -> None:
        message = Message.objects.get(body="to Ana")
        assert message.created_by_id
        assert found(by_id=message.created_by_id) == ["to Ana"]

    def test_finds_among_more_people_than_are_looked_for_one_by_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = found(people="a")
        monkeypatch.setattr(communications, "FEW", 0)
        assert found(people="a") == few == ["from Ana", "to Ana"]

    def test_gives_all_of_it_for_a_file(self) -> None:
        talk = communications.log(Wanted(), country="AU")
        assert [(entry.text or entry.reply).body for entry in talk.all()] == found()  # type: ignore[union-attr]
