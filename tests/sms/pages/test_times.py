"""When a group SMS leaves, on its pages: scheduled, held, quiet hours; and paused, resumed, stopped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from patients.models import Patient
from settings_app.models import SmsSettings
from sms import composing, outbox, steering
from sms.models import GroupMessage, Message
from sms.status import GroupStatus, Status
from tests.factories import NOW, PatientFactory
from tests.sms.pages.test_compose_and_review import hidden, words
from tests.sms.steps import confirm, draft, frozen
from tests.sms.test_schedule import TOMORROW, scheduled

pytestmark = pytest.mark.django_db

NIGHT = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)  # Half past nine in the evening in Sydney.


@pytest.fixture(autouse=True)
def moment() -> "Callable[[datetime], object]":
    """It is Tuesday noon in Sydney, until told otherwise."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller.move_to


@pytest.fixture
def client(moment: object, log_in: Callable[[User], Client], manager: User) -> Client:
    SmsSettings.objects.update(idle_minutes=0)  # The hours that pass here would log the manager out.
    return log_in(manager)


def people(**per_zone: int) -> None:
    """Patients who accept marketing: so many at home, so many in each town of Australia."""
    for town, number in per_zone.items():
        zone = "" if town == "home" else f"Australia/{town}"
        for patient in PatientFactory.create_batch(number, accepts=True):
            Patient.objects.filter(pk=patient.pk).update(time_zone=zone)


def review(client: Client, group: GroupMessage) -> str:
    return words(client.get(f"/sms/{group.pk}/review/").content)


def schedule(client: Client, group: GroupMessage, send_at: str, **more: str) -> str:
    """Press Schedule, and read the page that comes of it."""
    address = f"/sms/{group.pk}/review/"
    form = hidden(client.get(address).content) | {"send_at": send_at} | more
    return words(client.post(address, form, follow=True).content)


def can_pause(client: Client, group: GroupMessage) -> bool:
    """Whether the page of the group SMS offers it; its help speaks of it in any case."""
    return f"/sms/{group.pk}/pause/" in client.get(f"/sms/{group.pk}/").content.decode()


def detail(client: Client, group: GroupMessage) -> str:
    return words(client.get(f"/sms/{group.pk}/").content)


class TestQuietHours:
    def test_by_day_nothing_is_said(self, client: Client) -> None:
        people(home=2)
        assert "Marketing texts leave from" not in review(client, draft(marketing=True))

    def test_at_night_all_wait_for_the_morning(self, client: Client, moment: Callable[..., None]) -> None:
        people(home=3)
        moment(NIGHT)
        page = review(client, draft(marketing=True))
        assert "It is 21:30 now" in page
        assert "Marketing texts leave from 9:00 to 20:00" in page
        assert "All 3 get it tomorrow from 9:00." in page
        assert "Send to 3 patients" in page

    def test_who_lives_elsewhere_is_counted_by_town(
        self, client: Client, moment: Callable[..., None]
    ) -> None:
        people(home=3, Perth=2, Adelaide=1)
        moment(NOW.replace(hour=9, minute=45))  # A quarter to nine at home, a quarter to six in Perth.
        page = review(client, draft(marketing=True))
        assert "3 patients here get it tomorrow from 9:00" in page
        assert "1 patient in Adelaide gets it tomorrow from 9:00 their time" in page
        assert "2 need not wait" in page

    def test_other_texts_have_none(self, client: Client, moment: Callable[..., None]) -> None:
        people(home=3)
        moment(NIGHT)
        assert "quiet" not in review(client, draft()).lower()

    def test_the_progress_says_who_waits_for_what(self, client: Client, moment: Callable[..., None]) -> None:
        people(home=3, Perth=2)
        moment(NIGHT)
        group = frozen(marketing=True, at=NIGHT)
        page = detail(client, group)
        assert "3 patients here get it tomorrow from 9:00" in page
        assert "2 need not wait" in page
        outbox.claim(purpose=group.purpose, limit=50, now=NIGHT)
        html = client.get(f"/sms/{group.pk}/").content.decode()
        assert "All 3 get it tomorrow from 9:00." in words(html.encode())
        Message.objects.filter(status=Status.SENDING).update(status=Status.ACCEPTED)
        html = client.get(f"/sms/{group.pk}/").content.decode()
        assert "Waiting for the end of the quiet hours" in html
        assert 'hx-trigger="every 60s, ' in html


class TestSchedule:
    def test_it_begins_when_it_was_told_to(self, client: Client) -> None:
        people(home=2)
        group = draft("Closed on Friday")
        page = schedule(client, group, "2026-11-25T12:00")
        group.refresh_from_db()
        assert (group.status, group.starts_at) == (GroupStatus.CONFIRMED, TOMORROW)
        assert "Begins Wednesday 25 November, 12:00" in page
        composing.freeze(group_id=group.pk, at=NOW)
        page = detail(client, group)
        assert "whoever is added from now on does not get it" in page
        assert "The first text leaves in 24 hours" in page
        assert "Stop, back to draft" in page
        assert not can_pause(client, group)
        for address in ("/", "/sms/"):
            assert "Scheduled next Closed on Friday Begins Wednesday 25 November 2026, 12:00" in words(
                client.get(address).content
            )
            assert "Going out now" not in words(client.get(address).content)

    @pytest.mark.parametrize(
        ("send_at", "said"),
        [
            ("", "Choose a day and a time."),
            ("tomorrow", "Write the day and the time as"),
            ("9999-12-31T23:59", "more than a year ahead"),
            ("2027-11-26T12:00", "more than a year ahead"),
            ("2026-11-24T12:00", "This time has passed: it is 12:00 on 24 November now."),
            ("2026-11-23T12:00", "This time has passed"),
            ("0001-01-01T00:00", "Write the day and the time as"),
            ("2027-10-03T02:30", "The clocks are put forward that day"),
        ],
    )
    def test_a_time_that_cannot_be_is_refused_with_the_reason(
        self, client: Client, send_at: str, said: str
    ) -> None:
        people(home=1)
        group = draft()
        page = schedule(client, group, send_at)
        assert said in page
        assert "Send to 1 patient" in page
        assert GroupMessage.objects.get().is_draft

    def test_of_an_hour_that_comes_twice_it_takes_the_first(self, client: Client) -> None:
        people(home=1)
        schedule(client, draft(), "2027-04-04T02:30")
        assert GroupMessage.objects.get().starts_at == datetime(2027, 4, 3, 15, 30, tzinfo=UTC)

    def test_a_promotion_for_the_night_is_explained_first(self, client: Client) -> None:
        people(home=2, Perth=1)
        group = draft(marketing=True)
        page = schedule(client, group, "2026-11-24T21:30")
        assert "On Tuesday 24 November, 21:30 it is quiet for some" in page
        assert "2 patients here get it tomorrow from 9:00" in page
        assert "1 need not wait" in page
        assert GroupMessage.objects.get().is_draft
        # Another time is explained anew; the same one is meant.
        schedule(client, group, "2026-11-24T22:30", explained="2026-11-24T21:30")
        assert GroupMessage.objects.get().is_draft
        schedule(client, group, "2026-11-24T21:30", explained="2026-11-24T21:30")
        assert GroupMessage.objects.get().starts_at == NIGHT

    def test_a_promotion_for_the_day_is_not(self, client: Client) -> None:
        people(home=2)
        schedule(client, draft(marketing=True), "2026-11-25T12:00")
        assert GroupMessage.objects.get().starts_at == TOMORROW

    def test_it_goes_back_to_a_draft_and_can_be_sent_anew(self, client: Client) -> None:
        people(home=1)
        group = scheduled()
        answer = client.post(f"/sms/{group.pk}/back-to-draft/", follow=True)
        assert answer.redirect_chain[-1][0] == f"/sms/{group.pk}/review/"
        assert "It is a draft again" in words(answer.content)
        assert "Send to 1 patient" in words(answer.content)
        assert not Message.objects.exists()

    def test_the_hold_is_said_before_and_counted_down_after(
        self, client: Client, moment: Callable[..., None]
    ) -> None:
        SmsSettings.objects.update(hold_minutes=5)
        people(home=1)
        group = draft()
        assert "The first leaves after 5 minutes, in which you can stop it" in review(client, group)
        client.post(f"/sms/{group.pk}/review/", hidden(client.get(f"/sms/{group.pk}/review/").content))
        composing.freeze(group_id=group.pk, at=NOW)
        moment(NOW + timedelta(seconds=48))
        html = client.get(f"/sms/{group.pk}/").content
        assert "The first text leaves in 4 min 12 s" in words(html)
        assert b'hx-trigger="every 2s, ' in html
        assert b"?phase=waiting" in html
        moment(NOW + timedelta(minutes=5))
        begun = client.get(f"/sms/{group.pk}/progress/?phase=waiting")
        assert begun.headers["HX-Refresh"] == "true"


class TestSteering:
    def test_pause_and_resume(self, client: Client) -> None:
        people(home=2)
        group = frozen()
        page = detail(client, group)
        assert "What has not left by Wednesday 25 November, 12:00 is never sent" in page
        page = words(client.post(f"/sms/{group.pk}/pause/", follow=True).content)
        assert "Nothing more leaves until somebody resumes it" in page
        assert "Paused by maria.manager , 24 November, 12:00. 2 wait." in page
        assert "Paused" in words(client.get("/").content)
        again = words(client.post(f"/sms/{group.pk}/pause/", follow=True).content)
        assert "There was nothing to pause" in again
        assert "It goes on" in words(client.post(f"/sms/{group.pk}/resume/", follow=True).content)
        assert "It was not paused any more" in words(
            client.post(f"/sms/{group.pk}/resume/", follow=True).content
        )

    def test_stop_shows_both_counts_before_and_after(self, client: Client) -> None:
        people(home=3)
        group = frozen()
        taken = outbox.claim(purpose=group.purpose, limit=1, now=NOW)
        outbox.mark_accepted(claim=taken, sids={taken.messages[0].pk: "SM1"}, now=NOW)
        page = words(client.get(f"/sms/{group.pk}/stop/").content)
        assert "1 has already gone" in page
        assert "2 will be stopped" in page
        page = words(client.post(f"/sms/{group.pk}/stop/", follow=True).content)
        assert "Stopped. 1 had already gone, 2 never will." in page
        assert "Stopped by maria.manager , 24 November, 12:00. 1 had already gone, 2 were stopped." in page
        assert "Stop for good" not in page
        assert "It was over already" in words(client.post(f"/sms/{group.pk}/stop/", follow=True).content)
        assert client.get(f"/sms/{group.pk}/stop/").status_code == 302

    def test_a_stopped_one_is_live_until_the_last_word_has_come(self, client: Client) -> None:
        people(home=2)
        group = frozen()
        outbox.claim(purpose=group.purpose, limit=1, now=NOW)
        client.post(f"/sms/{group.pk}/stop/")
        assert b"hx-get" in client.get(f"/sms/{group.pk}/").content
        Message.objects.filter(status=Status.SENDING).update(status=Status.DELIVERED)
        assert b"hx-get" not in client.get(f"/sms/{group.pk}/").content

    def test_stopped_before_its_list_was_made(self, client: Client) -> None:
        people(home=1)
        group = draft()
        confirm(group)
        assert "The list is being made" in words(client.get(f"/sms/{group.pk}/stop/").content)
        page = words(client.post(f"/sms/{group.pk}/stop/", follow=True).content)
        assert "It was stopped before the list was made." in page

    def test_too_late_for_a_draft_leads_to_the_stop(self, client: Client) -> None:
        people(home=2)
        group = frozen()
        outbox.claim(purpose=group.purpose, limit=1, now=NOW)
        answer = client.post(f"/sms/{group.pk}/back-to-draft/", follow=True)
        assert answer.redirect_chain[-1][0] == f"/sms/{group.pk}/stop/"
        assert "The first texts have left" in words(answer.content)
        steering.cancel(group_id=group.pk, at=NOW, by=User.objects.get(username="maria.manager"))
        assert "It was over already" in words(
            client.post(f"/sms/{group.pk}/back-to-draft/", follow=True).content
        )

    def test_what_was_too_late_is_explained(self, client: Client) -> None:
        people(home=2)
        group = frozen()
        outbox.expire(now=TOMORROW)
        page = detail(client, group)
        assert "2 were not sent: they could not leave by Wednesday 25 November, 12:00" in page
        texts = words(client.get(f"/sms/{group.pk}/people/?status=expired").content)
        assert "It could not leave by 25 Nov, 12:00. After that it would have been too late." in texts

    @pytest.mark.parametrize("step", ["pause", "resume", "stop", "back-to-draft"])
    def test_only_who_may_send_may_steer(
        self, client: Client, log_in: Callable[[User], Client], practitioner: User, step: str
    ) -> None:
        people(home=1)
        group = frozen()
        reader = log_in(practitioner)
        practitioner.user_permissions.add(Permission.objects.get(codename="view_groupmessage"))
        assert can_pause(client, group)
        assert not can_pause(reader, group)
        assert reader.post(f"/sms/{group.pk}/{step}/").status_code == 403
        group.refresh_from_db()
        assert group.status == GroupStatus.SENDING
        assert client.post(f"/sms/{'0' * 8}-0000-0000-0000-{'0' * 12}/{step}/").status_code == 404

    @pytest.mark.parametrize("step", ["pause", "resume", "back-to-draft"])
    def test_no_link_steers(self, client: Client, step: str) -> None:
        people(home=1)
        assert client.get(f"/sms/{frozen().pk}/{step}/").status_code == 405
