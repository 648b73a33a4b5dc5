"""All addresses of the project, and which of them are pages: what every walk over the pages starts from.

A page that is not mentioned anywhere is walked like the others. What is none says here why. Those of the admin are
Django's own, for whoever looks after the server: they are heavy and scroll sideways, and we change nothing of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

ADMIN = "admin:"


def addresses(
    resolver: URLResolver, space: str = "", outer: tuple[str, ...] = ()
) -> Iterator[tuple[str, URLPattern, tuple[str, ...]]]:
    """Full name, pattern and names of arguments of all that can be opened below `resolver`."""
    for each in resolver.url_patterns:
        arguments = (*outer, *each.pattern.regex.groupindex)
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from addresses(each, inner, arguments)
        else:
            yield space + (each.name or ""), each, arguments


EVERYTHING = list(addresses(get_resolver()))
NAMES = sorted({name for name, _, _ in EVERYTHING if not name.startswith(ADMIN)})
ARGUMENTS = {name: arguments for name, _, arguments in EVERYTHING}

_FOR_MACHINES = dict.fromkeys(
    ["healthz", "readyz", "sms:twilio_status", "sms:twilio_inbound"], "read by machines"
)
_BUTTONS = dict.fromkeys(
    [
        *("accounts:end_other_sessions", "accounts:end_session", "accounts:here"),
        *("patients:cancel_appointment", "patients:import_again", "sms:back_to_draft", "sms:discard"),
        *("sms:group_pause", "sms:group_resume", "sms:not_an_opt_out", "sms:resume", "sms:saved_text_delete"),
        *("sms:send_again", "sms:untick", "sms:try_out", "sms:answer", "sms:mark", "sms:assign"),
    ],
    "what a button posts to: it leads to a page",
)
_PIECES = dict.fromkeys(
    ["patients:batch_progress", "patients:import_progress", "sms:progress"],
    "a piece of the page around it, fetched while one looks on",
)
_FILES = dict.fromkeys(
    ["mfa_download_recovery_codes", "sms:everything_json", "sms:group_csv", "sms:log_export"], "a file"
)
_ELSEWHERE = {"styleguide": "not there in production: walked by itself"}
# Pages that no manager sees just so: for whoever is not logged in, and for whoever logs in with two steps.
FOR_STRANGERS = frozenset({"account_login", "accounts:password_set"})
WITH_SECOND_STEP = frozenset(
    {
        *("mfa_authenticate", "mfa_deactivate_totp", "mfa_edit_webauthn", "mfa_generate_recovery_codes"),
        *("mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn"),
        "mfa_view_recovery_codes",
    }
)
NO_PAGE = _FOR_MACHINES | _BUTTONS | _PIECES | _FILES | _ELSEWHERE
PAGES = [name for name in NAMES if name not in NO_PAGE.keys() | FOR_STRANGERS | WITH_SECOND_STEP]
# Lists as their filters and their searches show them.
FILTERED = {
    "patients:list": ["?q=ada", "?show=all", "?show=archived", "?page=2"],
    "sms:group_list": ["?q=closed", "?page=2"],
    "sms:group_people": [
        *("?status=left_out", "?status=failed", "?reason=no_mobile", "?q=ada"),
        *("?code=30003", "?opted_out=1"),
    ],
    "sms:inbox": ["?kind=waiting", "?kind=unread", "?kind=all", "?q=0412", "?q=ada"],
    "sms:log": [
        *("?q=ada", "?status=failed", "?status=left_out", "?purpose=one_off", "?way=received"),
        "?since=2026-01-02&until=2026-01-01",
    ],
    "sms:review_people": ["?reason=no_mobile", "?reason=shared_number", "?q=ada"],
    "sms:compose": ["?saved=1"],
}


def paths(name: str, values: Mapping[str, Sequence[Any]]) -> list[str]:
    """The paths of an address with every one of the `values` for each of its arguments.

    A value for one address alone stands under "name argument".
    """
    arguments = ARGUMENTS[name]
    choices = [values.get(f"{name} {argument}", values[argument]) for argument in arguments]
    return [reverse(name, kwargs=dict(zip(arguments, each, strict=True))) for each in product(*choices)]
