"""What people do while texts leave: press twice, refuse, edit, archive, share a number."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.utils import timezone

from clinic.lib import phone as phones
from patients import registration
from patients.batches import apply_default
from patients.consent import Choice, record_consent
from patients.models import ConsentHow, ConsentSource, PreferenceBatch
from sms import erasure, tasks
from tests.faults.stage import Browser, Scenario, Stage, someone
from tests.sms.twilio import MARKETING

DOUBLE = "50 double submits; two tabs; two beats, two dispatchers, two reconcilers"
REFUSALS = "pause and cancel mid-send; refusals mid-send by reply, page, import, apply-to-all, 21610"
EDITS = "patient edited, archived, erased, number changed mid-send; number shared by 2 to 5"


def fifty_confirmations(stage: Stage) -> None:
    """One button, pressed fifty times at once; every other run from two tabs."""
    browsers = [Browser(stage.world) for _ in range(1 + stage.run % 2)]
    stage.people()
    path, fields = browsers[0].draft(f"Once, {stage.word}")

    def confirm(number: int) -> int:
        browser = browsers[number % len(browsers)]
        form = fields | {"csrfmiddlewaretoken": browser.session.cookies["csrftoken"]}
        answer = browser.session.post(browser.url + path, data=form, timeout=60, allow_redirects=False)
        return answer.status_code

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(confirm, range(50)))
    stage.must(answers == {302}, f"confirmations were answered {sorted(answers)}")
    [(group,)] = stage.world.ask("SELECT id::text FROM sms_groupmessage WHERE status <> 'draft'")
    stage.lists[group] = 200
    stage.until_posted(200)
    stage.over()


def meanwhile(stage: Stage, work: Callable[[], None], *, marketing: bool = False) -> None:
    """Do `work` again and again while a group SMS leaves."""
    stage.world.twilio.set(latency_ms=150)
    stage.group_sms(marketing=marketing)
    stage.until_posted(5)
    end = time.monotonic() + 30
    while time.monotonic() < end and stage.world.ask("SELECT 1 FROM sms_message WHERE status = 'queued'"):
        work()
    stage.over()


# --- Refusals -------------------------------------------------------------------------------------------------


def refused_by_reply(stage: Stage) -> None:
    patients = stage.people()
    stage.chance.shuffle(patients)

    def stop() -> None:
        stage.world.twilio.reply(from_=patients.pop().phone, body="STOP", to=MARKETING)

    meanwhile(stage, stop, marketing=True)


def refused_on_page(stage: Stage) -> None:
    patients = stage.people()
    stage.chance.shuffle(patients)

    def refuse() -> None:
        no = Choice(False, ConsentSource.STAFF, ConsentHow.PHONE)
        record_consent(patient_id=patients.pop().pk, choice=no, at=timezone.now())

    meanwhile(stage, refuse, marketing=True)


def refused_by_import(stage: Stage) -> None:
    """Somebody new with the same number refuses: nobody on it may get promotions any more."""
    patients = stage.people()
    stage.chance.shuffle(patients)

    def add() -> None:
        number = phones.parse(patients.pop().phone, country="AU")
        no = Choice(False, ConsentSource.IMPORT, ConsentHow.FORM)
        details = registration.Details(last_name=f"{stage.word}name", phone=number)
        registration.register_many(details=[(details, no)], at=timezone.now())

    meanwhile(stage, add, marketing=True)


def refused_by_all(stage: Stage) -> None:
    """Apply to all existing patients: reject."""
    stage.people()

    def apply() -> None:
        apply_default(accept=False, scope=PreferenceBatch.Scope.EVERYONE, at=timezone.now())

    meanwhile(stage, apply, marketing=True)
    left = stage.world.ask("SELECT count(*) FROM sms_message WHERE status = 'left_out'")[0][0]
    stage.must(left > 0, "everybody had been texted before the refusal")


def refused_at_twilio(stage: Stage) -> None:
    """The carrier says 21610 of every fourth number; the next group SMS leaves them all out."""
    patients = stage.people()
    stage.world.twilio.set(inbound_urls=[])  # Twilio hears the STOP, we do not.
    for patient in patients[::4]:
        stage.world.twilio.reply(from_=patient.phone, body="STOP", to=MARKETING)
    meanwhile(stage, lambda: time.sleep(0.1), marketing=True)
    stage.world.settle()
    told = stage.world.ask("SELECT phone FROM sms_message WHERE error_code = 21610 ORDER BY phone")
    blocked = stage.world.ask("SELECT phone FROM patients_suppressednumber ORDER BY phone")
    stage.must(
        bool(told) and told == blocked, f"Twilio spoke of {len(told)} numbers, {len(blocked)} are blocked"
    )
    stage.group_sms(marketing=True)


# --- Edits ----------------------------------------------------------------------------------------------------


def number_changed(stage: Stage) -> None:
    patients = stage.people()
    stage.chance.shuffle(patients)

    def change() -> None:
        patient = patients.pop()
        new = phones.parse(f"+61413{patient.pk:06d}", country="AU")
        details = registration.Details(last_name=patient.last_name, phone=new)
        registration.change_details(patient_id=patient.pk, details=details)

    meanwhile(stage, change)


def archived(stage: Stage) -> None:
    patients = stage.people()
    stage.chance.shuffle(patients)
    ways = (registration.archive, registration.mark_deceased)

    def away() -> None:
        patient = patients.pop()
        stage.chance.choice(ways)(patient_id=patient.pk, at=timezone.now())

    meanwhile(stage, away)


def erased(stage: Stage) -> None:
    """What is erased mid-send leaves no number behind, and whoever has not been texted is not."""
    patients = stage.people()
    stage.chance.shuffle(patients)

    def erase() -> None:
        erasure.erase(patient_id=patients.pop().pk, at=timezone.now(), by=someone())

    meanwhile(stage, erase)


def swapped(stage: Stage) -> None:
    """Two patients swap their numbers: nobody reads what was meant for the other."""
    patients = stage.people()
    stage.chance.shuffle(patients)

    def swap() -> None:
        one, other = patients.pop(), patients.pop()
        for patient, number in ((one, other.phone), (other, one.phone)):
            parsed = phones.parse(number, country="AU")
            details = registration.Details(last_name=patient.last_name, phone=parsed)
            registration.change_details(patient_id=patient.pk, details=details)

    meanwhile(stage, swap)


def shared(stage: Stage) -> None:
    """Two to five people on each number; while it leaves, those who stand for a number are archived."""
    stage.people(sharing=2 + stage.run % 4)

    def archive_one() -> None:
        waiting = "SELECT patient_id FROM sms_message WHERE status = 'queued' ORDER BY random() LIMIT 1"
        for (patient,) in stage.world.ask(waiting):
            registration.archive(patient_id=patient, at=timezone.now())

    meanwhile(stage, archive_one, marketing=stage.run % 2 == 0)


def reminders_too(stage: Stage) -> None:
    """One-offs to the same people while a group SMS leaves, rung for by many at once."""
    patients = stage.people(100)
    one_off = iter(patients)
    lock = threading.Lock()

    def text() -> None:
        with lock:
            patient = next(one_off, None)
        if patient:
            stage.one_off(patient)
            tasks.send_soon()

    meanwhile(stage, text)


SCENARIOS = [
    Scenario("fifty confirmations at once", DOUBLE, 20, fifty_confirmations),
    Scenario("refusals by reply", REFUSALS, 4, refused_by_reply, smoke=True),
    Scenario("refusals on the page", REFUSALS, 4, refused_on_page),
    Scenario("refusals by import", REFUSALS, 4, refused_by_import),
    Scenario("refusals by apply-to-all", REFUSALS, 4, refused_by_all),
    Scenario("refusals that only Twilio knows", REFUSALS, 4, refused_at_twilio),
    Scenario("numbers changed", EDITS, 5, number_changed),
    Scenario("archived or deceased", EDITS, 5, archived),
    Scenario("erased", EDITS, 5, erased),
    Scenario("numbers swapped", EDITS, 5, swapped),
    Scenario("numbers shared by 2 to 5", EDITS, 20, shared),
    Scenario("one-offs beside a group SMS", DOUBLE, 4, reminders_too),
]
