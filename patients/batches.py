"""Apply the default to all existing patients, and take it back: the same few statements at any size."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import BaseExpression

from clinic.insert_select import insert_select
from patients.models import ConsentEvent, ConsentSource, Patient, PreferenceBatch, SuppressedNumber
from patients.models.consent import CHOSEN

Scope = PreferenceBatch.Scope


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying the default would do, in patients."""

    to_yes: int
    to_no: int
    unchanged: int
    choices_overwritten: int
    blocked: int

    @property
    def changed(self) -> int:
        return self.to_yes + self.to_no


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What undoing a batch would do, in patients."""

    restored: int
    touched_since: int


class AlreadyUndone(Exception):
    """This batch has been undone before."""


class CountChanged(Exception):
    """Not as many patients would change as was confirmed, so nobody has been changed."""

    def __init__(self, *, confirmed: int, found: int) -> None:
        self.confirmed, self.found = confirmed, found
        super().__init__(f"{confirmed} patients were confirmed, {found} would change.")


class AnotherUnderWay(Exception):
    """Somebody else is changing all patients at this very moment, so nobody has been changed."""


def preview(*, accept: bool, scope: Scope) -> Preview:
    """Count, in one query, who would change. `blocked` are those whose number stays blocked in any case."""
    in_scope, changing = _in_scope(scope), Q(accepts_sms_marketing=not accept)
    on_blocked = Exists(SuppressedNumber.objects.in_force().filter(phone=OuterRef("phone")))
    found = in_scope.annotate(on_blocked=on_blocked).aggregate(
        changed=Count("pk", filter=changing),
        unchanged=Count("pk", filter=~changing),
        overwritten=Count("pk", filter=changing & Q(sms_marketing_source__in=CHOSEN)),
        blocked=Count("pk", filter=Q(on_blocked=True)),
    )
    return Preview(
        to_yes=found["changed"] if accept else 0,
        to_no=0 if accept else found["changed"],
        unchanged=found["unchanged"],
        choices_overwritten=found["overwritten"],
        blocked=found["blocked"],
    )


def undo_preview(batch: PreferenceBatch) -> UndoPreview:
    """Count whom undoing `batch` would restore, and who has been touched since and stays as they are."""
    restored = _untouched(batch).count()
    return UndoPreview(restored=restored, touched_since=batch.changed - restored)


def apply_default(
    *,
    accept: bool,
    scope: Scope,
    at: datetime,
    by: AbstractBaseUser | None = None,
    confirmed: int | None = None,
) -> PreferenceBatch:
    """Set the preference of every patient in `scope` to `accept`, with a ledger row for each that changes.

    The ledger rows are written first, from the locked patients; the second statement follows the ledger. So
    both speak of exactly the same patients, whoever else is at work. Numbers blocked by STOP stay blocked.
    Raises CountChanged, and changes nobody, if not exactly `confirmed` patients (where given) would change;
    AnotherUnderWay.
    """
    with transaction.atomic():
        _be_the_only_one()
        batch = PreferenceBatch.objects.create(to_value=accept, scope=scope, recorded_by_id=_pk(by), at=at)
        changing = _in_scope(scope).filter(accepts_sms_marketing=not accept)
        columns = _ledger_columns(batch, ConsentSource.BULK_DEFAULT) | {"to_value": Value(accept)}
        batch.changed = insert_select(ConsentEvent, columns, _locked(changing))
        if confirmed is not None and batch.changed != confirmed:
            raise CountChanged(confirmed=confirmed, found=batch.changed)
        batch.save(update_fields=["changed"])
        source = Value(ConsentSource.BULK_DEFAULT.value)
        _follow_ledger(batch, accepts=Value(accept), source=source)
    return batch


def undo(*, batch_id: int, at: datetime, by: AbstractBaseUser | None = None) -> PreferenceBatch:
    """Give back what a batch took, to exactly the patients whom nobody has touched since.

    Undoing an undo works the same way. Raises PreferenceBatch.DoesNotExist, AlreadyUndone, AnotherUnderWay.
    """
    with transaction.atomic():
        _be_the_only_one()
        done = PreferenceBatch.objects.select_for_update().get(pk=batch_id)
        if done.undos.exists():
            raise AlreadyUndone
        batch = PreferenceBatch.objects.create(
            to_value=None, scope=done.scope, undo_of=done, recorded_by_id=_pk(by), at=at
        )
        columns = _ledger_columns(batch, ConsentSource.UNDO) | {"to_value": F("consent_events__from_value")}
        batch.changed = insert_select(ConsentEvent, columns, _locked(_untouched(done)))
        batch.save(update_fields=["changed"])
        of_done = ConsentEvent.objects.filter(pk=OuterRef("consent_event"))
        accepts, source = (Subquery(of_done.values(name)) for name in ("from_value", "from_source"))
        _follow_ledger(batch, accepts=accepts, source=source)
    return batch


def _be_the_only_one() -> None:
    """Until the transaction ends nobody else changes all patients; whoever tries is told at once.

    SQLite needs no more than its one writer at a time: the second one waits, and then finds other figures.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [PreferenceBatch._meta.db_table])
        if not cursor.fetchone()[0]:
            raise AnotherUnderWay


def _in_scope(scope: Scope) -> QuerySet[Patient]:
    """A choice that an earlier batch overwrote is still a choice, so the ledger is asked too.

    The column is asked as well, because it is looked at again on the locked row: a choice that was made while
    the statement waited counts.
    """
    everybody = Patient.objects.not_erased().order_by()
    if scope == Scope.EVERYONE:
        return everybody
    chose = ConsentEvent.objects.filter(patient=OuterRef("pk"), source__in=CHOSEN)
    return everybody.exclude(sms_marketing_source__in=CHOSEN).exclude(Exists(chose))


def _untouched(batch: PreferenceBatch) -> QuerySet[Patient]:
    """Patients whose newest ledger row is still that of `batch`, each joined to it as `consent_events`.

    Joined by the patient's id, so that a database that does not know yet how large the batch is finds each
    patient by an index.
    """
    return Patient.objects.not_erased().filter(
        consent_events__batch=batch, consent_event=F("consent_events__pk")
    )


def _locked(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """Locked as they are read, in the order of `consent.lock_number`: the two never wait for each other.

    A row that changed meanwhile is looked at again, and no longer matches.
    """
    return patients.order_by("pk").select_for_update(no_key=True, of=("self",))


def _ledger_columns(batch: PreferenceBatch, source: ConsentSource) -> dict[str, BaseExpression | F]:
    return {
        "patient": F("pk"),
        "from_value": F("accepts_sms_marketing"),
        "from_source": F("sms_marketing_source"),
        "source": Value(source.value),
        "how": Value(""),
        "evidence": Value(""),
        "phone": F("phone"),
        "recorded_by": Value(
            batch.recorded_by_id, output_field=ConsentEvent._meta.get_field("recorded_by").target_field
        ),
        "batch": Value(batch.pk),
        "at": Value(batch.at),
    }


def _follow_ledger(batch: PreferenceBatch, *, accepts: BaseExpression, source: BaseExpression) -> None:
    """Bring the patients of `batch` in line with the ledger rows that were just written for them.

    They are locked, so their newest row is that one. It is not looked up by its batch: the database has no
    statistics about rows this new, and might read a million of them for each of a million patients.
    """
    newest = ConsentEvent.objects.filter(patient=OuterRef("pk")).order_by("-pk")
    Patient.objects.filter(pk__in=ConsentEvent.objects.filter(batch=batch).values("patient")).update(
        accepts_sms_marketing=accepts,
        sms_marketing_source=source,
        consent_event=Subquery(newest.values("pk")[:1]),
        updated_at=batch.at,
    )


def _pk(user: AbstractBaseUser | None) -> int | None:
    return user.pk if user else None
