"""Inviting colleagues, giving them roles, switching log-ins off and on. Each deed is kept in the admin's log."""

from collections.abc import Iterator
from contextlib import contextmanager

from allauth.mfa.models import Authenticator
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from clinic.accounts.models import Colleague
from clinic.accounts.roles import MANAGER


class Refused(Exception):
    """Why it was not done: a sentence for staff."""


def colleagues() -> QuerySet[Colleague]:
    """Everybody with an account: those who can log in first, then by name."""
    found = Colleague.objects.prefetch_related("groups")
    return found.order_by("-is_active", "first_name", "last_name", "username")


def managers() -> QuerySet[Colleague]:
    """Whom to ask: active people who look after the team."""
    return colleagues().filter(Q(groups__name=MANAGER) | Q(is_superuser=True), is_active=True).distinct()


def invite(*, username: str, first_name: str, last_name: str, email: str, role: str, by: User) -> User:
    """An account that waits for its owner to choose a password."""
    with transaction.atomic():
        user = User.objects.create_user(
            username, email, first_name=first_name, last_name=last_name, is_staff=role == MANAGER
        )
        user.groups.set([Group.objects.get(name=role)])
        _keep(user, by=by, flag=ADDITION, words=f"Invited as {role}.")
    return user


def change_role(*, user_id: int, role: str, by: User) -> None:
    """Raises Refused for oneself and for superusers."""
    with _locked(user_id, by=by) as user:
        user.groups.set([Group.objects.get(name=role)])
        user.is_staff = role == MANAGER  # Only managers see the admin.
        user.save(update_fields=["is_staff"])
        _keep(user, by=by, words=f"Role changed to {role}.")


def switch_off(*, user_id: int, by: User) -> None:
    """They are logged out at their next click and cannot log in. Raises Refused."""
    with _locked(user_id, by=by) as user:
        user.is_active = False
        user.save(update_fields=["is_active"])
        _keep(user, by=by, words="Log-in switched off.")


def switch_on(*, user_id: int, by: User) -> None:
    """Raises Refused."""
    with _locked(user_id, by=by) as user:
        user.is_active = True
        user.save(update_fields=["is_active"])
        _keep(user, by=by, words="Log-in switched on.")


def remove_second_step(*, user_id: int, by: User) -> None:
    """For somebody who lost phone, key and recovery codes: the password alone is enough again. Raises Refused."""
    with _locked(user_id, by=by) as user:
        Authenticator.objects.filter(user_id=user.pk).delete()
        _keep(user, by=by, words="Two-step log-in removed.")


@contextmanager
def _locked(user_id: int, *, by: User) -> Iterator[User]:
    """One change at a time, by somebody who is still a manager: two could otherwise dismiss each other."""
    with transaction.atomic():
        Group.objects.select_for_update().get(name=MANAGER)
        if not managers().filter(pk=by.pk).exists():
            raise Refused(_("You are not a manager any more, so nothing has changed."))
        user = User.objects.get(pk=user_id)
        if user.pk == by.pk:
            raise Refused(_("You cannot change your own account here. Ask another manager."))
        if user.is_superuser:
            raise Refused(_("This account belongs to whoever runs the server, and is changed there."))
        yield user


def _keep(user: User, *, by: User, words: str, flag: int = CHANGE) -> None:
    LogEntry.objects.log_actions(by.pk, [user], flag, change_message=words, single_object=True)
