"""/settings/sms/apply/<number>/: how far a change of many patients is, in a browser without JavaScript and with."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from patients import batches, tasks
from patients.consent import Choice, record_consent
from patients.models import ConsentSource, Patient, PreferenceBatch
from tests.factories import NOW, PatientFactory

pytestmark = pytest.mark.django_db

APPLY = reverse("patients:apply_default")
EVERYONE = PreferenceBatch.Scope.EVERYONE


@pytest.fixture(autouse=True)
def _five_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five patients, and five are too many for one request."""
    for _ in range(5):
        PatientFactory.create()
    monkeypatch.setattr(batches, "AT_ONCE", 4)


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that were called. Nobody hears them."""
    rung: list[str] = []
    monkeypatch.setattr(tasks, "ring", lambda task: rung.append(task.name))
    return rung


@pytest.fixture
def batch(manager: User) -> PreferenceBatch:
    """Two of five are done."""
    begun = batches.apply_default(accept=True, scope=EVERYONE, at=NOW, by=manager)
    done = batches.next_slice(begun.pk, patients=2)
    assert done
    assert done.running
    return done


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def accepting() -> int:
    return Patient.objects.filter(accepts_sms_marketing=True).count()


def test_a_confirmed_change_of_many_goes_on_behind_the_page(
    manager_client: Client, bells: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = manager_client.post(f"{APPLY}?to=accept&scope=everyone", {"typed": "5", "seen": "5"})
    begun = PreferenceBatch.objects.get()
    assert answer["Location"] == begun.get_absolute_url()
    assert (begun.running, accepting(), bells) == (True, 0, ["patients.tasks.change_patients"])
    page = manager_client.get(begun.get_absolute_url())
    assert "0 of 5 patients set to yes" in words(page)
    assert "not running: tell whoever looks after the server" in words(page)


def test_it_says_how_far_it_is_and_looks_again_by_itself(
    manager_client: Client, batch: PreferenceBatch
) -> None:
    page = manager_client.get(batch.get_absolute_url())
    assert "2 of 5 patients set to yes" in words(page)
    assert "Begun by maria.manager" in words(page)
    html = page.content.decode()
    assert '<progress max="5" value="2"' in html
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in html
    assert f'hx-get="{reverse("patients:batch_progress", args=[batch.pk])}"' in html
    fragment = manager_client.get(reverse("patients:batch_progress", args=[batch.pk]))
    assert (fragment.status_code, "HX-Refresh" in fragment) == (200, False)
    assert "<html" not in fragment.content.decode()


def test_it_says_what_was_done_and_asks_no_more(manager_client: Client, batch: PreferenceBatch) -> None:
    last = Patient.objects.latest("pk")
    record_consent(patient_id=last.pk, choice=Choice(False, ConsentSource.STAFF), at=NOW)
    tasks.change_patients()
    fragment = manager_client.get(reverse("patients:batch_progress", args=[batch.pk]))
    assert (fragment.status_code, fragment["HX-Refresh"]) == (286, "true")
    page = manager_client.get(batch.get_absolute_url())
    assert "4 patients set to yes" in words(page)
    assert "1 was changed by somebody else before their turn came, and keeps what was said then." in words(
        page
    )
    html = page.content.decode()
    assert "http-equiv" not in html
    assert "hx-get" not in html
    assert reverse("patients:undo_default", args=[batch.pk]) in html


def test_an_undo_of_many_goes_on_behind_the_page_too(
    manager_client: Client, batch: PreferenceBatch, bells: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    tasks.change_patients()
    with django_capture_on_commit_callbacks(execute=True):
        answer = manager_client.post(reverse("patients:undo_default", args=[batch.pk]))
    undone = PreferenceBatch.objects.get(undo_of=batch)
    assert answer["Location"] == undone.get_absolute_url()
    assert "0 of 5 patients given back their earlier preference" in words(
        manager_client.get(undone.get_absolute_url())
    )
    tasks.change_patients()
    assert accepting() == 0
    assert "5 patients given back their earlier preference" in words(
        manager_client.get(undone.get_absolute_url())
    )


def test_meanwhile_the_settings_page_says_so(manager_client: Client, batch: PreferenceBatch) -> None:
    said = "A change of all patients is under way : 2 of 5."
    assert said in words(manager_client.get("/settings/sms/"))
    tasks.change_patients()
    assert said not in words(manager_client.get("/settings/sms/"))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("what", ["apply", "undo"])
def test_meanwhile_nobody_begins_another(
    manager_client: Client, batch: PreferenceBatch, method: str, what: str
) -> None:
    address = APPLY if what == "apply" else reverse("patients:undo_default", args=[batch.pk])
    sent = {"typed": "2", "seen": "2"} if method == "post" else {}
    answer = getattr(manager_client, method)(address, sent, follow=True)
    assert answer.redirect_chain[-1][0] == batch.get_absolute_url()
    assert ("Your change has not been made." in words(answer)) is (method == "post")
    assert (PreferenceBatch.objects.count(), accepting()) == (1, 2)


def test_it_is_no_business_of_reception(reception_client: Client, batch: PreferenceBatch) -> None:
    for name in ("batch", "batch_progress"):
        assert reception_client.get(reverse(f"patients:{name}", args=[batch.pk])).status_code == 403


def test_a_change_that_never_was(manager_client: Client) -> None:
    assert manager_client.get(reverse("patients:batch", args=[999])).status_code == 404


class TestBells:
    def test_a_tick_finds_a_change_whose_bell_was_lost(
        self, bells: list[str], batch: PreferenceBatch
    ) -> None:
        tasks.tick()
        assert bells == ["patients.tasks.change_patients"]

    def test_a_tick_with_nothing_under_way_rings_for_nobody(self, bells: list[str]) -> None:
        tasks.tick()
        assert bells == []

    def test_what_is_left_when_time_is_up_has_the_bell_rung_again(
        self, bells: list[str], batch: PreferenceBatch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_slices_of_one = batches.next_slice
        monkeypatch.setattr(batches, "next_slice", lambda pk: in_slices_of_one(pk, patients=1))
        monkeypatch.setattr(tasks, "LONGEST_STRETCH", tasks.LONGEST_STRETCH * 0)
        tasks.change_patients()
        assert (bells, accepting()) == (["patients.tasks.change_patients"], 3)

    def test_what_is_done_rings_no_more(self, bells: list[str], batch: PreferenceBatch) -> None:
        tasks.change_patients()
        assert (bells, accepting()) == ([], 5)
