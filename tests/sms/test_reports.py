"""The numbers on the pages add up."""

from datetime import timedelta

import pytest

from patients.eligibility import Reason
from sms import reports
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db


def test_progress_counts_texts_and_reasons_apart() -> None:
    PatientFactory.create_batch(len(Status), accepts=True)
    PatientFactory.create(phone="")
    PatientFactory.create_batch(2, accepts=False)
    group = steps.frozen(marketing=True)
    waiting = group.messages.filter(status=Status.QUEUED).order_by("pk")
    for message, status in zip(list(waiting), Status, strict=True):
        reason = Reason.ARCHIVED if status == Status.LEFT_OUT else ""
        steps.put(message, status=status, left_out_reason=reason)
    progress = reports.progress(group)
    assert progress.per_status == {status: 4 if status == Status.LEFT_OUT else 1 for status in Status}
    assert progress.per_reason == {Reason.NO_MOBILE: 1, Reason.NOT_SUBSCRIBED: 2, Reason.ARCHIVED: 1}
    assert list(progress.per_reason) == [Reason.NO_MOBILE, Reason.ARCHIVED, Reason.NOT_SUBSCRIBED]
    assert progress.total == len(Status) - 1
    assert progress.left_out == 4
    assert progress.decided == progress.total - 3
    assert progress.awaiting_news == 2


def test_progress_of_a_text_whose_list_is_not_made_is_nothing() -> None:
    progress = reports.progress(steps.draft())
    assert (progress.total, progress.left_out, progress.decided) == (0, 0, 0)


def test_texts_since_an_instant_are_counted_without_those_left_out() -> None:
    steps.queued(PatientFactory.create(), at=NOW - timedelta(days=1))
    steps.queued(PatientFactory.create(), at=NOW)
    PatientFactory.create(phone="")
    group = steps.frozen(at=NOW)
    assert group.messages.filter(status=Status.LEFT_OUT).count() == 1
    assert reports.sent_since(NOW) == {Status.QUEUED: 3}
