"""The database itself refuses a step of a text that the table of steps does not have."""

import itertools

import pytest
from django.db import DatabaseError, connection, transaction

from sms import legal_steps
from sms.models import Message
from sms.status import Status, may_follow
from tests.factories import PatientFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db


def standing_as(status: Status) -> Message:
    message = steps.queued(PatientFactory.create())
    return steps.put(message, status=status, left_out_reason="archived" if status == Status.LEFT_OUT else "")


def take(message: Message, status: Status) -> None:
    reason = "archived" if status == Status.LEFT_OUT else ""
    with transaction.atomic():
        Message.objects.filter(pk=message.pk).update(status=status, left_out_reason=reason)


@pytest.mark.parametrize("old", Status)
def test_the_database_allows_the_steps_of_the_table_and_no_others(old: Status) -> None:
    for new in Status:
        message = standing_as(old)
        if new == old or new in may_follow(old):
            take(message, new)
            assert steps.status_of(message) == new
            continue
        with pytest.raises(DatabaseError, match="No text goes this way"):
            take(message, new)
        assert steps.status_of(message) == old


def test_what_has_been_handed_over_never_waits_again() -> None:
    """The one promise that all others rest on, read off the table."""
    handed_over = {Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.FAILED}
    again = {Status.QUEUED, Status.SENDING}
    assert not [(old, new) for old, new in itertools.product(handed_over, again) if new in may_follow(old)]


def test_what_was_stopped_or_is_too_late_never_waits_again() -> None:
    for over in (Status.CANCELLED, Status.EXPIRED):
        assert not may_follow(over) & {Status.QUEUED, Status.SENDING, Status.UNKNOWN}


def test_only_waiting_texts_are_claimed() -> None:
    assert [status for status in Status if Status.SENDING in may_follow(status)] == [Status.QUEUED]


def test_the_guard_is_there_after_all_migrations_and_comes_back_if_it_is_lost() -> None:
    """SQLite drops the triggers of a table that it rebuilds, as it does for many migrations."""
    before = legal_steps._installed(connection)
    assert before
    table = f" ON {legal_steps.TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {legal_steps.NAME}{table}")
    assert legal_steps._installed(connection) is None
    legal_steps.install(using="default")
    assert legal_steps._installed(connection) == before
    message = standing_as(Status.DELIVERED)
    with pytest.raises(DatabaseError, match="No text goes this way"):
        take(message, Status.QUEUED)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_flush_between_tests_leaves_it_in_place(turn: int) -> None:
    assert legal_steps._installed(connection)
