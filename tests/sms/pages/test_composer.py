"""/sms/new/ and a draft's edit page: with and without JavaScript, the same answers."""

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from clinic.lib import phone as phones
from patients import registration
from settings_app.models import SmsSettings
from sms import composing
from sms.models import GroupMessage, Message, SavedText
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.pages.test_compose_and_review import words

pytestmark = pytest.mark.django_db

LIVE = {"HX-Request": "true", "HX-Target": "panel"}
NAUGHTY = [
    "<script>alert(1)</script> & \"quotes\" 'too'",
    "مرحبا بالعالم \u202egnirts\u202c",
    "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈",
    '=HYPERLINK("http://x") @SUM(A1) +1 -1',
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!",
    "' OR 1=1; DROP TABLE sms_message; --",
    "%s %(x)s %n $x {{first_name}}",
    "tab\there\u00a0and\u200bthere",
    "\u0007bell \x1b[31mred",
    "W" * 1600,
]


def fields(page: bytes) -> dict[str, str]:
    """What the form on the page would post: its hidden inputs, and the text."""
    html = page.decode()
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    return {name: found.get(name, "") for name in ("draft", "page", "seen", "shown", "said")}


def live(client: Client, path: str, posted: dict[str, Any]) -> Any:
    return client.post(path, posted, headers=LIVE)


def test_while_one_types_only_what_changed_comes_back_and_the_draft_is_saved(manager_client: Client) -> None:
    PatientFactory.create(first_name="Ana")
    form = fields(manager_client.get("/sms/new/").content)
    answer = live(manager_client, "/sms/new/", {**form, "body": "Hi {first_name}, we’re closed"})
    said = words(answer.content)
    assert "<html" not in answer.content.decode()
    assert "1 part for each of 1 patient, 1 in total." in said
    assert "One character makes this text dear" in said
    assert "<mark>’</mark>" in answer.content.decode()
    assert "right single quotation mark" in said
    assert re.search(r"Saved at \d+:\d\d", said)
    group = GroupMessage.objects.get()
    assert (str(group.pk), group.body) == (form["draft"], "Hi {first_name}, we’re closed")
    assert answer.headers["HX-Replace-Url"] == f"/sms/{group.pk}/edit/"


def test_what_was_read_aloud_is_not_read_again(manager_client: Client) -> None:
    PatientFactory.create()
    form = fields(manager_client.get("/sms/new/").content)
    first = live(manager_client, "/sms/new/", {**form, "body": "Hello"})
    again = {**form, "body": "Hello you", "said": fields(first.content)["said"]}
    assert b"innerHTML:#counter" in first.content
    assert b"innerHTML:#counter" not in live(manager_client, "/sms/new/", again).content
    assert b"innerHTML:#counter" in live(manager_client, "/sms/new/", again | {"body": "x" * 200}).content


def test_without_javascript_preview_shows_the_same_panel_on_the_whole_page(manager_client: Client) -> None:
    PatientFactory.create(first_name="Ana")
    form = fields(manager_client.get("/sms/new/").content)
    answer = manager_client.post("/sms/new/", {**form, "body": "Hi {first_name}", "do": "preview"})
    page = answer.content.decode()
    assert "<html" in page
    assert "Hi Ana" in words(answer.content)
    assert ">Hi {first_name}</textarea>" in page.replace("\n", "")
    assert GroupMessage.objects.get().is_draft
    # And on from there, to the same draft.
    sent = {**fields(answer.content), "body": "Hi {first_name}!"}
    assert manager_client.post("/sms/new/", sent).headers["Location"] == f"/sms/{form['draft']}/review/"
    assert GroupMessage.objects.get().body == "Hi {first_name}!"


def test_one_click_swaps_what_is_dear(manager_client: Client) -> None:
    form = fields(manager_client.get("/sms/new/").content)
    posted = {**form, "body": "We’re “closed” … 😀", "do": "swap"}
    answer = manager_client.post("/sms/new/", posted)
    assert "We&#x27;re &quot;closed&quot; ... 😀</textarea>" in answer.content.decode()
    assert GroupMessage.objects.get().body == 'We\'re "closed" ... 😀'
    assert b'value="swap"' not in answer.content
    assert re.search(r'<textarea name="body"[^>]* autofocus', answer.content.decode())


def test_next_previous_and_a_chosen_patient_are_shown(manager_client: Client) -> None:
    ana, ben = (PatientFactory.create(first_name=name, last_name="Ng") for name in ("Ana", "Ben"))
    posted = {**fields(manager_client.get("/sms/new/").content), "body": "Hi {first_name}"}
    for asked, shown in (
        ({"do": "next", "shown": ana.pk}, "Hi Ben"),
        ({"do": "previous", "shown": ben.pk}, "Hi Ana"),
        ({"show": ben.pk}, "Hi Ben"),
        ({"shown": "not a number"}, "Hi "),
        ({"do": "next", "shown": "9" * 40}, "Hi "),
    ):
        for headers in ({}, LIVE):
            if headers or "do" in asked or "show" in asked:
                answer = manager_client.post("/sms/new/", {**posted, **asked}, headers=headers)
                bubble = answer.content.decode().split('class="sms"')[1].split("</div>")[0]
                assert shown in bubble


def test_a_text_that_cannot_be_sent_is_not_saved_and_says_why(manager_client: Client) -> None:
    form = fields(manager_client.get("/sms/new/").content)
    said = words(live(manager_client, "/sms/new/", {**form, "body": "Hi {frist_name}"}).content)
    assert "Did you mean {first_name}?" in said
    assert "Not saved until this can be sent." in said
    said = words(live(manager_client, "/sms/new/", {**form, "body": "x" * 1601}).content)
    assert "at most 1600 characters (it has 1601)" in said
    blank = {**form, "body": " ", "said": "Something else"}
    assert "Nothing written yet." in words(live(manager_client, "/sms/new/", blank).content)
    assert not GroupMessage.objects.exists()


def test_the_added_line_the_clinic_and_the_blanks_are_told(manager_client: Client) -> None:
    PatientFactory.create(first_name="", accepts=True)
    PatientFactory.create(first_name="Ana", accepts=True)
    form = fields(manager_client.get("/sms/new/").content)
    body = {**form, "body": "Hi {first_name}, vaccines"}
    marked = words(live(manager_client, "/sms/new/", body | {"is_marketing": "on"}).content)
    assert "Added below, and counted “ Our clinic. Reply STOP to opt out. ”" in marked
    assert "1 patient has no first name: “ there ” stands there." in marked
    plain = words(live(manager_client, "/sms/new/", body).content)
    assert "It does not name the clinic" in plain
    named = words(live(manager_client, "/sms/new/", {**form, "body": "{clinic_name} is closed"}).content)
    assert "It names the clinic." in named


def test_the_price_is_told_if_it_is_known(manager_client: Client) -> None:
    SmsSettings.objects.update(part_price="0.0790", currency="NZD")
    PatientFactory.create_batch(2)
    form = fields(manager_client.get("/sms/new/").content)
    said = words(live(manager_client, "/sms/new/", {**form, "body": "x" * 200}).content)
    assert "2 parts for each of 2 patients, 4 in total: NZD 0.32." in said


def test_a_name_that_cannot_be_answered_asks_for_another_way_out(
    manager_client: Client, settings: Settings
) -> None:
    settings.TWILIO_MARKETING_SENDER = "HARBOUR"
    PatientFactory.create(accepts=True)
    posted = {**fields(manager_client.get("/sms/new/").content), "body": "Vaccines", "is_marketing": "on"}
    said = words(live(manager_client, "/sms/new/", posted).content)
    assert "It comes from the name HARBOUR , so “reply STOP” leads nowhere." in said
    SmsSettings.objects.update(opt_out_words="Opt out: 02 9000 0000")
    said = words(live(manager_client, "/sms/new/", posted).content)
    assert "leads nowhere" not in said


class TestAPromotionThatIsNotMarked:
    POSTED = {"body": "Special offer: 20% off", "unmarked_reason": ""}

    def test_says_whom_it_would_reach_and_asks_why(self, manager_client: Client) -> None:
        PatientFactory.create_batch(2, accepts=False)
        PatientFactory.create(accepts=True)
        form = fields(manager_client.get("/sms/new/").content)
        said = words(live(manager_client, "/sms/new/", form | self.POSTED).content)
        assert "“ Special offer ”, “ 20% off ”. Not marked as marketing, it also goes to 2 patients" in said
        refused = manager_client.post("/sms/new/", form | self.POSTED)
        assert refused.status_code == 200
        assert "2 patients who would get it do not accept marketing. Tick" in words(refused.content)
        assert GroupMessage.objects.get().is_draft

    def test_goes_on_with_a_reason_that_is_shown_ever_after(self, manager_client: Client) -> None:
        PatientFactory.create(accepts=False)
        form = fields(manager_client.get("/sms/new/").content)
        posted = form | self.POSTED | {"unmarked_reason": "All of them asked for it"}
        review = manager_client.post("/sms/new/", posted, follow=True)
        assert "Why it is not marketing: All of them asked for it" in words(review.content)
        group = GroupMessage.objects.get()
        steps.confirm(group)
        page = words(manager_client.get(f"/sms/{group.pk}/").content)
        assert "Why it is not marketing: All of them asked for it" in page

    def test_that_reached_the_review_another_way_says_so_there(self, manager_client: Client) -> None:
        PatientFactory.create(accepts=False)
        group = steps.draft("Special offer: 20% off")
        said = words(manager_client.get(f"/sms/{group.pk}/review/").content)
        assert "Mark it, or say why it is none before you send it." in said

    def test_needs_no_reason_once_it_is_marked(self, manager_client: Client) -> None:
        PatientFactory.create(accepts=False)
        PatientFactory.create(accepts=True)
        form = fields(manager_client.get("/sms/new/").content)
        posted = form | self.POSTED | {"is_marketing": "on", "unmarked_reason": "Typed before"}
        assert manager_client.post("/sms/new/", posted).status_code == 302
        assert GroupMessage.objects.get().unmarked_reason == ""


class TestTwoTabs:
    @pytest.fixture
    def group(self, manager: User) -> GroupMessage:
        return composing.create_draft(body="One", is_marketing=False, at=NOW, by=manager)

    def test_the_second_is_not_overwritten_by_the_first(
        self, manager_client: Client, group: GroupMessage
    ) -> None:
        path = f"/sms/{group.pk}/edit/"
        first, second = (fields(manager_client.get(path).content) for _ in range(2))
        assert first["page"] != second["page"]
        live(manager_client, path, {**second, "body": "Theirs"})
        answer = live(manager_client, path, {**first, "body": "Mine"})
        said = words(answer.content)
        assert "Not saved: the draft was changed on another page" in said
        assert "“ Theirs ”" in said
        # Nor by the button; the words typed stay on the page.
        review = manager_client.post(path, {**first, "body": "Mine"})
        assert review.status_code == 200
        assert ">Mine</textarea>" in review.content.decode().replace("\n", "")
        group.refresh_from_db()
        assert group.body == "Theirs"
        overwrite = re.search(r'name="overwrite" value="([^"]+)"', review.content.decode())
        assert overwrite
        posted = {**first, "body": "Mine", "overwrite": overwrite[1]}
        assert manager_client.post(path, posted).headers["Location"] == f"/sms/{group.pk}/review/"
        group.refresh_from_db()
        assert group.body == "Mine"

    def test_one_that_was_confirmed_meanwhile_leads_to_its_progress(
        self, manager_client: Client, group: GroupMessage
    ) -> None:
        PatientFactory.create()
        path = f"/sms/{group.pk}/edit/"
        form = fields(manager_client.get(path).content)
        steps.confirm(group)
        answer = live(manager_client, path, {**form, "body": "Late"})
        assert answer.headers["HX-Redirect"] == f"/sms/{group.pk}/"
        new = live(manager_client, "/sms/new/", {**form, "draft": str(group.pk), "body": "Late"})
        assert new.headers["HX-Redirect"] == f"/sms/{group.pk}/"
        group.refresh_from_db()
        assert group.body == "One"

    def test_a_draft_can_be_deleted_and_what_is_confirmed_not(
        self, manager_client: Client, group: GroupMessage
    ) -> None:
        PatientFactory.create()
        assert b"Delete the draft" in manager_client.get(f"/sms/{group.pk}/edit/").content
        gone = manager_client.post(f"/sms/{group.pk}/discard/", follow=True)
        assert "The draft is deleted." in words(gone.content)
        kept = steps.draft()
        steps.confirm(kept)
        assert "so it is kept" in words(manager_client.post(f"/sms/{kept.pk}/discard/", follow=True).content)
        assert GroupMessage.objects.get() == kept


class TestStartingFrom:
    def test_a_saved_text_is_a_copy_of_it(self, manager_client: Client) -> None:
        text = SavedText.objects.create(name="Closed", body="Closed today", is_marketing=True, updated_at=NOW)
        assert b"Closed today" in manager_client.get("/sms/new/").content  # offered
        page = manager_client.get(f"/sms/new/?saved={text.pk}").content.decode()
        assert ">Closed today</textarea>" in page.replace("\n", "")
        assert re.search(r'name="is_marketing"[^>]* checked', page)
        assert not GroupMessage.objects.exists()

    def test_an_earlier_one_can_be_used_again(self, manager_client: Client) -> None:
        PatientFactory.create()
        group = steps.frozen("Hi {first_name}, closed")
        page = manager_client.get(f"/sms/{group.pk}/").content.decode()
        assert f'href="/sms/new/?again={group.pk}"' in page
        again = manager_client.get(f"/sms/new/?again={group.pk}").content.decode()
        assert ">Hi {first_name|there}, closed</textarea>" in again.replace("\n", "")

    @pytest.mark.parametrize(
        "asked", ["saved=999", "saved=x", "saved=" + "9" * 40, f"again={uuid.UUID(int=7)}", "again=x"]
    )
    def test_nothing_that_is_gone_is_an_empty_page(self, manager_client: Client, asked: str) -> None:
        assert "></textarea>" in manager_client.get(f"/sms/new/?{asked}").content.decode().replace("\n", "")


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_texts_are_shown_as_typed_and_sent_as_typed(manager_client: Client, text: str) -> None:
    PatientFactory.create()
    form = fields(manager_client.get("/sms/new/").content)
    typed = text.replace("{{", "{").replace("}}", "}")
    page = live(manager_client, "/sms/new/", {**form, "body": text}).content.decode()
    bubble = page.split('class="sms"')[1].split("</div>")[0].partition(">")[2]
    shown = re.sub(r"</?mark>", "", bubble)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        shown = shown.replace(entity, character)
    assert shown == typed
    manager_client.post("/sms/new/", {**form, "body": text})
    group = GroupMessage.objects.get()
    steps.confirm(group)
    composing.freeze(group_id=group.pk, at=NOW)
    assert Message.objects.get().body == typed


@pytest.mark.parametrize(
    ("text", "why"), [("x" * 10_000, "at most 1600"), ("a\0b", "Null characters"), ("\u200b", "")]
)
def test_naughty_texts_that_cannot_be_sent_are_refused_with_a_sentence(
    manager_client: Client, text: str, why: str
) -> None:
    answer = manager_client.post("/sms/new/", {"body": text})
    assert (answer.status_code == 200 and why in words(answer.content)) or not why


def test_a_new_line_is_one_character_as_on_the_phone(manager_client: Client) -> None:
    manager_client.post("/sms/new/", {"body": "One\r\nTwo\rThree"})
    assert GroupMessage.objects.get().body == "One\nTwo\nThree"
    assert manager_client.post("/sms/new/", {"body": "x\r\n" * 800}).status_code == 302


def test_only_who_may_send_to_groups_writes_and_deletes(reception_client: Client) -> None:
    group = steps.draft()
    for path in ("/sms/new/", f"/sms/{group.pk}/edit/", f"/sms/{group.pk}/discard/"):
        assert reception_client.post(path, {"body": "x"}, headers=LIVE).status_code == 403
    assert GroupMessage.objects.get().body == "Hello"


def questions(client: Client, headers: dict[str, str]) -> int:
    form = fields(client.get("/sms/new/").content)
    with CaptureQueriesContext(connection) as asked:
        client.post(
            "/sms/new/",
            {**form, "body": "Hi {first_name} {last_name}, 20% off", "do": "next"},
            headers=headers,
        )
    return len(asked)


def register(numbers: range) -> None:
    registration.register_many(
        details=[
            registration.Details(
                first_name=f"A{n}", last_name=f"B{n}", phone=phones.parse(f"+61413{n:06d}", country="AU")
            )
            for n in numbers
        ],
        at=timezone.now(),
    )


def test_a_thousand_patients_ask_no_more_questions_than_ten(manager_client: Client) -> None:
    register(range(10))
    questions(manager_client, LIVE)
    few = [questions(manager_client, headers) for headers in (LIVE, {})]
    register(range(10, 1000))
    assert [questions(manager_client, headers) for headers in (LIVE, {})] == few
    assert max(few) <= 24
    many = manager_client.get(f"/sms/{GroupMessage.objects.latest('created_at').pk}/edit/").content
    assert len(many) < 40_000
