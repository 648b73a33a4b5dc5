"""What stays English, and why. A line that has become needless fails."""

# Folders and files that no member of staff reads on a page.
NOT_PAGES = {
    "/migrations/": "what a migration did stays as it was",
    "/management/": "commands speak to whoever looks after the server",
    "clinic/supervisor.py": "the demo speaks to whoever looks after the server",
    "clinic/settings.py": "stops the start",
    "clinic/env.py": "stops the start",
    "clinic/checks.py": "stops the start",
    "styleguide": "for developers, and not there in production",
    "sms/simulator/": "stands in for Twilio, and is not the product",
    "sms/demo/": "an invented clinic: its patients and texts are English",
    "clinic/lib/promotion.py": "patterns for what clinics write",
    "sms/keywords.py": "patterns for what patients write",
    "patients/csv_export.py": "column names, which an import reads again",
}

# By module: the beginning of each string that stays.
STAYS = {
    "clinic/accounts/apps.py": {"accounts"},
    "clinic/accounts/sessions.py": {"Mac OS"},
    # The history in the database, read again in whatever language.
    "clinic/accounts/team.py": {
        "Invited as",
        "Role changed to",
        "Log-in switched off.",
        "Log-in switched on.",
        "Two-step log-in removed.",
    },
    "clinic/compiled.py": {"models.Field[", "%(expressions)s IN"},
    "clinic/keyed_hash.py": {"… key id"},
    "clinic/lib/sms_text.py": {
        "control character"
    },  # beside Unicode's own names of characters, which are English
    "clinic/staff.py": {"A permission is missing."},  # the page that is shown instead has its own words
    "clinic/update_from.py": {"FROM ("},
    "clinic/update_rows.py": {"unnest(", "FROM json_each", "models.Field["},
    "patients/batches.py": {"… patients were confirmed"},
    "patients/csv_import/cells.py": {"sms and email"},  # what other systems write into a cell
    # As the command says it; pages take `Column.words`.
    "patients/csv_import/columns.py": {
        "first name",
        "last name",
        "mobile number",
        "date of birth",
        "time zone",
        "wants reminders",
        "accepts SMS marketing",
        "consent source",
        "consent date",
    },
    "patients/csv_import/forms.py": {"required"},
    # The command's.
    "patients/csv_import/importing.py": {
        "Columns that are not used",
        "Patients who are here already",
        "Numbers that are not mobile numbers",
        "Patients who get the clinic's default",
    },
    "patients/csv_import/matching.py": {"INSERT INTO earlier"},
    "patients/eligibility.py": {"QuerySet[", "CharField["},
    "patients/erasure.py": {"Erased patient"},  # what is left in the row
    "patients/models/patient.py": {"Erased patient"},
    # What patients read: a new clinic's settings, which it writes anew in its own language.
    "settings_app/models.py": {
        "Hi {first_name|there}",
        "Our clinic",
        "Reply STOP to opt out.",
        "marketing_not_after",
    },
    "sms/aftermath.py": {"recipients of a group SMS"},
    "sms/communications_csv.py": {"Status at", "Written by"},  # the columns of a file: data
    "sms/audience.py": {"QuerySet[", "WithAnnotations["},
    "sms/forms.py": {"required"},
    "sms/gateway/records.py": {"no credentials", "not a page", "too many pages", "a message without"},
    "sms/gateway/twilio.py": {"not http"},
    "sms/inbound.py": {"Call us on", "This is …"},  # the answer to HELP is a patient's
    "sms/legal_steps.py": {"SELECT ", "OLD.status", "CREATE "},
    "sms/outbox.py": {"never settled", "another text has this sid"},
    "sms/strays.py": {"Sent from your Twilio trial account", "sent before a backup was restored"},
    "sms/tally.py": {"CASE WHEN"},
    "sms/waiting.py": {"QuerySet[", "FOR SHARE", "FOR NO KEY"},
}
