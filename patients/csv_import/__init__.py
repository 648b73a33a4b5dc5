"""Patients from a spreadsheet: everything is read and checked first, then everybody new is added, or nobody."""

from patients.csv_import.cells import Problem
from patients.csv_import.columns import HEADERS, Column, Places, guess, letter
from patients.csv_import.importing import Changed, Checked, HasProblems, Outcome, Shown, check, run
from patients.csv_import.sheet import MAX_BYTES, MAX_ROWS, TOO_LARGE, Sheet, Unreadable

__all__ = [
    "HEADERS",
    "MAX_BYTES",
    "MAX_ROWS",
    "TOO_LARGE",
    "Changed",
    "Checked",
    "Column",
    "HasProblems",
    "Outcome",
    "Places",
    "Problem",
    "Sheet",
    "Shown",
    "Unreadable",
    "check",
    "guess",
    "letter",
    "run",
]
