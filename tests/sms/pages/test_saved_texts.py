"""/sms/saved/: texts that are written often."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sms.models import SavedText
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.pages.test_compose_and_review import words

pytestmark = pytest.mark.django_db


def saved(name: str = "Closed", body: str = "Closed today") -> SavedText:
    return SavedText.objects.create(name=name, body=body, updated_at=NOW)


def test_a_text_is_saved_listed_changed_and_deleted(manager_client: Client, manager: User) -> None:
    assert "No saved texts yet" in words(manager_client.get("/sms/saved/").content)
    manager_client.post("/sms/saved/new/", {"name": "Closed", "body": "Closed today", "is_marketing": "on"})
    text = SavedText.objects.get()
    assert (text.name, text.body, text.is_marketing, text.updated_by) == (
        "Closed",
        "Closed today",
        True,
        manager,
    )
    listed = manager_client.get("/sms/saved/").content.decode()
    assert f'href="/sms/new/?saved={text.pk}"' in listed
    manager_client.post(f"/sms/saved/{text.pk}/", {"name": "Closed early", "body": "Closed at 3"})
    text.refresh_from_db()
    assert (text.name, text.body, text.is_marketing) == ("Closed early", "Closed at 3", False)
    assert "is deleted" in words(manager_client.post(f"/sms/saved/{text.pk}/delete/", follow=True).content)
    assert not SavedText.objects.exists()


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"name": "", "body": "x"}, "This field is required."),
        ({"name": "Closed", "body": "x"}, "Another saved text has this name."),
        ({"name": "N", "body": "{x}"}, "{x} is not something we can fill in."),
        ({"name": "N", "body": "x" * 1601}, "at most 1600 characters"),
    ],
)
def test_what_cannot_be_saved_says_why_and_stays_on_the_page(
    manager_client: Client, posted: dict[str, str], said: str
) -> None:
    saved()
    answer = manager_client.post("/sms/saved/new/", posted)
    assert said in words(answer.content)
    assert posted["body"] in answer.content.decode()
    assert SavedText.objects.count() == 1


def test_a_text_that_was_sent_can_be_kept(manager_client: Client) -> None:
    PatientFactory.create()
    group = steps.frozen("Sent once")
    page = manager_client.get(f"/sms/saved/new/?of={group.pk}").content.decode()
    assert ">Sent once</textarea>" in page.replace("\n", "")
    assert manager_client.get("/sms/saved/new/?of=x").status_code == 200


def test_only_who_may_send_to_groups_sees_them(reception_client: Client) -> None:
    text = saved()
    for path in ("", "new/", f"{text.pk}/", f"{text.pk}/delete/"):
        assert reception_client.post(f"/sms/saved/{path}").status_code in (403, 405)
        assert reception_client.get(f"/sms/saved/{path}").status_code in (403, 405)
    assert SavedText.objects.exists()


def test_a_thousand_are_listed_page_by_page(
    manager_client: Client, django_assert_max_num_queries: object
) -> None:
    SavedText.objects.bulk_create(SavedText(name=f"{n}", body="x", updated_at=NOW) for n in range(1000))
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        assert "Page 1 of" in words(manager_client.get("/sms/saved/").content)
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        manager_client.get("/sms/new/")
