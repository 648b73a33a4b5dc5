"""Who may open what: one line for each address of the project, by its name.

An address that is not here fails the test. Whoever adds one decides, and adds the line. The sections follow the
files of addresses; within one the order is theirs, so that two who add at once rarely touch the same line.
"""

from enum import StrEnum


class Who(StrEnum):
    NOBODY = "nobody"
    PRACTITIONER = "Practitioner"
    RECEPTIONIST = "Receptionist"
    SENDER = "Sender"
    MANAGER = "Manager"
    SUPERUSER = "superuser"


ALL = frozenset(Who)  # and strangers
STAFF = ALL - {Who.NOBODY}
DESK = STAFF - {Who.PRACTITIONER}
SENDERS = DESK - {Who.RECEPTIONIST}
MANAGERS = frozenset({Who.MANAGER, Who.SUPERUSER})

DECISIONS: dict[str, frozenset[Who]] = {
    # --- clinic
    "overview": STAFF,
    "guide": STAFF,
    "guide_page": STAFF,
    "styleguide": STAFF,  # and not found in production
    "healthz": ALL,
    "readyz": ALL,
    # --- clinic.accounts
    "accounts:team": STAFF,
    "accounts:invite": MANAGERS,
    "accounts:colleague": MANAGERS,
    "accounts:account": STAFF,
    "accounts:here": STAFF,
    "accounts:end_session": STAFF,  # only one's own: see test_sessions
    "accounts:end_other_sessions": STAFF,
    "accounts:forgot": ALL,
    "accounts:forgot_done": ALL,
    "accounts:password_set": ALL,  # the link decides
    "account_login": ALL,
    "account_logout": ALL,
    "account_inactive": ALL,
    "account_reauthenticate": STAFF,
    "mfa_index": STAFF,
    "mfa_authenticate": ALL,  # between password and code nobody is logged in yet
    "mfa_reauthenticate": STAFF,
    "mfa_activate_totp": STAFF,
    "mfa_deactivate_totp": STAFF,
    "mfa_view_recovery_codes": STAFF,
    "mfa_generate_recovery_codes": STAFF,
    "mfa_download_recovery_codes": STAFF,
    "mfa_list_webauthn": STAFF,
    "mfa_add_webauthn": STAFF,
    "mfa_reauthenticate_webauthn": STAFF,
    "mfa_remove_webauthn": STAFF,
    "mfa_edit_webauthn": STAFF,
    "password_change": STAFF,
    "password_change_done": STAFF,
    # --- settings_app
    "settings_app:sms": MANAGERS,
    # --- patients
    "patients:list": STAFF,
    "patients:create": DESK,
    "patients:import": DESK,
    "patients:import_step": DESK,
    "patients:import_progress": DESK,
    "patients:import_again": DESK,
    "patients:export": MANAGERS,
    "patients:detail": STAFF,
    "patients:edit": DESK,
    "patients:archive": DESK,
    "patients:deceased": DESK,
    "patients:add_appointment": DESK,
    "patients:cancel_appointment": DESK,
    "patients:apply_default": MANAGERS,
    "patients:batch": MANAGERS,
    "patients:batch_progress": MANAGERS,
    "patients:undo_default": MANAGERS,
    # --- sms
    "sms:group_list": STAFF,
    "sms:compose": SENDERS,
    "sms:log": STAFF,
    "sms:log_export": MANAGERS,
    "sms:inbox": DESK,
    "sms:reply": DESK,
    "sms:answer": DESK,
    "sms:mark": DESK,
    "sms:assign": DESK,
    "sms:refusal": DESK,
    "sms:not_an_opt_out": DESK,
    "sms:resume": MANAGERS,
    "sms:one_off": DESK,
    "sms:why": STAFF,
    "sms:everything": MANAGERS,
    "sms:everything_json": MANAGERS,
    "sms:erase": MANAGERS,
    "sms:edit": SENDERS,
    "sms:discard": SENDERS,
    "sms:saved_texts": SENDERS,
    "sms:saved_text_new": SENDERS,
    "sms:saved_text": SENDERS,
    "sms:saved_text_delete": SENDERS,
    "sms:review": SENDERS,
    "sms:review_people": SENDERS,
    "sms:untick": SENDERS,
    "sms:try_out": SENDERS,
    "sms:group_detail": STAFF,
    "sms:progress": STAFF,
    "sms:send_again": SENDERS,
    "sms:group_pause": SENDERS,
    "sms:group_resume": SENDERS,
    "sms:stop": SENDERS,
    "sms:back_to_draft": SENDERS,
    "sms:group_people": STAFF,
    "sms:group_csv": MANAGERS,
    "sms:twilio_status": ALL,  # the signature decides
    "sms:twilio_inbound": ALL,
    # --- the admin: its pages are tried one by one, and the model's own admin decides what a manager sees
    "admin:": MANAGERS,
}
