"""What a column may hold, and how other systems call it."""

import re
from collections.abc import Sequence
from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Column(StrEnum):
    """What a column may hold, as it is called when something is wrong with it."""

    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    PHONE = "mobile number"
    BIRTH_DATE = "date of birth"
    REFERENCE = "reference"
    TIME_ZONE = "time zone"
    REMINDERS = "wants reminders"
    MARKETING = "accepts SMS marketing"
    CONSENT_SOURCE = "consent source"
    CONSENT_DATE = "consent date"

    @property
    def words(self) -> str:
        """What a page calls it."""
        return str(_WORDS[self])


_WORDS = {
    Column.FIRST_NAME: _("first name"),
    Column.LAST_NAME: _("last name"),
    Column.PHONE: _("mobile number"),
    Column.BIRTH_DATE: _("date of birth"),
    Column.REFERENCE: _("reference"),
    Column.TIME_ZONE: _("time zone"),
    Column.REMINDERS: _("wants reminders"),
    Column.MARKETING: _("accepts SMS marketing"),
    Column.CONSENT_SOURCE: _("consent source"),
    Column.CONSENT_DATE: _("consent date"),
}

Places = dict[Column, int]  # where each column stands, counted from 0

# Likeliest first, in small letters and without anything between the words.
HEADERS = {
    Column.FIRST_NAME: ["firstname", "givenname", "givennames", "forename", "fname", "first"],
    Column.LAST_NAME: ["lastname", "surname", "familyname", "lname", "last"],
    Column.PHONE: [
        *["mobilenumber", "mobile", "mobilephone", "mobilephonenumber", "cellphone", "cell", "cellnumber"],
        *["mobileno", "phonemobile", "smsnumber", "phonenumber", "phone", "phoneno", "telephone", "tel"],
    ],
    Column.BIRTH_DATE: ["dateofbirth", "birthdate", "birthday", "dob", "born"],
    Column.REFERENCE: [
        *["reference", "ref", "patientid", "patientnumber", "patientno", "clientid", "clientnumber"],
        *["chartnumber", "urnumber", "mrn", "externalid", "internalid", "oldreferenceid", "id"],
    ],
    Column.TIME_ZONE: ["timezone", "tz", "timezonename", "ianatimezone"],
    Column.REMINDERS: [
        *["wantsreminders", "wantsappointmentreminders", "appointmentreminders", "reminders"],
        *["smsreminders", "remindertype", "permissiontosendsms"],
    ],
    Column.MARKETING: [
        *["acceptssmsmarketing", "acceptedsmsmarketing", "agreestosmsmarketing", "smsmarketing"],
        *["smsmarketingconsent", "smsoptin", "acceptsmarketing", "marketingconsent", "marketing"],
    ],
    Column.CONSENT_SOURCE: ["consentsource", "marketingsource", "smsmarketingsource", "optinsource"],
    Column.CONSENT_DATE: ["consentdate", "marketingdate", "smsmarketingdate", "optindate"],
}


def guess(header: Sequence[str]) -> Places:
    """Where each column probably stands; of several headers that fit, the likeliest counts."""
    names = [re.sub(r"[\W_]", "", cell).lower() for cell in header]
    return {
        column: names.index(name)
        for column, known in HEADERS.items()
        if (name := next((name for name in known if name in names), None))
    }


def letter(place: int) -> str:
    """The column's name in spreadsheet programs: 0 is A, 26 is AA."""
    name = ""
    while place >= 0:
        name = chr(ord("A") + place % 26) + name
        place = place // 26 - 1
    return name
