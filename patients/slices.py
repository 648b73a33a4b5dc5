"""The statements by which a batch changes a stretch of patients: the ledger first, then the patients after it.

Every part of them is bounded by the stretch, so that a slice costs the same at the end of a million as at the
beginning, even while the database has no statistics yet about rows this new.
"""

from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.expressions import BaseExpression

from clinic.insert_select import insert_select
from clinic.update_from import update_from
from patients.models import ConsentEvent, ConsentSource, Patient, PreferenceBatch
from patients.models.consent import CHOSEN

Scope = PreferenceBatch.Scope


def in_scope(scope: Scope) -> QuerySet[Patient]:
    """A choice that an earlier batch overwrote is still a choice, so the ledger is asked too.

    The column is asked as well, because it is looked at again on the locked row: a choice that was made while
    the statement waited counts.
    """
    everybody = Patient.objects.not_erased().order_by()
    if scope == Scope.EVERYONE:
        return everybody
    chose = ConsentEvent.objects.filter(patient=OuterRef("pk"), source__in=CHOSEN)
    return everybody.exclude(sms_marketing_source__in=CHOSEN).exclude(Exists(chose))


def untouched(batch: PreferenceBatch, *, after: int = 0, up_to: int | None = None) -> QuerySet[Patient]:
    """Patients whose newest ledger row is still that of `batch`, each joined to it as `consent_events`.

    Joined by the patient's id, and the stretch said of the ledger's side: so the index of a batch's patients
    finds them.
    """
    of_batch = {"consent_events__batch": batch, "consent_events__patient__gt": after}
    if up_to is not None:
        of_batch["consent_events__patient__lte"] = up_to
    return Patient.objects.not_erased().filter(**of_batch, consent_event=F("consent_events__pk")).order_by()


def changing(batch: PreferenceBatch, *, after: int, up_to: int) -> QuerySet[Patient]:
    """The patients of the stretch that `batch` is to change: nobody who came, or was changed, since it began."""
    if batch.undo_of is not None:
        return untouched(batch.undo_of, after=after, up_to=up_to)
    stretch = in_scope(Scope(batch.scope)).filter(pk__gt=after, pk__lte=up_to)
    return stretch.filter(accepts_sms_marketing=not batch.to_value, consent_event__lte=batch.last_event)


def end_of_slice(batch: PreferenceBatch, *, patients: int) -> int:
    """The id of the patient with whom the next slice ends, if it looks at so many `patients`."""
    ahead = Patient.objects.filter(pk__gt=batch.done_up_to, pk__lt=batch.last_patient)
    ends = ahead.order_by("pk").values_list("pk", flat=True)[patients - 1 : patients]
    return next(iter(ends), batch.last_patient)


def change(batch: PreferenceBatch, *, after: int, up_to: int) -> int:
    """Change the patients of the stretch, in the caller's transaction; returns how many.

    The ledger rows are written first, from the locked patients; the second statement follows the ledger. So
    both speak of exactly the same patients, whoever else is at work.
    """
    columns = _ledger_columns(batch)
    changed = insert_select(ConsentEvent, columns, _locked(changing(batch, after=after, up_to=up_to)))
    if changed:
        _follow_ledger(batch, after=after, up_to=up_to)
    return changed


def _locked(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """Locked as they are read, in the order of `consent.lock_number`: the two never wait for each other.

    A row that changed meanwhile is looked at again, and no longer matches.
    """
    return patients.order_by("pk").select_for_update(no_key=True, of=("self",))


def _ledger_columns(batch: PreferenceBatch) -> dict[str, BaseExpression | F]:
    by = ConsentEvent._meta.get_field("recorded_by").target_field
    is_undo = batch.undo_of is not None
    return {
        "patient": F("pk"),
        "from_value": F("accepts_sms_marketing"),
        "from_source": F("sms_marketing_source"),
        "to_value": F("consent_events__from_value") if is_undo else Value(batch.to_value),
        "source": Value((ConsentSource.UNDO if is_undo else ConsentSource.BULK_DEFAULT).value),
        "how": Value(""),
        "evidence": Value(""),
        "phone": F("phone"),
        "recorded_by": Value(batch.recorded_by_id, output_field=by),
        "batch": Value(batch.pk),
        "at": Value(batch.at),
    }


def _follow_ledger(batch: PreferenceBatch, *, after: int, up_to: int) -> None:
    """Bring the patients of the stretch in line with the ledger rows that were just written for them.

    They are locked, so their newest row is that one. Where a preference that is given back came from stands in
    the row before, which is still their `consent_event` while the statement runs.
    """
    source = (
        F("patient__consent_event__from_source")
        if batch.undo_of is not None
        else Value(ConsentSource.BULK_DEFAULT.value)
    )
    update_from(
        Patient,
        {
            "accepts_sms_marketing": F("to_value"),
            "sms_marketing_source": source,
            "consent_event": F("pk"),
            "updated_at": Value(batch.at),
        },
        ConsentEvent.objects.filter(batch=batch, patient__gt=after, patient__lte=up_to),
        key=F("patient"),
    )
