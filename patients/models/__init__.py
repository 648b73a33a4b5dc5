"""The people, their appointments, what they agreed to and which numbers must stay silent."""

from patients.models.appointment import Appointment
from patients.models.consent import ConsentEvent, ConsentHow, ConsentSource, PreferenceBatch
from patients.models.patient import Patient
from patients.models.patient_import import ImportState, PatientImport, Step
from patients.models.suppression import Covers, SuppressedNumber, SuppressionSource

__all__ = [
    "Appointment",
    "ConsentEvent",
    "ConsentHow",
    "ConsentSource",
    "Covers",
    "ImportState",
    "Patient",
    "PatientImport",
    "PreferenceBatch",
    "Step",
    "SuppressedNumber",
    "SuppressionSource",
]
