"""The number of an erased patient: kept as a hash, recognised in whatever way it comes back, promoted to by nobody."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client

from clinic import keyed_hash
from clinic.lib import phone as phones
from patients.batches import apply_default
from patients.consent import Choice, record_consent
from patients.eligibility import Purpose, Reason, reasons_for
from patients.models import ConsentHow, ConsentSource, Covers, Patient, PreferenceBatch, SuppressedNumber
from patients.registration import Details, change_details, register_many, register_patient
from patients.suppression import hold_number
from settings_app.models import SmsSettings
from tests.factories import NOW, PatientFactory, block
from tests.patients.as_shown import as_shown

pytestmark = pytest.mark.django_db

NUMBER = "+61412345678"
HOUR = timedelta(hours=1)
IMPORTED = Choice(True, ConsentSource.IMPORT, None, "old list, 3 March")


def details(number: str = NUMBER) -> Details:
    return Details(last_name="Okoro", phone=phones.parse(number, country="AU"))


@pytest.fixture(autouse=True)
def _held() -> None:
    """The default is yes, and the one patient with the number has been erased."""
    SmsSettings.load()
    SmsSettings.objects.update(new_patients_accept_marketing=True)
    hold_number(phone=NUMBER, at=NOW)


def marketing(patient: Patient) -> Reason | None:
    patient.refresh_from_db()
    return reasons_for(patient)[Purpose.MARKETING]


def others(patient: Patient) -> set[Reason | None]:
    found = reasons_for(patient)
    return {reason for purpose, reason in found.items() if purpose != Purpose.MARKETING}


def test_only_a_hash_is_kept() -> None:
    held = SuppressedNumber.objects.get()
    assert (held.phone, held.covers, held.source) == ("", "promotions", "erasure")
    assert "412" not in held.digest.split(":")[1] or NUMBER[1:] not in held.digest
    assert len(held.digest) == 73


def by_the_form(client: Client) -> None:
    sent = as_shown(client.get("/patients/new/").content.decode())
    client.post("/patients/new/", sent | {"last_name": "Okoro", "phone": "0412 345 678"})


def by_a_change_of_number(client: Client) -> None:
    patient = PatientFactory.create()
    change_details(patient_id=patient.pk, details=details())


def by_register_many(client: Client) -> None:
    register_many(details=[(details("0412 000 001"), None), (details(), IMPORTED)], at=NOW + HOUR)


def by_the_command(client: Client, folder: Path) -> None:
    file = folder / "patients.csv"
    file.write_text(
        "Last name,Mobile number,Accepts SMS marketing,Consent source,Consent date\n"
        "Okoro,0412 345 678,yes,old list,2025-03-03\n"
    )
    call_command("import_patients", str(file))


@pytest.mark.parametrize("way", [by_the_form, by_a_change_of_number, by_register_many, by_the_command])
def test_whoever_comes_with_it_gets_no_promotions_and_everything_else(
    way: Any, reception_client: Client, tmp_path: Path
) -> None:
    way(reception_client, *([tmp_path] if way is by_the_command else []))
    patient = Patient.objects.get(phone=NUMBER)
    assert patient.accepts_sms_marketing
    assert marketing(patient) == Reason.ERASED_BEFORE
    assert others(patient) == {None}
    assert SuppressedNumber.objects.get().phone == NUMBER


def test_another_number_is_not_taken_for_it() -> None:
    assert marketing(register_patient(details=details("0412 345 679"), at=NOW + HOUR)) is None
    assert SuppressedNumber.objects.get().phone == ""


def test_a_yes_that_staff_record_counts_at_once() -> None:
    patient = register_patient(details=details(), at=NOW + HOUR)
    choice = Choice(True, ConsentSource.STAFF, ConsentHow.IN_PERSON)
    record_consent(patient_id=patient.pk, choice=choice, at=NOW + 2 * HOUR)
    assert marketing(patient) is None


def test_on_a_shared_number_every_one_must_have_been_asked() -> None:
    asked = register_patient(details=details(), at=NOW, choice=Choice(True, ConsentSource.STAFF))
    newcomer = register_patient(details=details(), at=NOW + HOUR, choice=IMPORTED)
    assert marketing(asked) == Reason.SHARED_NUMBER_REFUSED
    assert marketing(newcomer) == Reason.ERASED_BEFORE
    record_consent(patient_id=newcomer.pk, choice=Choice(True, ConsentSource.STAFF), at=NOW + HOUR)
    assert (marketing(asked), marketing(newcomer)) == (None, Reason.SHARED_NUMBER)


def test_no_change_of_all_patients_lifts_it() -> None:
    patient = register_patient(details=details(), at=NOW + HOUR, choice=Choice(False, ConsentSource.STAFF))
    apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW + HOUR)
    assert marketing(patient) == Reason.ERASED_BEFORE


def test_a_stop_of_before_comes_back_with_the_number() -> None:
    number = "+61412000007"
    block(number, covers=Covers.EVERYTHING)
    hold_number(phone=number, at=NOW)
    assert not SuppressedNumber.objects.filter(phone=number).exists()
    patient = register_patient(details=details(number), at=NOW + HOUR)
    assert others(patient) == {Reason.NUMBER_BLOCKED}


def test_the_patients_page_and_the_reason_say_what_to_do(reception_client: Client) -> None:
    patient = register_patient(details=details(), at=NOW + HOUR)
    html = reception_client.get(patient.get_absolute_url()).content.decode()
    assert "Somebody with this number was erased at their own wish" in html
    assert "Record what they say" in html
    assert "The number is blocked by" not in html


class TestKeys:
    def test_with_a_new_key_the_old_one_is_still_recognised(self, settings: LazySettings) -> None:
        settings.OLD_SECRET_KEYS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another"
        call_command("check_consent_ledger")
        assert marketing(register_patient(details=details(), at=NOW + HOUR)) == Reason.ERASED_BEFORE

    def test_without_the_old_one_the_check_says_what_is_lost(self, settings: LazySettings) -> None:
        settings.SECRET_KEY = "another"
        with pytest.raises(CommandError, match="no key here made: 1"):
            call_command("check_consent_ledger")
        assert marketing(register_patient(details=details(), at=NOW + HOUR)) is None

    def test_a_hash_is_of_its_key_and_its_use(self, settings: LazySettings) -> None:
        settings.SECRET_KEY = "one"
        one = keyed_hash.digests(NUMBER, salt="a")
        assert one == keyed_hash.digests(NUMBER, salt="a")
        assert one != keyed_hash.digests(NUMBER, salt="b")
        settings.SECRET_KEY = "two"
        assert one != keyed_hash.digests(NUMBER, salt="a")
        settings.OLD_SECRET_KEYS = ["one"]
        assert one[0] == keyed_hash.digests(NUMBER, salt="a")[1]
