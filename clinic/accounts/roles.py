"""What each role may do, in plain words. The rows are read from the groups, so they are true after a change too."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

MANAGER, SENDER, RECEPTIONIST, PRACTITIONER = "Manager", "Sender", "Receptionist", "Practitioner"
ROLES = (MANAGER, SENDER, RECEPTIONIST, PRACTITIONER)

MEANINGS = {
    MANAGER: _("Everything, and looks after the team and the settings."),
    SENDER: _("All that a receptionist does, and group SMS."),
    RECEPTIONIST: _("Patients, appointments, replies, and texts to one patient."),
    PRACTITIONER: _("Reads. Changes nothing and sends nothing."),
}

MANAGE_TEAM = "accounts.manage_team"
SEND_TO_GROUPS = "sms.send_groupmessage"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that staff do, as it reads after "may" or "may not", and all it takes."""

    words: StrPromise
    permissions: tuple[str, ...]


# A permission that a page asks for stands here once, or staff could not be told what they lack.
DEEDS = (
    Deed(_("see patients and their appointments"), ("patients.view_patient", "patients.view_appointment")),
    Deed(_("see what was sent"), ("sms.view_message", "sms.view_groupmessage")),
    Deed(_("add and change patients"), ("patients.add_patient", "patients.change_patient")),
    Deed(_("make and cancel appointments"), ("patients.add_appointment", "patients.change_appointment")),
    Deed(_("text one patient"), ("sms.send_message",)),
    Deed(_("read replies and decide about them"), ("sms.view_inboundmessage",)),
    Deed(_("write and send group SMS"), (SEND_TO_GROUPS,)),
    Deed(_("export patients, consents and communications"), ("patients.export_patient",)),
    Deed(_("see and export everything held on one patient"), ("patients.disclose_patient",)),
    Deed(_("erase a patient for good"), ("patients.erase_patient",)),
    Deed(_("apply the default to all existing patients"), ("patients.add_preferencebatch",)),
    Deed(_("let a paused sender go on"), ("sms.resume_sending",)),
    Deed(_("change the settings"), ("settings_app.change_smssettings",)),
    Deed(_("invite colleagues and choose their roles"), (MANAGE_TEAM,)),
)


# They are rows of the database, so their names there stay as they are.
_NAMES = {
    MANAGER: _("Manager"),
    SENDER: _("Sender"),
    RECEPTIONIST: _("Receptionist"),
    PRACTITIONER: _("Practitioner"),
}


def name_of(role: str) -> str:
    """What a role is called on a page; no role is an empty name."""
    return str(_NAMES.get(role, role))


def role_of(user: User) -> str:
    """The name of the user's role; empty if they have none. Of several, the one that may most."""
    names = {group.name for group in user.groups.all()}
    return next((role for role in ROLES if role in names), "")


def permissions_of_roles() -> dict[str, set[str]]:
    """Role to "app.codename" of all that its group may. A role whose group was deleted may nothing."""
    groups = Group.objects.filter(name__in=ROLES).prefetch_related("permissions__content_type")
    held = {
        group.name: {f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all()}
        for group in groups
    }
    return {role: held.get(role, set()) for role in ROLES}


def table() -> list[tuple[str, list[tuple[str, bool]]]]:
    """Each deed in words, with each role and whether it may."""
    held = permissions_of_roles()
    return [
        (str(deed.words), [(name_of(role), held[role].issuperset(deed.permissions)) for role in ROLES])
        for deed in DEEDS
    ]


def deeds_that_need(permissions: Iterable[str]) -> list[str]:
    """In words, what somebody without these permissions may not do."""
    missing = set(permissions)
    return [str(deed.words) for deed in DEEDS if missing.intersection(deed.permissions)]


def roles_with(permissions: Iterable[str]) -> list[str]:
    """What the roles are called that have all of these permissions."""
    wanted = set(permissions)
    return [name_of(role) for role, held in permissions_of_roles().items() if wanted and wanted <= held]
