"""A queryset with marks says, with values in their places, what it would say if it were written with them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import BigAutoField, CharField, DateTimeField, UUIDField
from django.test.utils import CaptureQueriesContext

from clinic.compiled import Compiled, IsOneOf, Mark
from clinic.update_rows import update_rows
from sms.models import GroupMessage, Message
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db

SENT_FROM = Compiled(
    lambda: (
        Message.objects.filter(
            IsOneOf("pk", Mark("these", BigAutoField(), many=True)),
            created_at__lte=Mark("until", DateTimeField()),
            status=Mark("status", CharField()),
        )
        .order_by("pk")
        .values_list("pk", "created_at", "token")
    )
)


def test_the_same_question_with_other_values_has_other_answers() -> None:
    messages = [steps.queued(PatientFactory.create(), at=NOW + timedelta(minutes=n)) for n in range(4)]
    ids = [message.pk for message in messages]

    def found(these: list[int], until: int) -> list[int]:
        at = NOW + timedelta(minutes=until)
        return [pk for pk, _, _ in SENT_FROM.rows(these=these, until=at, status=Status.QUEUED)]

    assert found(ids, 9) == ids
    assert found(ids[1:3], 9) == ids[1:3]
    assert found(ids, 1) == ids[:2]
    assert found([], 9) == []
    assert SENT_FROM.rows(these=ids, until=NOW, status=Status.SENDING) == []
    with pytest.raises(KeyError, match="until"):
        SENT_FROM.rows(these=ids, status=Status.QUEUED)


def test_the_values_come_as_a_queryset_would_bring_them() -> None:
    message = steps.queued(PatientFactory.create())
    fresh = Message.objects.get()
    rows = SENT_FROM.rows(these=[message.pk], until=NOW, status=Status.QUEUED)
    assert rows == [(fresh.pk, fresh.created_at, fresh.token)]


def test_lists_hold_other_kinds_than_numbers() -> None:
    PatientFactory.create()
    group, _other = steps.frozen(), steps.draft()
    these = GroupMessage.objects.filter(IsOneOf("pk", Mark("ids", UUIDField(), many=True)))
    assert Compiled(lambda: these.values_list("pk")).rows(ids=[group.pk]) == [(group.pk,)]


def test_rows_get_values_of_their_own_and_the_same_besides() -> None:
    one, two, three = (steps.queued(PatientFactory.create()) for _ in range(3))
    group_of_two = [(one.pk, "first", None), (two.pk, 'it\'s "second" 100% 👍', NOW)]
    with CaptureQueriesContext(connection) as queries:
        updated = update_rows(
            Message,
            ("body", "not_before"),
            [*group_of_two, (three.pk, "third", NOW)],
            same={"error_code": 7},
            where={"status": [Status.QUEUED], "pk": [one.pk, two.pk]},
        )
    assert len(queries) == 1
    assert updated == {one.pk, two.pk}
    rows = Message.objects.order_by("pk").values_list("pk", "body", "not_before", "error_code")
    assert list(rows) == [*((*row, 7) for row in group_of_two), (three.pk, three.body, None, None)]


def test_what_does_not_fit_is_refused_and_not_cut_off() -> None:
    message = steps.queued(PatientFactory.create())
    too_long = "x" * 50
    if connection.vendor == "postgresql":
        with pytest.raises(Exception, match="too long"):
            update_rows(Message, ("sid",), [(message.pk, too_long)], same={}, where={})
    else:
        update_rows(Message, ("sid",), [(message.pk, too_long)], same={}, where={})
        assert Message.objects.get().sid == too_long


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert update_rows(Message, ("sid",), [], same={}, where={}) == set()
    assert len(queries) == 0
