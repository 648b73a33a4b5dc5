"""All addresses of the project, and which of them are pages: what every walk over the pages starts from.

A page that is not mentioned anywhere is walked like the others. What is none says here why.
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
        *("sms:everything_json",),
        *("sms:group_pause", "sms:group_resume", "sms:not_an_opt_out", "sms:resume", "sms:saved_text_delete"),
        *("sms:send_again", "sms:untick", "sms:try_out", "sms:answer", "sms:mark", "sms:assign"),
    ],
    "what a button posts to: it leads to a page",
)
_PIECES = dict.fromkeys(
    ["patients:batch_progress", "patients:import_progress", "sms:progress"],
    "a piece of the page around it, fetched while one looks on",
)
_ELSEWHERE = {
    "account_login": "for those who are not logged in: walked as a stranger",
    "accounts:password_set": "needs a link of its own: walked as a stranger",
    "mfa_authenticate": "between password and code: see test_accounts",
    "mfa_deactivate_totp": "needs an app that is set up: see test_accounts",
    "mfa_download_recovery_codes": "a file",
    "styleguide": "not there in production: see test_look",
    "sms:group_csv": "a file",
    "sms:log_export": "a file",
    "mfa_edit_webauthn": "needs a security key: see test_accounts",
    "mfa_generate_recovery_codes": "needs an app that is set up: see test_accounts",
    "mfa_reauthenticate": "needs an app that is set up: see test_accounts",
    "mfa_reauthenticate_webauthn": "needs a security key: see test_accounts",
    "mfa_remove_webauthn": "needs a security key: see test_accounts",
    "mfa_view_recovery_codes": "needs an app that is set up: see test_accounts",
}
NO_PAGE = _FOR_MACHINES | _BUTTONS | _PIECES | _ELSEWHERE
PAGES = [name for name in NAMES if name not in NO_PAGE]


def paths(name: str, values: Mapping[str, Sequence[Any]]) -> list[str]:
    """The paths of an address with every one of the `values` for each of its arguments.

    A value for one address alone stands under "name argument".
    """
    arguments = ARGUMENTS[name]
    choices = [values.get(f"{name} {argument}", values[argument]) for argument in arguments]
    return [reverse(name, kwargs=dict(zip(arguments, each, strict=True))) for each in product(*choices)]
