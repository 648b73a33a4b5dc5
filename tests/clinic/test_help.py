"""Each page that staff open has its own help, or stands here with the reason why it has none."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from clinic import guide
from clinic.templatetags.page_help import file_of
from tests.clinic.accounts.decisions import ALL, DECISIONS
from tests.factories import PatientFactory

FOLDER = Path(settings.BASE_DIR) / "templates"
WRITTEN = sorted(
    path
    for path in (FOLDER / "help").rglob("*.html")
    if path.name not in {"_panel.html", "_more.html", "none.html"}
)

NO_PAGE = "a button or a part of a page, never a page by itself"
ONE_QUESTION = "asks one question and says all about it"
THE_HELP = "is the help itself"
NO_HELP = {
    "guide": THE_HELP,
    "guide_page": THE_HELP,
    "styleguide": "is for those who change the pages, and not found in production",
    "accounts:here": NO_PAGE,
    "accounts:end_session": NO_PAGE,
    "accounts:end_other_sessions": NO_PAGE,
    "account_reauthenticate": ONE_QUESTION,
    "mfa_reauthenticate": ONE_QUESTION,
    "mfa_activate_totp": ONE_QUESTION,
    "mfa_deactivate_totp": ONE_QUESTION,
    "mfa_view_recovery_codes": ONE_QUESTION,
    "mfa_generate_recovery_codes": ONE_QUESTION,
    "mfa_download_recovery_codes": NO_PAGE,
    "mfa_list_webauthn": ONE_QUESTION,
    "mfa_add_webauthn": ONE_QUESTION,
    "mfa_reauthenticate_webauthn": ONE_QUESTION,
    "mfa_remove_webauthn": ONE_QUESTION,
    "mfa_edit_webauthn": ONE_QUESTION,
    "password_change": ONE_QUESTION,
    "password_change_done": ONE_QUESTION,
    "patients:import_progress": NO_PAGE,
    "patients:import_again": NO_PAGE,
    "patients:cancel_appointment": NO_PAGE,
    "patients:batch_progress": NO_PAGE,
    "sms:not_an_opt_out": NO_PAGE,
    "sms:mark": NO_PAGE,
    "sms:assign": NO_PAGE,
    "sms:log_export": NO_PAGE,
    "sms:resume": NO_PAGE,
    "sms:everything_json": NO_PAGE,
    "sms:group_csv": NO_PAGE,
    "sms:try_out": NO_PAGE,
    "sms:discard": NO_PAGE,
    "sms:saved_text_delete": NO_PAGE,
    "sms:untick": NO_PAGE,
    "sms:progress": NO_PAGE,
    "sms:send_again": NO_PAGE,
    "sms:group_pause": NO_PAGE,
    "sms:group_resume": NO_PAGE,
    "sms:back_to_draft": NO_PAGE,
}


def test_every_page_for_staff_has_help_or_a_reason() -> None:
    pages = {name for name, may in DECISIONS.items() if may != ALL and name != "admin:"}
    assert {file_of(name) for name in pages - set(NO_HELP)} == {
        str(path.relative_to(FOLDER)) for path in WRITTEN
    }
    assert set(NO_HELP) <= pages


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(FOLDER / "help")))
def test_a_help_is_three_to_six_sentences_that_can_be_translated_and_a_link(path: Path) -> None:
    text = path.read_text()
    if borrowed := re.fullmatch(r'{% extends "(help/.+)" %}\n', text):
        assert (FOLDER / borrowed[1]).is_file()
        return
    assert 3 <= text.count("<p>") <= 6
    (page,) = re.findall(r'{% more_in_the_guide "([\w-]+)" %}', text)
    assert (guide.FOLDER / f"{page}.md").is_file()
    assert not re.search(r"\w", re.sub(r"{%.*?%}|<[^>]*>", "", text)), "words outside of translate"


def test_the_help_stands_on_its_page_without_a_script(reception_client: Client) -> None:
    patient = PatientFactory.create()
    html = reception_client.get(patient.get_absolute_url()).content.decode()
    panel = html.partition('<details class="help page-help">')[2].partition("</details>")[0]
    assert "only the owner of the phone can lift that" in panel
    assert 'href="/guide/left-out/"' in panel


@pytest.mark.parametrize("path", ["/nowhere/", "/patients/999999/", "/settings/sms/"])
def test_pages_that_say_no_do_not_offer_the_help_of_the_page_that_they_refuse(
    reception_client: Client, path: str
) -> None:
    answer = reception_client.get(path)
    assert answer.status_code in (403, 404)
    assert "page-help" not in answer.content.decode()
