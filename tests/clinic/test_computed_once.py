"""What is computed for each row is computed once, and is otherwise like a column."""

import pytest
from django.db import connection
from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When, Window
from django.db.models.functions import Concat, RowNumber

from clinic.computed_once import computed_once
from patients.eligibility import Purpose, judged
from patients.models import Patient
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db


def called(rows: QuerySet[Patient]) -> QuerySet[Patient]:
    long = Case(
        When(last_name="Oyelaran", then=Value("long")), default=Value("short"), output_field=CharField()
    )
    return computed_once(rows, kind=long)


@pytest.fixture(autouse=True)
def _three() -> None:
    for name in ("Oyelaran", "Ng", "Oyelaran"):
        PatientFactory.create(first_name="Ada", last_name=name)


def test_it_is_filtered_grouped_and_computed_with() -> None:
    rows = called(Patient.objects.all())
    assert dict(rows.order_by().values_list("kind").annotate(Count("pk"))) == {"long": 2, "short": 1}
    assert [each.last_name for each in rows.filter(kind="short")] == ["Ng"]
    assert rows.filter(Q(kind="long") | Q(last_name="Ng")).count() == 3
    place = Window(RowNumber(), partition_by=F("kind"), order_by=F("pk").asc())
    placed = rows.annotate(place=place, both=Concat("kind", Value("!")))
    assert list(placed.filter(place=2).values_list("both", flat=True)) == ["long!"]


def test_it_is_looked_up_in_by_another_query() -> None:
    short = called(Patient.objects.all()).filter(kind="short").values("pk")
    assert [each.last_name for each in Patient.objects.filter(pk__in=short)] == ["Ng"]
    assert called(Patient.objects.filter(pk__in=short)).get().kind == "short"  # type: ignore[attr-defined]


def test_what_stands_in_another_column_has_its_own_name() -> None:
    Patient.objects.filter(last_name="Ng").update(first_name="Ng")
    rows = computed_once(Patient.objects.annotate(family=F("last_name")), given=F("first_name"))
    assert rows.filter(family=F("given")).get().last_name == "Ng"


def test_the_rows_and_their_order_stay() -> None:
    few = Patient.objects.exclude(last_name="Ng").order_by("-pk")
    assert [each.pk for each in called(few)] == [each.pk for each in few]
    assert not called(few.order_by()).ordered
    assert [each.last_name for each in called(Patient.objects.all())] == ["Ng", "Oyelaran", "Oyelaran"]


@pytest.mark.parametrize("purpose", [Purpose.MARKETING, Purpose.SERVICE])
def test_the_rules_are_asked_once_for_each_patient(purpose: Purpose) -> None:
    everybody = judged(Patient.objects.order_by(), purpose).values("left_out_reason")
    written, _ = everybody.filter(left_out_reason="").query.sql_with_params()
    assert written.count('"number_refused_at" IS NOT NULL') == 1
    if connection.vendor == "postgresql":
        assert everybody.explain(verbose=True).count("'invalid_number'") == 1
