"""The database writes each text as Python would, and counts exactly what Twilio will bill."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.lib.placeholders import PlaceholderError
from clinic.lib.sms_text import segments
from patients.eligibility import Reason
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience, composing, tally
from sms.models import GroupMessage, Message
from sms.tally import Parts, Tally
from tests.factories import NOW, PatientFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db

SHARED = "+61412900001"
# All that a database may hold: PostgreSQL stores neither NUL nor half a character.
characters = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")
names = st.one_of(
    st.sampled_from(["", " ", "   ", "\t", "\u00a0", " Ana ", "{first_name}", "%s", "O'Neil", "Zoë", "😀"]),
    st.text(characters, max_size=20),
)
literals = st.one_of(
    st.sampled_from(["{{", "}}", "{{first_name}}", "100%", "%(x)s", "'; --", "\\", "\n", " ", "€"]),
    st.text(characters, max_size=20).map(lambda text: text.replace("{", "{{").replace("}", "}}")),
)
fallbacks = st.text(characters, max_size=8).map(lambda text: text.replace("{", "").replace("}", ""))
gaps = st.builds(
    lambda name, fallback: f"{{{name}}}" if fallback is None else f"{{{name}|{fallback}}}",
    st.sampled_from(["first_name", "last_name", "clinic_name", "clinic_phone"]),
    st.none() | fallbacks,
)
bodies = st.lists(literals | gaps, min_size=1, max_size=8).map("".join)


def written(body: str) -> dict[int, str]:
    """Each patient's text, as the database writes it."""
    template = audience.with_clinic(audience.template_of(body), SmsSettings.load())
    everybody: Any = audience.everybody(steps.draft(body))
    annotated = everybody.annotate(text=audience.text_expression(template))
    return dict(annotated.values_list("pk", "text"))


def tallied(group: GroupMessage) -> Tally:
    return tally.of(group, audience.whole(group, SmsSettings.load()))


@given(body=bodies, first_name=names, last_name=names, clinic_name=names, clinic_phone=names)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_writes_what_python_writes(
    body: str, first_name: str, last_name: str, clinic_name: str, clinic_phone: str
) -> None:
    values = {
        "first_name": first_name,
        "last_name": last_name,
        "clinic_name": clinic_name,
        "clinic_phone": clinic_phone,
    }
    patient = Patient.objects.first() or PatientFactory.create()
    Patient.objects.update(first_name=first_name, last_name=last_name)
    SmsSettings.objects.update(clinic_name=clinic_name, clinic_phone=clinic_phone)
    expected = audience.template_of(body).render(values)
    assert written(body) == {patient.pk: expected}
    # And once more through the text that confirming keeps.
    kept = str(audience.with_clinic(audience.template_of(body), SmsSettings.load()))
    assert written(kept) == {patient.pk: expected}


def test_those_who_share_a_phone_are_addressed_by_the_fallback() -> None:
    ana, ben = (PatientFactory.create(phone=SHARED, first_name=name) for name in ("Ana", "Ben"))
    cleo = PatientFactory.create(first_name="Cleo", last_name="Ng")
    gone = PatientFactory.create(phone=cleo.phone, first_name="Dan", archived=True)
    texts = written("Hi {first_name|all}{last_name}")
    assert (texts[ana.pk], texts[ben.pk], texts[cleo.pk]) == ("Hi all", "Hi all", "Hi CleoNg")
    assert texts[gone.pk] == "Hi all"


def test_a_first_name_that_is_not_known_has_a_stand_in() -> None:
    patient = PatientFactory.create(first_name="", last_name="Ng")
    assert written("Hi {first_name} {last_name}") == {patient.pk: "Hi there Ng"}


def test_an_empty_text_and_one_of_nothing_but_gaps_can_be_written() -> None:
    patient = PatientFactory.create(first_name="Ana", last_name="Ng")
    assert written("") == {patient.pk: ""}
    assert written("{first_name}") == {patient.pk: "Ana"}


def test_as_many_gaps_as_fit_into_a_text_can_be_written() -> None:
    patient = PatientFactory.create(first_name="Ana")
    body = "{first_name} " * (1600 // len("{first_name} "))
    assert written(body) == {patient.pk: "Ana " * (1600 // len("{first_name} "))}
    group = steps.frozen(body)
    assert group.messages.get().body == written(body)[patient.pk]


@pytest.mark.parametrize("body", ["{surname}", "{", "}", "{date}", "{}"])
def test_what_cannot_be_filled_in_is_refused(body: str) -> None:
    with pytest.raises(PlaceholderError):
        audience.template_of(body)


def test_parts_are_counted_exactly_over_all_texts() -> None:
    SmsSettings.objects.update(clinic_name="Harbour")
    for first_name in ("Al", "Al", "Zoë" * 20, "Александр", "😀" * 30, ""):
        PatientFactory.create(first_name=first_name)
    PatientFactory.create_batch(2, phone=SHARED, first_name="Shared")
    PatientFactory.create(first_name="Archived" * 12, archived=True)
    body = "Hi {first_name}, " + "x" * 100 + " {clinic_name}"
    parts = tallied(steps.draft(body)).parts
    group = steps.frozen(body)
    texts = list(group.messages.exclude(body="").values_list("body", flat=True))
    each = [len(segments(text)) for text in texts]
    longest = max(map(len, texts))
    assert parts == Parts(texts=7, total=sum(each), fewest=min(each), most=max(each), longest=longest)
    assert tallied(group).parts == parts
    assert parts.most > parts.fewest


def test_a_text_for_nobody_has_no_parts_and_no_samples() -> None:
    PatientFactory.create(accepts=False)
    group = steps.draft(marketing=True)
    found = tallied(group)
    assert (found.number, found.left_out, found.parts, found.samples()) == (0, 1, Parts(0, 0, 0, 0, 0), [])


def test_samples_are_the_longest_the_shortest_and_a_shared_one() -> None:
    for first_name in ("Maximiliane", "Ana", "Jo"):
        PatientFactory.create(first_name=first_name)
    shared, _ = PatientFactory.create_batch(2, phone=SHARED, first_name="Shared")
    PatientFactory.create(first_name="Longest of all, but archived", archived=True)
    SmsSettings.objects.update(clinic_name="Harbour")
    samples = tallied(steps.draft("{first_name|you} at {clinic_name}")).samples()
    assert [(sample.text, sample.shared) for sample in samples] == [
        ("Maximiliane at Harbour", False),
        ("Jo at Harbour", False),
        ("you at Harbour", True),
    ]
    assert samples[2].patient == shared
    assert {sample.parts for sample in samples} == {1}


def test_the_samples_are_as_many_as_there_are_people() -> None:
    PatientFactory.create_batch(2)
    assert len(tallied(steps.draft()).samples()) == 2


def test_samples_read_exactly_as_what_is_sent() -> None:
    for first_name in ("Ana", " ", "{x}"):
        PatientFactory.create(first_name=first_name)
    group = steps.draft("Hi {first_name} {{x}} {last_name|friend} {clinic_name}")
    samples = tallied(group).samples()
    steps.confirm(group)
    composing.freeze(group_id=group.pk, at=NOW)
    for sample in samples:
        assert Message.objects.get(patient=sample.patient).body == sample.text


def test_counts_and_verdicts_on_the_review_agree_with_the_list() -> None:
    everybody: list[Patient] = [
        PatientFactory.create(accepts=True),
        PatientFactory.create(accepts=False),
        PatientFactory.create(phone="", accepts=True),
        PatientFactory.create(archived=True, accepts=True),
        *PatientFactory.create_batch(2, phone=SHARED, accepts=True),
        PatientFactory.create(accepts=True, first_name="Unticked"),
    ]
    group: GroupMessage = steps.draft(marketing=True)
    composing.untick(group_id=group.pk, patient_id=everybody[-1].pk, ticked=False)
    verdicts = audience.verdicts_for(group, everybody)
    number = audience.recipients(group).count()
    steps.confirm(group)
    composing.freeze(group_id=group.pk, at=NOW)
    rows = dict(group.messages.values_list("patient", "left_out_reason"))
    assert {pk: reason or "" for pk, reason in verdicts.items()} == rows
    assert list(rows.values()).count("") == number == 2
    assert rows[everybody[-1].pk] == Reason.DESELECTED


def test_who_gets_it_is_counted_by_time_zone() -> None:
    group = steps.draft(marketing=True)
    at_home, perth, london = PatientFactory.create_batch(3, accepts=True)
    refusing = PatientFactory.create(accepts=False)
    assert audience.per_zone(group, number=3) == {"": 3}
    for patient, zone in ((perth, "Australia/Perth"), (london, "Europe/London"), (refusing, "Asia/Tokyo")):
        Patient.objects.filter(pk=patient.pk).update(time_zone=zone)
    assert audience.per_zone(group, number=3) == {"": 1, "Australia/Perth": 1, "Europe/London": 1}
    Patient.objects.filter(pk=at_home.pk).update(time_zone="Australia/Perth")
    assert audience.per_zone(group, number=3) == {"Australia/Perth": 2, "Europe/London": 1}
