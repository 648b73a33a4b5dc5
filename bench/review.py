"""What the review page counts: who gets a group SMS and why others do not, and what all their texts come to."""

from collections.abc import Callable, Iterator
from time import perf_counter

from django.db import connection

from bench.databases import Clinics
from bench.figures import Figure, Runs, in_turns, told
from bench.groups import draft
from patients.eligibility import counts
from settings_app.models import SmsSettings
from sms import audience, tally
from sms.models import GroupMessage

# As short as SQL can say who gets this one text. Nothing here is asked of the settings, and nobody was unticked.
_BARE = """
SELECT reason, COUNT(*) FROM (
  SELECT CASE WHEN own <> '' THEN own
    WHEN ROW_NUMBER() OVER (PARTITION BY phone, own ORDER BY id) > 1 THEN 'shared_number' ELSE '' END AS reason
  FROM (
    SELECT id, phone, CASE
      WHEN phone = '' THEN 'no_mobile'
      WHEN phone_kind IN ('landline', 'other') OR number_refused_at IS NOT NULL THEN 'invalid_number'
      WHEN deceased_at IS NOT NULL THEN 'deceased'
      WHEN archived_at IS NOT NULL THEN 'archived'
      WHEN phone IN (SELECT phone FROM patients_suppressednumber WHERE lifted_at IS NULL) THEN 'number_blocked'
      {more}
      ELSE '' END AS own
    FROM ({patients}) AS people {fence}
  ) AS judged
) AS placed GROUP BY reason
"""
_EVERYBODY = "SELECT * FROM patients_patient WHERE erased_at IS NULL"
_WITH_SIBLINGS = """
SELECT *, COUNT(*) FILTER (WHERE NOT accepts_sms_marketing AND archived_at IS NULL AND deceased_at IS NULL)
  OVER (PARTITION BY phone) AS refusing
FROM patients_patient WHERE erased_at IS NULL
"""
_MARKETING = """
WHEN NOT accepts_sms_marketing THEN 'not_subscribed'
WHEN refusing > 0 THEN 'shared_number_refused'
"""


def figures(clinics: Clinics, *, number: int, rounds: int) -> Iterator[Figure]:
    with clinics.of(number, accepting=True):
        for is_marketing in (True, False):
            yield from _of_one(draft(is_marketing=is_marketing), number, rounds)


def _of_one(group: GroupMessage, number: int, rounds: int) -> Iterator[Figure]:
    bare, template = _bare(group), audience.whole(group, SmsSettings.load())
    deeds: dict[str, Callable[[], dict[str, int]]] = {
        "counts": lambda: counts(audience.everybody(group)),
        "parts": lambda: _tallied(tally.of(group, template)),
        "floor": lambda: _asked(bare),
    }
    runs = Runs()
    for name in in_turns(list(deeds), rounds):
        start = perf_counter()
        found = deeds[name]()
        runs.add(name, perf_counter() - start)
        assert found == _asked(bare), name
    floor = runs.median("floor")
    for name, at_most, what in (
        ("counts", 1.3, "the counts by reason"),
        ("parts", 3, "the counts, the parts of all texts and three samples"),
    ):
        yield Figure(
            name=f"review_{name}_{group.purpose}",
            ratio=runs.median(name) / floor,
            at_most=at_most,
            compared=f"{what} with the barest query that counts by reason",
            details=told(patients=number, rounds=rounds, seconds=runs.median(name), floor_seconds=floor),
        )


def _tallied(found: tally.Tally) -> dict[str, int]:
    assert found.parts.total >= found.number
    assert len(found.samples()) == 3
    return found.per_reason | {"": found.number}


def _bare(group: GroupMessage) -> str:
    return _BARE.format(
        more=_MARKETING if group.is_marketing else "",
        patients=_WITH_SIBLINGS if group.is_marketing else _EVERYBODY,
        fence="OFFSET 0" if connection.vendor == "postgresql" else "",
    )


def _asked(sql: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return dict(cursor.fetchall())
