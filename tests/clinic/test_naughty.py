"""Whatever is typed into any field of any form is shown as typed, or refused with a sentence beside the field.

Forms are found by walking the pages, and what is typed comes from `tests/naughty.py`. A form that no page of the walk
shows, and a field that saves what no page shows, fails.
"""

import unicodedata
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.test.signals import template_rendered
from pytest_django import Settings

from sms.models import SavedText
from tests import naughty
from tests.addresses import ADMIN, NAMES
from tests.clinic.accounts.test_log_in import PASSWORD
from tests.clinic.naughty_forms import Clinic, look, undone
from tests.crowd import Crowd
from tests.factories import NOW
from tests.web_forms import Field, Form, Page, beside

pytestmark = pytest.mark.django_db

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# Forms that are shown where no walk comes.
NOT_WALKED = {
    "mfa/webauthn/reauthenticate.html": "needs a key in the hand, and nothing is typed there",
    "styleguide.html": "not there in production, and saves nothing",
}
# What makes a form valid that is not so as it stands, by the name of the address that it is sent to.
NEW = "eight-slow-harbours"
VALID: dict[str, dict[str, str]] = {
    "account_login": {"username": "maria.manager", "password": PASSWORD},
    "account_reauthenticate": {"password": PASSWORD},
    "accounts:account": {"phone": "0412 345 678"},
    "accounts:forgot": {"email": "manager@clinic.example"},
    "accounts:invite": {"first_name": "Ama", "last_name": "Osei", "email": "a@b.example", "username": "ama"},
    "accounts:password_set": {"new_password1": NEW, "new_password2": NEW},
    "admin:patients_appointment_add": {"starts_at_0": "2026-12-01", "starts_at_1": "10:00"},
    "admin:patients_patient_add": {"last_name": "Osei"},
    "password_change": {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    "patients:add_appointment": {"day": "2026-12-01", "time": "10:00"},
    "patients:create": {"last_name": "Osei", "how": "phone", "evidence": "Rang us"},
    "patients:edit": {"how": "phone", "evidence": "Rang us"},
    "sms:answer": {"body": "Hello"},
    "sms:compose": {"body": "Hello"},
    "sms:one_off": {"body": "Hello"},
    "sms:saved_text_new": {"name": "Closed", "body": "Hello"},
}
# Forms that this test cannot make valid, so that everything is refused there.
NEVER_VALID = {
    "mfa_activate_totp": "wants the code of the moment",
    "mfa_add_webauthn": "wants a key in the hand",
    "mfa_authenticate": "wants the code of the moment",
    "mfa_reauthenticate": "wants the code of the moment",
}
# What is typed twice.
TWICE = {"new_password1": "new_password2"}
# Where staff see what was saved, if not on the page that comes next.
SEEN: dict[str, Callable[[Form], str]] = {
    "sms:saved_text": lambda form: form.action,
    "sms:saved_text_new": lambda form: SavedText.objects.latest("pk").get_absolute_url(),
}
# What no single line may hold; but a search, and the name of a security key, which is django-allauth's.
UNSEEN = {naughty.TEXTS["controls"], naughty.TEXTS["not characters"]}
BY_KIND = {
    "number": naughty.NOT_MEASURES | naughty.NUMBERS,
    "date": naughty.NOT_MEASURES | naughty.DAYS,
    "time": naughty.NOT_MEASURES | naughty.TIMES,
    "datetime-local": naughty.NOT_MEASURES | naughty.MOMENTS,
}
# Of the admin, most of which is Django's, what tries our part of it.
IN_ADMIN = {"names, 0", "controls", "nul", "ten thousand", "as long as may be", "one more", "unfolds"} | {
    *("the first day", "the last day", "arabic digits", "power of two", "one too many", "infinite"),
}


@pytest.fixture
def clinic(manager: User, settings: Settings, tmp_path: Path) -> Iterator[Clinic]:
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # hundreds are typed
    with time_machine.travel(NOW, tick=False):
        yield Clinic(manager, Crowd(by=manager, now=NOW))


def test_every_form_of_every_template_is_on_a_page_of_the_walk(clinic: Clinic) -> None:
    shown = set()

    def note(template: Any, **_: Any) -> None:
        shown.add(template.name)

    template_rendered.connect(note)
    for name in NAMES:
        with undone(clinic.client):
            list(clinic.pages(name))
    template_rendered.disconnect(note)
    with_forms = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if "<form" in path.read_text(encoding="utf-8")
    }
    assert with_forms - shown == set(NOT_WALKED)


@pytest.mark.parametrize("name", [*NAMES, ADMIN])
def test_what_is_typed_is_shown_as_typed_or_refused(name: str, clinic: Clinic) -> None:
    wrong, tried = [], set()
    for client, page in clinic.pages(name):
        for form in page.forms:
            if form.typed() and form.name not in tried:
                tried.add(form.name)
                wrong += [f"{form.view} {said}" for said in try_all(clinic, client, form)]
    assert wrong == [], "\n".join(wrong)


def try_all(clinic: Clinic, client: Client, form: Form) -> Iterator[str]:
    """What was wrong with the answers, a line each."""
    good = as_it_should_be(clinic, form)
    if form.view not in NEVER_VALID and (said := answer(client, form, good, None, "")):
        yield f"as it should be filled in: {said}"
        return
    for field in form.typed():
        texts = tries(field)
        if form.view.startswith(ADMIN):
            texts = {what: texts[what] for what in IN_ADMIN & texts.keys()}
        for what, text in texts.items():
            if said := answer(client, form, good, field, text):
                yield f"{field.name} ({what}): {said}"


def as_it_should_be(clinic: Clinic, form: Form) -> dict[str, str]:
    sent = form.sends() | VALID.get(form.view, {})
    if form.view.startswith(ADMIN) and form.method == "post":
        sent |= {"_continue": "and show it", "patient": str(clinic.crowd.patient.pk)}
    elif form.view == "patients:apply_default":
        sent["typed"] = sent["seen"]
    elif form.view == "sms:erase":
        sent["typed"] = clinic.crowd.patient.full_name
    return sent


def tries(field: Field) -> dict[str, str]:
    """What to type into it, by what it is."""
    if field.kind in BY_KIND:
        return BY_KIND[field.kind]
    longest = field.longest or 1600
    limits = {
        "as long as may be": "\U0001f600" * longest,
        "one more": "x" * (longest + 1),
        "unfolds": "ﷺ" * longest,
    }
    # What may be refused for what it holds stands alone, all else together: as many as there is room for.
    alone = {what: text for what, text in naughty.TEXTS.items() if what not in naughty.NAMES or "{" in text}
    names = {f"names, {at}": text for at, text in enumerate(packed(longest))}
    return alone | names | (naughty.ADDRESSES if field.kind == "email" else {}) | limits


def packed(room: int) -> Iterator[str]:
    line = ""
    for text in naughty.NAMES.values():
        if "{" not in text:
            if line and len(f"{line} {text}") > room:
                yield line
                line = ""
            line = f"{line} {text}".strip()
    yield line


def answer(client: Client, form: Form, good: dict[str, str], field: Field | None, text: str) -> str:
    """What is wrong with the answer to a form that holds `text` in one of its fields; "" if nothing is."""
    sent = good | ({field.name: text} if field else {})
    if field and field.name in TWICE:
        sent[TWICE[field.name]] = text
    with undone(client):
        try:
            if form.live:
                target = {"HX-Request": "true", "HX-Target": form.live}
                assert client.post(form.action, sent, headers=target).status_code == 200
            ask = client.post if form.method == "post" else client.get
            found: Any = ask(form.action, sent, follow=True)
        except Exception as error:  # noqa: BLE001  # whatever it is, staff would see a page that is broken
            return f"{type(error).__name__}: {error}"[:300]
        path = found.redirect_chain[-1][0] if found.redirect_chain else form.action
        page = Page(found.content.decode(), path)
        if found.status_code != 200:
            return f"answered with {found.status_code}"
        again = page.form_like(form)
        stays = form.method == "post" and not found.redirect_chain
        if field is None:
            return "refused" if stays else ""
        if again and (again.fields[field.name].is_wrong or stays):
            return refused(page, again.fields[field.name], text)
        return shown(client, page, form, field, text)


def refused(page: Page, field: Field, text: str) -> str:
    sentences = [*beside(page, field)] or [page.summary]
    if not any(len(said.split()) > 2 and said[-1] in ".?!" for said in sentences):
        return f"refused without a sentence: {sentences}"
    if field.kind != "password" and (field.value or "") != text:
        return f"refused, and what was typed is not kept but {field.value!r:.60}"
    return ""


def shown(client: Client, page: Page, form: Form, field: Field, text: str) -> str:
    if field.name == "new_password1":
        user = User.objects.get(username="maria.manager")
        return "" if user.check_password(text) else "the password is another one"
    if field.kind == "password" or form.view == "accounts:forgot":
        return ""  # nothing is saved
    if (
        field.kind == "text"
        and text in UNSEEN
        and not (field.name == "q" or form.view == "mfa_edit_webauthn")
    ):
        return "saved, though no screen shows all of it"
    wanted = normal(form, field, text)
    pages = [page, look(client, SEEN[form.view](form))] if form.view in SEEN else [page]
    if any(lines(wanted) in lines(each.text) for each in pages):
        return ""
    return f"saved, and {wanted!r:.60} is not shown at {', '.join(each.path for each in pages)}"


def normal(form: Form, field: Field, text: str) -> str:  # noqa: C901  # a table
    """What is to be shown of `text`: nothing but white space, and other ways to write the same, may differ."""
    ascii_digits = "".join(str(unicodedata.decimal(each, each)) for each in text)
    match field.kind, field.name:
        case _, "q" if form.view.startswith(ADMIN):
            return "Null characters are not allowed" if "\0" in text else text
        case "search", _:
            return text.replace("\0", "").strip()[:100]
        case _, "username":
            return unicodedata.normalize("NFKC", text).strip()
        case "email", _:
            return text.replace("EXAMPLE", "example")
        case _, "phone" if ascii_digits.startswith("0412"):
            return "+61412345678" if form.view.startswith(ADMIN) else "+61 412 345 678"
        case "number", _:
            return str(Decimal(text))
        case _, "day" if ascii_digits == "2027-01-01":
            return "1 January"
        case (("date" | "time"), _):
            return ascii_digits
        case "textarea", _:
            return text.strip()
        case _, "name" if form.view == "mfa_edit_webauthn":
            return text.strip()  # in a form of django-allauth's, which knows no more than that
    return " ".join(text.split())


def lines(text: str) -> str:
    """As a browser ends lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
