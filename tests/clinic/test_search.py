"""A search leaves nothing personal in an address, wherever it is made."""

import pytest
from django.test import Client

from sms.models import InboundMessage
from tests.factories import NOW, PatientFactory
from tests.sms.steps import draft, frozen, queued

pytestmark = pytest.mark.django_db


def test_every_list_keeps_what_was_searched_for_out_of_the_address(manager_client: Client) -> None:
    patient = PatientFactory.create(first_name="Odalys", last_name="Ferreira")
    queued(patient)
    InboundMessage.objects.create(
        sid="SM1", phone=patient.phone, sender="MG1", body="Hi", kind="other", received_at=NOW
    )
    paths = [
        "/patients/",
        "/sms/",
        "/sms/log/",
        "/sms/inbox/",
        f"/sms/{draft().pk}/review/people/",
        f"/sms/{frozen().pk}/people/",
    ]
    for path in paths:
        answer = manager_client.post(path, {"q": "odalys", "show": "all"})
        address = answer.headers["Location"]
        assert address.startswith(path + "?")
        assert "odalys" not in address.lower()
        found = manager_client.get(address)
        assert found.status_code == 200
        assert b'value="odalys"' in found.content


def test_the_other_filters_stay_in_the_address(manager_client: Client) -> None:
    answer = manager_client.post("/sms/log/", {"q": "", "purpose": "one_off", "status": ""})
    assert answer.headers["Location"] == "/sms/log/?purpose=one_off"


def test_what_somebody_typed_into_the_address_is_searched_for(manager_client: Client) -> None:
    PatientFactory.create(first_name="Odalys", last_name="Ferreira")
    PatientFactory.create(first_name="Ben", last_name="Okafor")
    page = manager_client.get("/patients/?q=odal").content
    assert b"Odalys" in page
    assert b"Okafor" not in page
