"""apply_sms_default, check_consent_ledger and import_patients"""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from patients import batches, csv_import
from patients.consent import Choice, record_consent
from patients.models import ConsentSource, Patient, PreferenceBatch
from settings_app.models import SmsSettings
from tests.factories import NOW, PatientFactory, block

pytestmark = pytest.mark.django_db

COMMANDS = ["apply_sms_default", "check_consent_ledger", "import_patients"]


def run(*arguments: str) -> tuple[str, str]:
    """What the command said, and what it complained about; an error is the last complaint."""
    out, complaints = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=complaints, no_color=True)
    except CommandError as error:
        complaints.write(str(error))
    return out.getvalue(), complaints.getvalue()


def accepting() -> int:
    return Patient.objects.filter(accepts_sms_marketing=True).count()


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """What somebody at the keyboard types; None is nobody there."""

    def type_(text: str | None) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("" if text is None else f"{text}\n"))

    return type_


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        call_command(command, "--help")
    assert exit_.value.code == 0
    assert "xits with 1" in " ".join(capsys.readouterr().out.split())


class TestApplySmsDefault:
    @pytest.fixture(autouse=True)
    def _people(self) -> None:
        PatientFactory.create()
        PatientFactory.create(accepts=False)
        PatientFactory.create(accepts=True)
        block(PatientFactory.create().phone)

    def test_accept(self) -> None:
        out, err = run("apply_sms_default", "--accept", "--yes")
        batch = PreferenceBatch.objects.get()
        assert (accepting(), err) == (4, "")
        for line in (
            "To yes: 3",
            "To no: 0",
            "Unchanged: 1",
            "Own choices replaced: 2",
            "Blocked by STOP, and staying blocked: 1",
            f"Patients changed: 3. To undo: apply_sms_default --undo {batch.pk}",
        ):
            assert line in out

    def test_reject(self) -> None:
        run("apply_sms_default", "--reject", "--yes")
        assert accepting() == 0

    @pytest.mark.parametrize("default", [False, True])
    def test_without_either_the_present_default(self, default: bool) -> None:
        SmsSettings.objects.update(new_patients_accept_marketing=default)
        run("apply_sms_default", "--yes")
        assert accepting() == (4 if default else 0)

    def test_only_never_chosen(self) -> None:
        run("apply_sms_default", "--accept", "--only-never-chosen", "--yes")
        assert accepting() == 2

    def test_dry_run_changes_nothing(self) -> None:
        out, _ = run("apply_sms_default", "--accept", "--dry-run", "--yes")
        assert "To yes: 3" in out
        assert "Nothing was changed (dry run)." in out
        assert (accepting(), PreferenceBatch.objects.count()) == (1, 0)

    def test_with_nothing_to_do_says_so(self) -> None:
        run("apply_sms_default", "--accept", "--yes")
        out, err = run("apply_sms_default", "--accept", "--yes")
        assert ("Nothing would change." in out, err) == (True, "")
        assert PreferenceBatch.objects.count() == 1

    def test_asks_for_the_number(self, answer: Callable[[str | None], None]) -> None:
        answer("3")
        run("apply_sms_default", "--accept")
        assert accepting() == 4

    @pytest.mark.parametrize(
        ("typed", "said"), [("4", "That is not the number."), ("y", "That is not"), (None, "Add --yes.")]
    )
    def test_any_other_answer_changes_nothing(
        self, answer: Callable[[str | None], None], typed: str | None, said: str
    ) -> None:
        answer(typed)
        _, err = run("apply_sms_default", "--accept")
        assert said in err
        assert accepting() == 1

    def test_a_count_that_changes_while_asking_changes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def slow_answer(_: str) -> str:
            PatientFactory.create()
            return "3"

        monkeypatch.setattr("builtins.input", slow_answer)
        _, err = run("apply_sms_default", "--accept")
        assert err == "In the meantime it has become 4. Nothing was changed."
        assert accepting() == 1

    def test_many_are_changed_in_slices_and_it_says_how_far_it_is(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batches, "AT_ONCE", 2)
        out, err = run("apply_sms_default", "--accept", "--yes")
        batch = PreferenceBatch.objects.get()
        assert (accepting(), err) == (4, "3 of 3\n")
        assert f"Patients changed: 3. To undo: apply_sms_default --undo {batch.pk}" in out
        out, err = run("apply_sms_default", "--undo", str(batch.pk), "--yes")
        assert (accepting(), err) == (1, "3 of 3\n")
        assert "Patients restored: 3. To take that back" in out

    def test_while_another_is_under_way_says_how_far_that_is(self) -> None:
        begun = batches.apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW, at_once=0)
        batches.next_slice(begun.pk, patients=2)
        _, err = run("apply_sms_default", "--reject", "--yes")
        assert err.startswith(f"Change {begun.pk} of all patients is under way: 2 of 3.")
        assert "apply_sms_default --resume" in err
        assert accepting() == 3

    def test_resume_goes_on_with_what_is_under_way(self) -> None:
        begun = batches.apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW, at_once=0)
        batches.next_slice(begun.pk, patients=2)
        out, _ = run("apply_sms_default", "--resume", "--dry-run")
        assert (f"Under way: change {begun.pk}, 2 of 3 patients." in out, accepting()) == (True, 3)
        out, _ = run("apply_sms_default", "--resume")
        assert ("Patients changed: 3." in out, accepting()) == (True, 4)
        assert run("apply_sms_default", "--resume")[1] == "No change of all patients is under way."

    def test_says_whom_it_left_alone(self) -> None:
        batches.apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW, at_once=0)
        last = Patient.objects.filter(accepts_sms_marketing=False).latest("pk")
        record_consent(patient_id=last.pk, choice=Choice(False, ConsentSource.STAFF), at=NOW)
        out, _ = run("apply_sms_default", "--resume")
        assert "Changed by somebody else meanwhile, and left alone: 1" in out

    def test_accept_and_reject_at_once_is_refused(self) -> None:
        _, err = run("apply_sms_default", "--accept", "--reject")
        assert "not allowed with" in err


class TestUndo:
    @pytest.fixture
    def batch(self) -> PreferenceBatch:
        PatientFactory.create()
        PatientFactory.create()
        return batches.apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW)

    def test_restores(self, batch: PreferenceBatch) -> None:
        out, err = run("apply_sms_default", "--undo", str(batch.pk), "--yes")
        assert (accepting(), err) == (0, "")
        assert "Restored: 2" in out
        assert "Changed since, and staying as they are: 0" in out

    def test_dry_run_changes_nothing(self, batch: PreferenceBatch) -> None:
        out, _ = run("apply_sms_default", "--undo", str(batch.pk), "--dry-run")
        assert "Restored: 2" in out
        assert accepting() == 2

    def test_twice_is_refused(self, batch: PreferenceBatch) -> None:
        run("apply_sms_default", "--undo", str(batch.pk), "--yes")
        _, err = run("apply_sms_default", "--undo", str(batch.pk), "--yes")
        assert err == "This change has been undone already."

    def test_by_somebody_else_while_asking_is_refused(
        self, batch: PreferenceBatch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def slow_answer(_: str) -> str:
            batches.undo(batch_id=batch.pk, at=NOW)
            return "2"

        monkeypatch.setattr("builtins.input", slow_answer)
        assert run("apply_sms_default", "--undo", str(batch.pk))[1] == "This change has been undone already."

    def test_of_a_change_that_never_was(self) -> None:
        assert run("apply_sms_default", "--undo", "999", "--yes")[1] == "There is no change with this number."

    def test_of_a_part_is_refused(self, batch: PreferenceBatch) -> None:
        _, err = run("apply_sms_default", "--undo", str(batch.pk), "--only-never-chosen", "--yes")
        assert "leave out --only-never-chosen" in err
        assert accepting() == 2


class TestCheckConsentLedger:
    def test_says_that_all_is_well(self) -> None:
        PatientFactory.create(accepts=True)
        assert run("check_consent_ledger") == ("Every preference is what the ledger says.\n", "")

    def test_lists_the_ids_of_those_for_whom_it_is_not(self) -> None:
        PatientFactory.create()
        forged = [PatientFactory.create() for _ in range(2)]
        Patient.objects.filter(pk__in=[patient.pk for patient in forged]).update(accepts_sms_marketing=True)
        out, err = run("check_consent_ledger")
        assert out.split() == [str(patient.pk) for patient in forged]
        assert err == "Patients whose preference is not the ledger's: 2."


class TestImportPatients:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "patients.csv"
        path.write_text("Last name,Mobile,Notes\nIto,0412 345 678,x\nOsei,,\n")
        return path

    def test_imports_everybody_and_says_how_the_file_was_read(self, file: Path) -> None:
        out, err = run("import_patients", str(file))
        assert (Patient.objects.count(), err) == (2, "")
        assert "Read as UTF-8, separated by commas." in out
        assert "Column A: last name\nColumn B: mobile number" in out
        assert "Columns that are not used: C" in out
        assert "Patients imported: 2." in out

    def test_dry_run_imports_nobody(self, file: Path) -> None:
        out, _ = run("import_patients", str(file), "--dry-run")
        assert "Nothing was imported (dry run). New patients in the file: 2." in out
        assert not Patient.objects.exists()

    def test_a_second_time_leaves_those_who_are_here_alone(self, file: Path) -> None:
        file.write_text("Last name,Mobile\nIto,0412 345 678\n")
        run("import_patients", str(file))
        file.write_text("Last name,Mobile\nIto,0412 345 678\nOsei,\n")
        out, err = run("import_patients", str(file))
        assert "here already and are left as they are, whatever the file says: 1." in out
        assert (Patient.objects.count(), err) == (2, "")

    @pytest.mark.parametrize("flags", [[], ["--dry-run"]])
    def test_problems_are_listed_up_to_a_point(self, file: Path, flags: list[str]) -> None:
        file.write_text("Last name,Mobile\n" + "Ito,12\n" * 60)
        _, err = run("import_patients", str(file), *flags)
        assert err.count("too short") == 50
        assert err.endswith("Nothing was imported. Rows with problems: 60.")

    def test_a_workbook(self, file: Path) -> None:
        file.write_bytes(b"PK\x03\x04\0\0")
        assert "save it as CSV UTF-8" in run("import_patients", str(file))[1]

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        _, err = run("import_patients", str(tmp_path / "none.csv"))
        assert err == "The file cannot be read (No such file or directory)."

    def test_a_reference_taken_meanwhile(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def overtaken(*_: Any, **__: Any) -> int:
            raise IntegrityError

        monkeypatch.setattr(csv_import, "run", overtaken)
        assert "A reference was taken in the meantime" in run("import_patients", str(file))[1]


@pytest.mark.django_db(transaction=True)
def test_exit_codes_of_real_processes(tmp_path: Path) -> None:
    """A cron job sees 0 or 1, and no traceback."""
    forged = PatientFactory.create()
    Patient.objects.filter(pk=forged.pk).update(accepts_sms_marketing=True)

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = (
            "import sys; from django.conf import settings; import django; django.setup(); "
            "from django.db import connection; connection.settings_dict['NAME'] = sys.argv.pop(1); "
            "from django.core.management import execute_from_command_line as run; run(sys.argv)"
        )
        return subprocess.run(
            [sys.executable, "-c", code, str(connection.settings_dict["NAME"]), *arguments],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "clinic.settings"},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    failed = command("check_consent_ledger")
    assert (failed.returncode, failed.stdout.split()) == (1, [str(forged.pk)])
    assert "Traceback" not in failed.stderr
    unconfirmed = command("apply_sms_default", "--reject")
    assert (unconfirmed.returncode, "Add --yes" in unconfirmed.stderr) == (1, True)
    assert command("apply_sms_default", "--reject", "--yes").returncode == 0
    assert command("check_consent_ledger").returncode == 0
    assert command("import_patients", str(tmp_path / "none.csv")).returncode == 1
