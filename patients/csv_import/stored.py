"""A preview as text, to lie beside its file until somebody looks at it. It holds names and numbers."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from patients.csv_import.cells import Problem
from patients.csv_import.columns import Column
from patients.csv_import.importing import Checked, Outcome
from patients.csv_import.preview import PreviewRow, preview_rows
from patients.models import Patient

_TOLD = ["unused", "said_yes", "said_no", "unproved", "landlines"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a check found, and the examples of each outcome. `checked.shown` is empty after storing."""

    checked: Checked
    rows: dict[Outcome, list[PreviewRow]]

    @classmethod
    def of(cls, checked: Checked) -> "Preview":
        return cls(checked, {each: preview_rows(checked.shown[each]) for each in Outcome})


def to_text(preview: Preview) -> str:
    checked = preview.checked
    told: dict[str, Any] = {name: getattr(checked, name) for name in _TOLD}
    problem = checked.problem and _problem(checked.problem)
    rows = {outcome: [_row(row) for row in rows] for outcome, rows in preview.rows.items()}
    return json.dumps({"told": told, "counts": checked.counts, "problem": problem, "rows": rows})


def from_text(text: str) -> Preview:
    kept = json.loads(text)
    checked = Checked(
        counts={Outcome(name): count for name, count in kept["counts"].items()},
        problem=_as_problem(kept["problem"]) if kept["problem"] else None,
        **kept["told"],
    )
    ids = [row["patient"] for rows in kept["rows"].values() for row in rows if row["patient"]]
    patients = Patient.objects.in_bulk(ids)
    rows = {
        Outcome(name): [_as_row(row, patients.get(row["patient"])) for row in rows]
        for name, rows in kept["rows"].items()
    }
    return Preview(checked, rows)


def _row(row: PreviewRow) -> dict[str, Any]:
    born = row.birth_date
    return {
        **{name: getattr(row, name) for name in ("row", "name", "phone", "reference", "marketing")},
        "born": born.isoformat() if isinstance(born, date) else "",
        "typed": "" if isinstance(born, date) else born,
        "problems": [_problem(problem) for problem in row.problems],
        "patient": row.patient.pk if row.patient else None,
    }


def _as_row(kept: dict[str, Any], patient: Patient | None) -> PreviewRow:
    born, typed, problems = kept.pop("born"), kept.pop("typed"), kept.pop("problems")
    return PreviewRow(
        **kept
        | {
            "birth_date": date.fromisoformat(born) if born else typed,
            "problems": [_as_problem(problem) for problem in problems],
            "patient": patient,
        }
    )


def _problem(problem: Problem) -> dict[str, Any]:
    return asdict(problem)


def _as_problem(kept: dict[str, Any]) -> Problem:
    return Problem(kept["row"], kept["reason"], Column(kept["column"]) if kept["column"] else None)
