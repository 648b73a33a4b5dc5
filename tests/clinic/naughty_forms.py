"""A clinic with everything in it, and the way to every page on which a form stands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from clinic.accounts.links import password_link
from patients.models import ImportState, PatientImport
from sms.models import InboundMessage, SendingPause
from tests.addresses import ADMIN, NO_PAGE, paths
from tests.clinic.accounts.test_log_in import PASSWORD, confirm, set_up_app
from tests.crowd import Crowd
from tests.web_forms import Page

FEW = 10
FILE = "Last name,First name,Mobile\nOsei,Ama,0412 345 678\n"
Stage = tuple[Client, Page]


class Clinic:
    """A clinic in which every page has something to show, and its manager at the keyboard."""

    def __init__(self, manager: User, crowd: Crowd) -> None:
        self.manager, self.crowd = manager, crowd
        crowd.grow(FEW)
        manager.set_password(PASSWORD)
        manager.email, manager.is_staff = "manager@clinic.example", True
        manager.save(update_fields=["password", "email", "is_staff"])
        self.client = self.logged_in()

    def logged_in(self) -> Client:
        """With a password that was typed a moment ago."""
        client = Client()
        client.force_login(self.manager)
        confirm(client)
        return client

    def pages(self, name: str) -> Iterator[Stage]:
        """Every page of an address, and what it leads to if that is a form that no address shows by itself."""
        if name in STAGES:
            yield from STAGES[name](self)
        elif name not in NO_PAGE:
            for path in paths(name, self.crowd.values()):
                yield self.client, look(self.client, path)


def look(client: Client, path: str) -> Page:
    answer: Any = client.get(path, follow=True)
    if answer.redirect_chain:
        path = answer.redirect_chain[-1][0]
    return Page(answer.content.decode(), path)


def _stranger(path: str) -> Callable[[Clinic], Iterator[Stage]]:
    def pages(_: Clinic) -> Iterator[Stage]:
        client = Client()
        yield client, look(client, path)

    return pages


def _invited(clinic: Clinic) -> Iterator[Stage]:
    client = Client()
    yield client, look(client, password_link(clinic.manager).removeprefix("http://127.0.0.1:8000"))


def _between_password_and_code(clinic: Clinic) -> Iterator[Stage]:
    set_up_app(clinic.client)
    client = Client()
    answer = client.post("/accounts/login/", {"username": clinic.manager.username, "password": PASSWORD})
    yield client, look(client, answer["Location"])


def _with_app(path: str) -> Callable[[Clinic], Iterator[Stage]]:
    def pages(clinic: Clinic) -> Iterator[Stage]:
        set_up_app(clinic.client)
        yield clinic.client, look(clinic.client, path)

    return pages


def _with_key(path: str) -> Callable[[Clinic], Iterator[Stage]]:
    def pages(clinic: Clinic) -> Iterator[Stage]:
        key = Authenticator.objects.create(
            user=clinic.manager, type="webauthn", data={"name": "Blue key", "credential": {}}
        )
        yield clinic.client, look(clinic.client, path.format(key=key.pk))

    return pages


def _import(clinic: Clinic) -> Iterator[Stage]:
    client, path = clinic.client, "/patients/import/"
    yield client, look(client, path)
    yield client, Page(client.post(path, {"file": the_file()}).content.decode(), path)


def the_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("patients.csv", FILE.encode())


def _import_step(clinic: Clinic) -> Iterator[Stage]:
    step = PatientImport.objects.filter(asked_by=clinic.manager)[0]
    for state in ImportState:
        PatientImport.objects.filter(pk=step.pk).update(state=state)
        yield clinic.client, look(clinic.client, step.get_absolute_url())


def _review(clinic: Clinic) -> Iterator[Stage]:
    """With a phone of one's own there is one form more."""
    client = clinic.client
    client.post("/accounts/", {"phone": "0412 000 999"})
    yield client, look(client, paths("sms:review", clinic.crowd.values())[0])


def _reply(clinic: Clinic) -> Iterator[Stage]:
    """As long as nobody knows who wrote it, and then."""
    path = paths("sms:reply", clinic.crowd.values())[0]
    yield clinic.client, look(clinic.client, path)
    InboundMessage.objects.update(patient=clinic.crowd.patient, assigned_at=clinic.crowd.now)
    yield clinic.client, look(clinic.client, path)


def _overview(clinic: Clinic) -> Iterator[Stage]:
    SendingPause.objects.create(error_code=20003, paused_at=clinic.crowd.now)
    yield clinic.client, look(clinic.client, "/")


def _admin(clinic: Clinic) -> Iterator[Stage]:
    """Every list, and every row that may be changed there."""
    request = RequestFactory().get("/admin/")
    request.user = clinic.manager
    for model, shown in site._registry.items():
        place = f"admin:{model._meta.label_lower.replace('.', '_')}"
        if not shown.has_view_permission(request):
            continue
        yield clinic.client, look(clinic.client, reverse(f"{place}_changelist"))
        if shown.has_add_permission(request):
            yield clinic.client, look(clinic.client, reverse(f"{place}_add"))
        if shown.has_change_permission(request) and (row := model._default_manager.first()):
            yield clinic.client, look(clinic.client, reverse(f"{place}_change", args=[row.pk]))


# How to come to what opening an address does not show, or not to everybody.
STAGES: dict[str, Callable[[Clinic], Iterator[Stage]]] = {
    ADMIN: _admin,
    "account_login": _stranger("/accounts/login/"),
    "accounts:forgot": _stranger("/accounts/password/forgot/"),
    "accounts:password_set": _invited,
    "mfa_authenticate": _between_password_and_code,
    "mfa_deactivate_totp": _with_app("/accounts/second-step/totp/deactivate/"),
    "mfa_generate_recovery_codes": _with_app("/accounts/second-step/recovery-codes/generate/"),
    "mfa_reauthenticate": _with_app("/accounts/second-step/reauthenticate/"),
    "mfa_edit_webauthn": _with_key("/accounts/second-step/webauthn/keys/{key}/edit/"),
    "mfa_remove_webauthn": _with_key("/accounts/second-step/webauthn/keys/{key}/remove/"),
    "patients:import": _import,
    "patients:import_step": _import_step,
    "overview": _overview,
    "sms:reply": _reply,
    "sms:review": _review,
}


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """What happens meanwhile has not happened."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)
    client.cookies = cookies
