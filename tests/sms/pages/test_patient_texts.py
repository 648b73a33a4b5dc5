"""A patient's page: the conversation, page after page, and the form for one more text."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from sms.models import Message
from tests.factories import PatientFactory
from tests.sms.pages.test_compose_and_review import words
from tests.sms.test_communications import received, sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

DEAR = "We’re “closed” today 😀"


def test_older_texts_are_behind_a_link(reception_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sms.templatetags.sms_conversation.SHOWN", 2)
    patient = PatientFactory.create()
    (
        sent(patient, "first", 0),
        received(patient.phone, "second", 1, patient=patient),
        sent(patient, "third", 2),
    )
    newest = reception_client.get(patient.get_absolute_url()).content.decode()
    page = words(newest.encode())
    assert page.index("second") < page.index("third")
    assert "first" not in page
    older = newest.partition('href="?before=')[2].partition("#")[0]
    page = words(reception_client.get(f"{patient.get_absolute_url()}?before={older}").content)
    assert "first" in page
    assert "third" not in page
    assert "Newest texts" in page
    assert "Older texts" not in page


def test_the_page_asks_no_more_for_a_longer_conversation(
    reception_client: Client, django_assert_max_num_queries: Any
) -> None:
    patient = PatientFactory.create()
    for number in range(40):
        sent(patient, f"out {number}", number), received(patient.phone, f"in {number}", number)
    with django_assert_max_num_queries(26):
        reception_client.get(patient.get_absolute_url())


def test_the_form_counts_while_one_types(reception_client: Client) -> None:
    patient = PatientFactory.create()
    page = reception_client.get(patient.get_absolute_url()).content.decode()
    path = f"/sms/patients/{patient.pk}/text/"
    assert f'hx-post="{path}"' in page
    assert "Nothing written yet." in words(page.encode())
    form = {"body": DEAR, "request_key": str(uuid4())}
    live = reception_client.post(path, form, headers={"HX-Target": "one-off-live"})
    assert "1 part, UCS-2" in words(live.content)
    assert "4 characters make this text dear" in words(live.content)
    long = form | {"body": "x" * 1700}
    live = reception_client.post(path, long, headers={"HX-Target": "one-off-live"})
    assert "Too long: 1,700 characters" in words(live.content)
    assert not Message.objects.exists()


def test_without_javascript_a_button_counts_and_another_swaps(reception_client: Client) -> None:
    patient = PatientFactory.create()
    path = f"/sms/patients/{patient.pk}/text/"
    form = {"body": DEAR, "request_key": str(uuid4())}
    page = words(reception_client.post(path, form | {"do": "count"}).content)
    assert "1 part, UCS-2" in page
    swapped = reception_client.post(path, form | {"do": "swap"}).content.decode()
    assert "We&#x27;re &quot;closed&quot; today 😀" in swapped
    assert not Message.objects.exists()
