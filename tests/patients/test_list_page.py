"""/patients/"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.paging import PER_PAGE
from clinic.search import SEARCHES_KEPT
from tests.factories import PatientFactory, block

pytestmark = pytest.mark.django_db

URL = reverse("patients:list")


def names(response: Any) -> list[str]:
    return [patient.last_name for patient in response.context["page"]]


def search(client: Client, q: str, show: str = "active") -> Any:
    return client.post(URL, {"q": q, "show": show}, follow=True)


def test_only_for_those_who_may_see_patients(
    client: Client, log_in: Callable, django_user_model: Any
) -> None:
    assert client.get(URL).status_code == 302
    stranger = django_user_model.objects.create_user("stranger")
    assert log_in(stranger).get(URL).status_code == 403


def test_is_in_the_order_of_last_names(practitioner_client: Client) -> None:
    for name in ("Ck", "Ab", "Bo"):
        PatientFactory.create(last_name=name)
    assert names(practitioner_client.get(URL)) == ["Ab", "Bo", "Ck"]


def test_a_search_leaves_nothing_personal_in_the_address(reception_client: Client) -> None:
    PatientFactory.create(last_name="Ito", phone="0412 345 678")
    PatientFactory.create(last_name="Osei")
    response = search(reception_client, "0412 345")
    assert names(response) == ["Ito"]
    [(address, _)] = response.redirect_chain
    assert "0412" not in address
    assert "412" not in response.request["QUERY_STRING"]
    assert 'value="0412 345"' in response.content.decode()
    assert names(reception_client.get(address)) == ["Ito"]


def test_only_the_newest_searches_are_kept(reception_client: Client) -> None:
    for number in range(SEARCHES_KEPT + 5):
        search(reception_client, f"name{number}")
    kept = list(reception_client.session["searches"].values())
    assert (len(kept), kept[-1]) == (SEARCHES_KEPT, f"name{SEARCHES_KEPT + 4}")


def test_an_empty_search_shows_everybody(reception_client: Client) -> None:
    PatientFactory.create(last_name="Ito")
    assert names(search(reception_client, "")) == ["Ito"]
    assert "searches" not in reception_client.session


def test_an_overlong_search_or_one_with_nul_is_no_error(reception_client: Client) -> None:
    PatientFactory.create(last_name="Ito")
    assert search(reception_client, "x" * 500).status_code == 200
    assert search(reception_client, "a\0b").status_code == 200


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        ("active", ["Active"]),
        ("archived", ["Archived"]),
        ("deceased", ["Deceased"]),
        ("all", ["Active", "Archived", "Deceased"]),
        ("nonsense", ["Active"]),
    ],
)
def test_shows_the_active_unless_asked_for_others(
    reception_client: Client, show: str, shown: list[str]
) -> None:
    PatientFactory.create(last_name="Active")
    PatientFactory.create(last_name="Archived", archived=True)
    PatientFactory.create(last_name="Deceased", deceased=True)
    assert names(reception_client.get(URL, {"show": show})) == shown
    assert names(search(reception_client, "", show)) == shown


def test_is_paged_in_a_bounded_number_of_queries(
    reception_client: Client, django_assert_max_num_queries: Callable
) -> None:
    for number in range(PER_PAGE + 1):
        PatientFactory.create(last_name=f"P{number:03}")
    with django_assert_max_num_queries(12):
        first = reception_client.get(URL)
    assert len(names(first)) == PER_PAGE
    [link] = re.findall(r'href="(\?after=\d+)" rel="next"', first.content.decode())
    second = reception_client.get(URL + link)
    assert names(second) == [f"P{PER_PAGE:03}"]
    [link] = re.findall(r'href="(\?before=\d+)" rel="prev"', second.content.decode())
    assert names(reception_client.get(URL + link)) == names(first)


def test_marks_who_cannot_be_texted(reception_client: Client) -> None:
    PatientFactory.create(phone="")
    PatientFactory.create(phone="02 9374 4000")
    block(PatientFactory.create().phone)
    html = reception_client.get(URL).content.decode()
    for words in ("None</span>", "Cannot get texts", "STOP"):
        assert words in html


def test_without_patients_says_how_to_begin(reception_client: Client, practitioner_client: Client) -> None:
    assert "Add a patient" in reception_client.get(URL).content.decode()
    html = practitioner_client.get(URL).content.decode()
    assert "No patients yet" in html
    assert "Add a patient" not in html


def test_a_search_that_finds_nobody_says_what_to_type(reception_client: Client) -> None:
    PatientFactory.create(last_name="Ito")
    html = search(reception_client, "<zzz>").content.decode()
    assert "Nobody found" in html
    assert "&lt;zzz&gt;" in html
    assert "There are no such patients" in reception_client.get(URL, {"show": "deceased"}).content.decode()
