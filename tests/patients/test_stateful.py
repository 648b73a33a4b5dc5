"""Whatever happens in whatever order, consent holds.

A few stories each time; HYPOTHESIS_PROFILE=thorough tells 500 of 50 steps each, other ones each time.
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.patients.consent_machine import Consent

QUICK = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# Some stories of Hypothesis are short and do not count; opening the clinic is a step and does not count either.
THOROUGH = settings(QUICK, max_examples=720, stateful_step_count=51, derandomize=False)


@pytest.mark.django_db
def test_consent_holds_whatever_happens(record_testsuite_property: Callable[[str, object], None]) -> None:
    thorough = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
    Consent.lengths.clear()
    run_state_machine_as_test(Consent, settings=THOROUGH if thorough else QUICK)
    record_testsuite_property("stories", len(Consent.lengths))
    record_testsuite_property("steps", sum(Consent.lengths))
    if thorough:
        assert sum(length >= 50 for length in Consent.lengths) >= 500
