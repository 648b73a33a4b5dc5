"""Who works here, what each role may do, and what a manager does about it."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.accounts import team
from clinic.accounts.forms import InviteForm, RoleForm
from clinic.accounts.links import mail_link, password_link
from clinic.accounts.middleware import has_second_step
from clinic.accounts.models import Colleague
from clinic.accounts.roles import MANAGE_TEAM, MEANINGS, ROLES, name_of, role_of, table
from clinic.paging import page_of
from clinic.staff import permission_required, staff
from settings_app.models import SmsSettings

DEEDS = {
    "off": (team.switch_off, _("Their log-in is switched off.")),
    "on": (team.switch_on, _("Their log-in is switched on again.")),
    "second-step": (team.remove_second_step, _("Their second step is removed. They can set up a new one.")),
}


@require_safe
def team_list(request: HttpRequest) -> HttpResponse:
    """For everybody: whoever is refused a page needs to know whom to ask."""
    page = page_of(request, team.colleagues())
    context = {
        "page": page,
        "people": [(person, name_of(role_of(person))) for person in page],
        "roles": [(name_of(role), MEANINGS[role]) for role in ROLES],
        "table": table(),
    }
    return render(request, "accounts/team.html", context)


@permission_required(MANAGE_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if form.is_valid():
        user = team.invite(**form.cleaned_data, by=staff(request))
        _send_link(request, user)
        return redirect("accounts:colleague", user.pk)
    return render(
        request, "accounts/invite.html", {"form": form, "has_mail_server": settings.HAS_MAIL_SERVER}
    )


@permission_required(MANAGE_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def colleague(request: HttpRequest, pk: int) -> HttpResponse:
    """One colleague. `do` in what is posted says what to do; "link" shows a link for a new password."""
    person = get_object_or_404(Colleague, pk=pk)
    wanted = request.POST.get("do", "")
    form = RoleForm(request.POST if wanted == "role" else None, initial={"role": role_of(person)})
    if wanted == "mail":
        _send_link(request, person)
        return redirect("accounts:colleague", pk)
    if (wanted == "role" and form.is_valid()) or wanted in DEEDS:
        _do(request, person, wanted, form)
        return redirect("accounts:colleague", pk)
    return _page(request, person, form, show_link=wanted == "link")


def _page(request: HttpRequest, person: Colleague, form: RoleForm, *, show_link: bool) -> HttpResponse:
    joined = person.has_usable_password()
    linkable = person.is_active and _may_link(request, person)
    context = {
        "person": person,
        "role": name_of(role_of(person)),
        "form": form,
        "joined": joined,
        "is_me": person.pk == staff(request).pk,
        "second_step": has_second_step(person),
        # An invitation is shown for as long as it is needed; a way into somebody's account only when asked for.
        "link": password_link(person) if linkable and (show_link or not joined) else "",
        "has_mail_server": settings.HAS_MAIL_SERVER,
        "days": settings.LINK_DAYS,
    }
    return render(request, "accounts/colleague.html", context)


def _do(request: HttpRequest, person: Colleague, wanted: str, form: RoleForm) -> None:
    try:
        if wanted == "role":
            team.change_role(user_id=person.pk, role=form.cleaned_data["role"], by=staff(request))
            messages.success(
                request, gettext("The role is %(role)s now.") % {"role": name_of(form.cleaned_data["role"])}
            )
        else:
            deed, done = DEEDS[wanted]
            deed(user_id=person.pk, by=staff(request))
            messages.success(request, done)
    except team.Refused as refused:
        messages.error(request, str(refused))


def _may_link(request: HttpRequest, person: User) -> bool:
    """Nobody but themselves gets into a superuser's account, and one changes one's own password elsewhere."""
    return not person.is_superuser and person.pk != staff(request).pk


def _send_link(request: HttpRequest, person: User) -> None:
    if not _may_link(request, person) or not person.is_active:
        messages.error(request, _("No link can be sent for this account."))
    elif not settings.HAS_MAIL_SERVER:
        messages.info(request, _("No e-mail server is set up: copy the link below and give it to them."))
    elif mail_link(person, clinic=SmsSettings.load().clinic_name):
        messages.success(request, _("The link is on its way by e-mail."))
    else:
        messages.warning(request, _("The e-mail could not be sent: copy the link below and give it to them."))
