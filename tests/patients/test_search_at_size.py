"""Among many patients, PostgreSQL finds the few by an index."""

import re

import pytest
from django.db import connection

from patients.models import Patient
from tests.factories import PatientFactory

pytestmark = [
    # What is rolled back stays in the table's file, and makes every test slow that comes after; what is truncated goes.
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite reads the whole table"),
]
MANY = 100_000


@pytest.fixture
def _many() -> None:
    """Copies of one patient with other names and numbers."""
    first = PatientFactory.create(first_name="", last_name="x", phone="0412 345 678", reference="")
    fields = [field.column for field in Patient._meta.concrete_fields if not field.primary_key]
    other = {
        "search_name": "md5(n::text) || ' ' || md5((n + 1)::text)",
        "last_name": "md5(n::text)",
        "phone": "'+614' || lpad(n::text, 8, '0')",
        "reference": "'R-' || n",
    }
    values = ", ".join(other.get(name, f'"{name}"') for name in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO patients_patient ({', '.join(fields)}) SELECT {values} "  # noqa: S608  no words of anybody's
            f"FROM patients_patient, generate_series(1, {MANY}) n WHERE id = {first.pk}"
        )
        cursor.execute("ANALYZE patients_patient")


@pytest.mark.usefixtures("_many")
def test_each_search_uses_an_index() -> None:
    for typed, index in {
        "c4ca4238": "patient_name_parts",
        "c4ca c81e7": "patient_name_parts",
        "0400 012 345": "patient_phone_parts",
        "012345": "patient_phone_parts",
        "r-12345": "patient_reference_any_case",
    }.items():
        found = Patient.objects.active().search(typed, country="AU").order_by()
        assert found.exists(), typed
        plan = found.explain()
        assert index in plan, re.sub(r"\(cost.*", "", plan)
        assert "Seq Scan" not in plan, typed
