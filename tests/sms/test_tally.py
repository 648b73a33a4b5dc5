"""What a group SMS comes to is exact, and is no longer to read for a million names than for ten."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clinic.lib.sms_text import segments
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience, tally
from sms.tally import Tally
from tests.factories import PatientFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db

names = st.one_of(
    st.text("aZ é-'Łж😀€[\n\t\u00a0", min_size=1, max_size=30),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30),
)


def tallied(body: str) -> Tally:
    group = steps.draft(body)
    return tally.of(group, audience.whole(group, SmsSettings.load()))


@given(first_name=names, last_name=names, room=st.integers(0, 160))
@example(first_name="😀" * 20, last_name="€" * 20, room=27)
@example(first_name="[" * 30, last_name="]\\^{}", room=93)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_kind_of_text_counts_as_the_text_itself(first_name: str, last_name: str, room: int) -> None:
    patient = Patient.objects.first() or PatientFactory.create()
    Patient.objects.update(first_name=first_name, last_name=last_name)
    body = "{first_name} " + "x" * room + " {last_name|you}"
    values = {"first_name": first_name, "last_name": last_name}
    text = audience.template_of(body).render(values)
    (kind,) = tallied(body).kinds
    assert [part.units for part in segments(kind.text)] == [part.units for part in segments(text)]
    assert (len(kind.text), kind.number, kind.first, kind.last) == (len(text), 1, patient.pk, patient.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite counts each name by itself")
def test_names_that_count_alike_are_counted_together() -> None:
    for first_name, last_name in [("Ana", "Ng"), ("Zoé", "Li"), ("Ben", "Łu"), ("Łuc", "Ng"), ("Ден", "Ли")]:
        PatientFactory.create(first_name=first_name, last_name=last_name)
    texts = {kind.text: kind.number for kind in tallied("{first_name} {last_name}").kinds}
    assert texts == {"xxx xx": 2, "xxx жx": 1, "жxx xx": 1, "жжж жж": 1}


def test_all_is_asked_in_one_query(django_assert_num_queries: object) -> None:
    PatientFactory.create_batch(3)
    group = steps.draft("Hi {first_name} {last_name}")
    template = audience.whole(group, SmsSettings.load())
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = tally.of(group, template)
        assert (found.number, found.parts.total) == (3, 3)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert found.samples()
