"""From an empty page to the one button that sends."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from patients import consent, registration
from patients.consent import Choice
from patients.eligibility import Reason
from patients.models import ConsentSource
from settings_app.models import SmsSettings
from sms import composing
from sms.models import GroupMessage, Message
from sms.status import GroupStatus
from tests.factories import PatientFactory, block
from tests.patients.as_shown import page, ticked
from tests.sms.steps import confirm, draft

pytestmark = pytest.mark.django_db


def words(page: bytes) -> str:
    """A page as it is read: without tags, white space single."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", text)


def hidden(page: bytes) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page.decode()))


def test_a_text_is_written_reviewed_and_confirmed(manager_client: Client) -> None:
    PatientFactory.create(first_name="Ana", accepts=True)
    PatientFactory.create(first_name="Ben", accepts=False)
    review = manager_client.post("/sms/new/", {"body": "Hi {first_name}", "is_marketing": "on"}, follow=True)
    page = words(review.content)
    assert "1 of 2 patients will get this" in page
    assert "Hi Ana" in page
    assert str(Reason.NOT_SUBSCRIBED.label) in page
    assert "Send to 1 patient" in page
    group = GroupMessage.objects.get()
    answer = manager_client.post(f"/sms/{group.pk}/review/", hidden(review.content))
    assert answer.headers["Location"] == f"/sms/{group.pk}/"
    group.refresh_from_db()
    assert group.status == GroupStatus.CONFIRMED


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "This field is required."),
        ("   ", "This field is required."),
        ("Hi {firstname}", "Did you mean {first_name}?"),
        ("Hi {first_name", "has no } to close it"),
        ("x" * 1601, "at most 1600 characters"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_and_kept(manager_client: Client, body: str, said: str) -> None:
    answer = manager_client.post("/sms/new/", {"body": body})
    assert answer.status_code == 200
    assert said in words(answer.content)
    assert body.strip() in answer.content.decode()
    assert not GroupMessage.objects.exists()


def test_a_draft_can_be_changed_until_it_is_confirmed(manager_client: Client) -> None:
    PatientFactory.create()
    group = draft("One")
    assert b"One" in manager_client.get(f"/sms/{group.pk}/edit/").content
    manager_client.post(f"/sms/{group.pk}/edit/", {"body": "Two"})
    group.refresh_from_db()
    assert (group.body, group.is_marketing) == ("Two", False)
    confirm(group)
    for answer in (
        manager_client.get(f"/sms/{group.pk}/edit/", follow=True),
        manager_client.post(f"/sms/{group.pk}/edit/", {"body": "Three"}, follow=True),
    ):
        assert "cannot be changed any more" in words(answer.content)
    assert GroupMessage.objects.get().body == "Two"


def test_a_confirmation_of_something_else_is_sent_back_to_the_review(manager_client: Client) -> None:
    PatientFactory.create()
    group = draft("One")
    seen = hidden(manager_client.get(f"/sms/{group.pk}/review/").content)
    manager_client.post(f"/sms/{group.pk}/edit/", {"body": "Two"})
    answer = manager_client.post(f"/sms/{group.pk}/review/", seen, follow=True)
    assert "was changed after you reviewed it" in words(answer.content)
    assert GroupMessage.objects.get().is_draft


def test_a_confirmation_without_a_number_sends_nothing(manager_client: Client) -> None:
    PatientFactory.create()
    group = draft("One")
    seen = hidden(manager_client.get(f"/sms/{group.pk}/review/").content)
    manager_client.post(f"/sms/{group.pk}/review/", seen | {"number": "all"})
    assert GroupMessage.objects.get().is_draft


def test_the_review_of_what_is_confirmed_leads_to_its_progress(manager_client: Client) -> None:
    PatientFactory.create()
    group = draft()
    confirm(group)
    for path in ("review/", "review/people/"):
        assert manager_client.get(f"/sms/{group.pk}/{path}").headers["Location"] == f"/sms/{group.pk}/"
    again = manager_client.post(f"/sms/{group.pk}/review/", {"reviewed": "x", "number": "1"})
    assert again.headers["Location"] == f"/sms/{group.pk}/"


def test_nobody_to_text_offers_no_button(manager_client: Client) -> None:
    PatientFactory.create(phone="")
    page = words(manager_client.get(f"/sms/{draft().pk}/review/").content)
    assert "Nobody would get this" in page
    assert "Send to" not in page


def test_each_reason_is_shown_with_its_fix_and_the_people_behind_it(manager_client: Client) -> None:
    refuser = PatientFactory.create(accepts=False)
    people = {
        Reason.NO_MOBILE: PatientFactory.create(phone="", accepts=True),
        Reason.INVALID_NUMBER: PatientFactory.create(number_refused=True, accepts=True),
        Reason.DECEASED: PatientFactory.create(deceased=True, accepts=True),
        Reason.ARCHIVED: PatientFactory.create(archived=True, accepts=True),
        Reason.NUMBER_BLOCKED: PatientFactory.create(accepts=True),
        Reason.NOT_SUBSCRIBED: refuser,
        Reason.SHARED_NUMBER_REFUSED: PatientFactory.create(phone=refuser.phone, accepts=True),
    }
    block(people[Reason.NUMBER_BLOCKED].phone)
    first = PatientFactory.create(accepts=True)
    people[Reason.SHARED_NUMBER] = PatientFactory.create(phone=first.phone, accepts=True)
    people[Reason.DESELECTED] = PatientFactory.create(accepts=True)
    group = draft(marketing=True)
    manager_client.post(f"/sms/{group.pk}/review/people/{people[Reason.DESELECTED].pk}/")
    review = manager_client.get(f"/sms/{group.pk}/review/").content
    fixes = {
        Reason.NO_MOBILE: "edit/",
        Reason.INVALID_NUMBER: "edit/",
        Reason.DECEASED: "deceased/",
        Reason.ARCHIVED: "archive/",
        Reason.NUMBER_BLOCKED: "#consent",
        Reason.NOT_SUBSCRIBED: "edit/",
        Reason.SHARED_NUMBER_REFUSED: "#shared",
        Reason.SHARED_NUMBER: "edit/",
    }
    for reason, patient in people.items():
        assert str(reason.label) in words(review)
        listed = manager_client.get(f"/sms/{group.pk}/review/people/", {"reason": reason}).content.decode()
        assert str(patient) in listed
        assert f"/patients/{patient.pk}/{fixes.get(reason, '')}" in listed
        assert str(first) not in listed
    assert b"Take back in" in manager_client.get(f"/sms/{group.pk}/review/people/?reason=deselected").content


def test_a_fix_is_seen_on_the_review_page(manager_client: Client) -> None:
    patient = PatientFactory.create(accepts=False)
    PatientFactory.create(accepts=True)
    group = draft(marketing=True)
    assert "1 of 2 patients" in words(manager_client.get(f"/sms/{group.pk}/review/").content)
    consent.record_consent(patient_id=patient.pk, choice=Choice(True, ConsentSource.STAFF), at=timezone.now())
    assert "2 of 2 patients" in words(manager_client.get(f"/sms/{group.pk}/review/").content)


def test_will_somebody_get_it_is_answered_with_the_reason(manager_client: Client) -> None:
    mia = PatientFactory.create(first_name="Mia", last_name="Okoro", accepts=True)
    sibling = PatientFactory.create(first_name="Mio", last_name="Okoro", phone=mia.phone, accepts=True)
    group = draft(marketing=True)
    found = words(manager_client.get(f"/sms/{group.pk}/review/people/", {"q": "okoro"}).content)
    assert "2 patients found" in found
    assert "Yes, will get it" in found
    assert str(Reason.SHARED_NUMBER.label) in found
    alone = words(manager_client.get(f"/sms/{group.pk}/review/people/", {"q": "mio"}).content)
    assert str(Reason.SHARED_NUMBER.label) in alone  # The search does not change who shares a number.
    assert str(sibling) in alone
    assert "Nobody found" in words(manager_client.get(f"/sms/{group.pk}/review/people/?q=zzz").content)


def test_one_who_is_unticked_is_left_out_and_can_be_taken_back(manager_client: Client) -> None:
    patient = PatientFactory.create()
    group = draft()
    address = f"/sms/{group.pk}/review/people/{patient.pk}/"
    assert "is left out of this group SMS" in words(manager_client.post(address, follow=True).content)
    answer = manager_client.post(address, {"ticked": "yes"}, follow=True)
    assert "is back on the list" in words(answer.content)
    assert "1 of 1 patient will get this" in words(answer.content)
    confirm(group)
    assert "cannot be changed any more" in words(manager_client.post(address, follow=True).content)


def test_what_is_not_there_is_not_found(manager_client: Client) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    for path in ("", "edit/", "review/", "review/people/", "people/", "progress/"):
        assert manager_client.get(f"/sms/{nowhere}/{path}").status_code == 404
    assert manager_client.post(f"/sms/{nowhere}/review/people/1/").status_code == 404


def test_only_who_may_send_to_groups_gets_there(reception_client: Client) -> None:
    PatientFactory.create()
    group = draft()
    for path in ("/sms/new/", f"/sms/{group.pk}/review/", f"/sms/{group.pk}/edit/"):
        assert reception_client.get(path).status_code == 403
    assert reception_client.post(f"/sms/{group.pk}/review/").status_code == 403
    assert not Message.objects.exists()


def test_the_parts_and_a_shared_phone_are_shown(manager_client: Client) -> None:
    settings = SmsSettings.load()
    first = PatientFactory.create(first_name="Ana")
    PatientFactory.create(first_name="Ben", phone=first.phone)
    long = PatientFactory.create(first_name="Maximiliana" * 3)
    registration.archive(patient_id=PatientFactory.create().pk, at=timezone.now())
    group = draft("Hi {first_name}, " + "x" * 140)
    page = words(manager_client.get(f"/sms/{group.pk}/review/").content)
    assert "2 texts, 1 to 2 parts each, 3 parts in total" in page
    assert "shares the phone with others, so no name is used" in page
    assert f"Hi {long.first_name}," in page
    assert settings.clinic_name


def test_a_text_that_names_make_too_long_cannot_be_sent(manager_client: Client) -> None:
    PatientFactory.create(first_name="Maximiliana")
    group = draft("{first_name}" + "x" * 1590)
    page = words(manager_client.get(f"/sms/{group.pk}/review/").content)
    assert "the longest has 1,601 characters" in page
    assert "Send to" not in page
    with pytest.raises(composing.ReviewAgain, match="1601 characters; 1600 is the most"):
        confirm(group)
    manager_client.post(f"/sms/{group.pk}/edit/", {"body": "{first_name}" + "x" * 1580})
    group.refresh_from_db()
    assert confirm(group)


def test_a_list_of_a_thousand_asks_no_more_questions_than_one_of_ten(
    manager_client: Client, django_assert_max_num_queries: object
) -> None:
    registration.register_many(
        details=[registration.Details(last_name=f"P{n}") for n in range(1000)], at=timezone.now()
    )
    group = draft()
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        manager_client.get(f"/sms/{group.pk}/review/people/?reason=no_mobile")


def test_whoever_mends_what_leaves_somebody_out_comes_back_and_sees_what_it_did(
    manager_client: Client,
) -> None:
    PatientFactory.create(first_name="Ana", accepts=True)
    ben = PatientFactory.create(first_name="Ben", accepts=False)
    address = f"/sms/{draft(marketing=True).pk}/review/"
    assert "more than before" not in words(manager_client.get(address).content)
    people = manager_client.get(f"{address}people/?reason=not_subscribed").content.decode()
    edit = f"/patients/{ben.pk}/edit/?next={quote(address + '?was=1', safe='')}"
    assert edit in unescape(people)
    back = manager_client.post(edit, ticked(page(manager_client, edit)) | {"how": "in_person"})
    assert back.headers["Location"] == f"{address}?was=1"
    review = words(manager_client.get(back.headers["Location"]).content)
    assert "2 of 2 patients will get this" in review
    assert "1 more than before" in review


def test_whoever_is_left_out_by_hand_is_a_no_and_can_be_taken_back(manager_client: Client) -> None:
    ana = PatientFactory.create(first_name="Ana", last_name="Aalto")
    PatientFactory.create()
    address = f"/sms/{draft().pk}/review/"
    asked = manager_client.post(f"{address}people/", {"q": "Aalto"}, follow=True)
    assert "Yes, will get it" in words(asked.content)
    left = manager_client.post(f"{address}people/{ana.pk}/", follow=True)
    assert left.redirect_chain == [(f"{address}?was=2", 302)]
    assert "1 fewer than before" in words(left.content)
    asked = manager_client.post(f"{address}people/", {"q": "Aalto"}, follow=True)
    assert re.search("Unticked by staff .* No Take back in", words(asked.content))


@pytest.mark.parametrize("was", ["", "x", "-1", "٣", "9" * 30])
def test_a_count_that_nobody_saw_says_nothing(manager_client: Client, was: str) -> None:
    PatientFactory.create()
    page = words(manager_client.get(f"/sms/{draft().pk}/review/", {"was": was}).content)
    assert "than before" not in page
