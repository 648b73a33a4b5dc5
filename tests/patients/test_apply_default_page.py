"""/settings/sms/apply/ and its undo"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from patients import batches
from patients.consent import Choice, record_consent
from patients.models import ConsentSource, Patient, PreferenceBatch
from settings_app.models import SmsSettings
from tests.factories import NOW, PatientFactory, block

pytestmark = pytest.mark.django_db

URL = reverse("patients:apply_default")
EVERYONE = PreferenceBatch.Scope.EVERYONE


@pytest.fixture(autouse=True)
def _people() -> None:
    """Two who have the default (no), one who chose no, one who chose yes; one more is blocked by STOP."""
    for _ in range(2):
        PatientFactory.create()
    PatientFactory.create(accepts=False)
    PatientFactory.create(accepts=True)
    block(PatientFactory.create().phone)


def accepting() -> int:
    return Patient.objects.filter(accepts_sms_marketing=True).count()


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def confirm(client: Client, typed: str, *, query: str = "?to=accept&scope=everyone", seen: int = 4) -> Any:
    return client.post(URL + query, {"typed": typed, "seen": seen}, follow=True)


class TestWhoMay:
    def test_managers_may(self, manager_client: Client) -> None:
        assert manager_client.get(URL).status_code == 200

    def test_receptionists_may_not(self, reception_client: Client) -> None:
        assert reception_client.get(URL).status_code == 403
        assert confirm(reception_client, "4").status_code == 403
        batch = batches.apply_default(accept=True, scope=EVERYONE, at=NOW)
        assert reception_client.post(reverse("patients:undo_default", args=[batch.pk])).status_code == 403
        assert accepting() == 5


class TestPreview:
    def test_says_how_many_change_each_way(self, manager_client: Client) -> None:
        said = words(manager_client.get(URL + "?to=accept"))
        assert "4 from no to yes" in said
        assert "1 unchanged, because they accept already" in said
        assert "2 of those who change had chosen themselves" in said
        assert "1 have a number blocked by STOP, and stay blocked" in said
        assert "A default is not consent." in said
        said = words(manager_client.get(URL + "?to=reject"))
        assert "1 from yes to no" in said
        assert "4 unchanged, because they reject already" in said

    def test_for_both_scopes_at_once(self, manager_client: Client) -> None:
        said = words(manager_client.get(URL + "?to=accept"))
        assert "4 Everyone would change." in said
        assert "2 Only patients who never chose would change." in said

    def test_changes_nothing(self, manager_client: Client) -> None:
        manager_client.get(URL + "?to=accept")
        assert accepting() == 1

    @pytest.mark.parametrize("default", [True, False])
    def test_is_of_the_present_default_where_the_address_does_not_say(
        self, manager_client: Client, default: bool
    ) -> None:
        SmsSettings.objects.update(new_patients_accept_marketing=default)
        assert manager_client.get(URL).context["accept"] is default
        assert manager_client.get(URL + "?to=nonsense&scope=nonsense").context["scope"] == EVERYONE

    def test_says_if_the_setting_says_the_opposite(self, manager_client: Client) -> None:
        assert "says the opposite" in words(manager_client.get(URL + "?to=accept"))
        assert "says the opposite" not in words(manager_client.get(URL + "?to=reject"))

    def test_with_nothing_to_change_offers_no_button(self, manager_client: Client) -> None:
        batches.apply_default(accept=True, scope=EVERYONE, at=NOW)
        for query in ("?to=accept", "?to=accept&scope=never_chose"):
            response = manager_client.get(URL + query)
            assert "Nothing would change:" in words(response)
            assert "Set to yes</button>" not in response.content.decode()

    def test_with_nothing_to_change_nothing_can_be_posted(self, manager_client: Client) -> None:
        batches.apply_default(accept=True, scope=EVERYONE, at=NOW)
        confirm(manager_client, "0", seen=0)
        assert PreferenceBatch.objects.count() == 1


class TestConfirm:
    def test_the_label_says_which_number(self, manager_client: Client) -> None:
        html = manager_client.get(URL + "?to=accept").content.decode()
        assert re.search(r'<label for="id_typed">To confirm, [^<]*: 4</label>', html)

    @pytest.mark.parametrize("typed", ["4", " 4 ", "4."])
    def test_the_right_number_applies_it(self, manager_client: Client, manager: User, typed: str) -> None:
        response = confirm(manager_client, typed)
        assert "Applied: 4 patients changed." in words(response)
        assert accepting() == 5
        batch = PreferenceBatch.objects.get()
        assert (batch.to_value, batch.scope, batch.changed) == (True, "everyone", 4)
        assert batch.recorded_by == manager

    def test_only_to_those_who_never_chose(self, manager_client: Client) -> None:
        confirm(manager_client, "2", query="?to=accept&scope=never_chose", seen=2)
        assert accepting() == 3

    @pytest.mark.parametrize("typed", ["5", "", "four", "-4"])
    def test_a_wrong_number_is_told_and_changes_nothing(self, manager_client: Client, typed: str) -> None:
        response = confirm(manager_client, typed)
        assert ("Nothing has been changed." if typed else "This field is required.") in words(response)
        assert accepting() == 1
        assert not PreferenceBatch.objects.exists()

    def test_a_count_that_has_changed_since_is_told_and_changes_nothing(self, manager_client: Client) -> None:
        PatientFactory.create()
        response = confirm(manager_client, "4")
        assert "In the meantime it has become 5. Nothing has been changed." in words(response)
        assert accepting() == 1
        # The page shows the new figures, and asks for the new number.
        assert 'name="seen" value="5"' in response.content.decode()
        confirm(manager_client, "5", seen=5)
        assert accepting() == 6

    def test_a_count_that_changes_at_this_very_moment_changes_nothing(
        self, manager_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        apply_default = batches.apply_default

        def overtaken(**given: Any) -> PreferenceBatch:
            PatientFactory.create()
            return apply_default(**given)

        monkeypatch.setattr(batches, "apply_default", overtaken)
        assert "In the meantime it has become 5." in words(confirm(manager_client, "4"))
        assert accepting() == 1

    def test_pressed_twice_applies_once(self, manager_client: Client) -> None:
        confirm(manager_client, "4")
        assert "In the meantime" not in words(confirm(manager_client, "4"))
        assert PreferenceBatch.objects.count() == 1


class TestEarlierChanges:
    def test_are_listed_with_who_and_when(self, manager_client: Client, manager: User) -> None:
        batches.apply_default(accept=True, scope=EVERYONE, at=NOW, by=manager)
        batches.apply_default(accept=False, scope=PreferenceBatch.Scope.NEVER_CHOSE, at=NOW)
        said = words(manager_client.get(URL))
        assert "Set to yes Everyone 24 November 2026, 12:00 maria.manager 4 Undo" in said
        assert "Set to no Only patients who never chose 24 November 2026, 12:00 Command line 2 Undo" in said

    def test_an_undone_one_offers_no_undo(self, manager_client: Client) -> None:
        batch = batches.apply_default(accept=True, scope=EVERYONE, at=NOW)
        batches.undo(batch_id=batch.pk, at=NOW)
        html = manager_client.get(URL).content.decode()
        assert reverse("patients:undo_default", args=[batch.pk]) not in html
        assert f"Undo of change {batch.pk}" in html

    def test_are_paged(self, manager_client: Client, django_assert_max_num_queries: Callable) -> None:
        for number in range(12):
            batches.apply_default(accept=number % 2 == 0, scope=EVERYONE, at=NOW)
        with django_assert_max_num_queries(15):
            response = manager_client.get(URL + "?page=2")
        assert len(response.context["page"]) == 2


class TestUndo:
    @pytest.fixture
    def batch(self) -> PreferenceBatch:
        return batches.apply_default(accept=True, scope=EVERYONE, at=NOW)

    def test_asks_first_with_the_counts(self, manager_client: Client, batch: PreferenceBatch) -> None:
        patient = Patient.objects.filter(consent_event__batch=batch).first()
        assert patient
        record_consent(patient_id=patient.pk, choice=Choice(False, ConsentSource.STAFF), at=NOW)
        response = manager_client.get(reverse("patients:undo_default", args=[batch.pk]))
        assert "3 get back the preference they had before" in words(response)
        assert "1 have been changed since" in words(response)
        assert "Undo for 3 patients" in words(response)
        assert accepting() == 4

    def test_then_restores(self, manager_client: Client, manager: User, batch: PreferenceBatch) -> None:
        url = reverse("patients:undo_default", args=[batch.pk])
        assert "Undone: 4 patients restored." in words(manager_client.post(url, follow=True))
        assert accepting() == 1
        assert PreferenceBatch.objects.get(undo_of=batch).recorded_by == manager

    def test_twice_is_told_and_changes_nothing(self, manager_client: Client, batch: PreferenceBatch) -> None:
        url = reverse("patients:undo_default", args=[batch.pk])
        manager_client.post(url)
        assert "has been undone already" in words(manager_client.post(url, follow=True))
        assert "This change has been undone already." in words(manager_client.get(url))
        assert PreferenceBatch.objects.count() == 2

    def test_of_an_undo_says_what_it_was(self, manager_client: Client, batch: PreferenceBatch) -> None:
        undone = batches.undo(batch_id=batch.pk, at=NOW)
        said = words(manager_client.get(reverse("patients:undo_default", args=[undone.pk])))
        assert f"undo of change {batch.pk}" in said

    def test_with_nobody_to_restore_offers_no_button(
        self, manager_client: Client, batch: PreferenceBatch
    ) -> None:
        batches.apply_default(accept=False, scope=EVERYONE, at=NOW)
        response = manager_client.get(reverse("patients:undo_default", args=[batch.pk]))
        assert "Nothing would change." in words(response)

    def test_of_a_change_that_never_was(self, manager_client: Client) -> None:
        assert manager_client.get("/settings/sms/apply/999/undo/").status_code == 404
