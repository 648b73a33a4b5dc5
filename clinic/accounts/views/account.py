"""One's own account: password, second step, and the browsers in which one is logged in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.accounts import sessions
from clinic.accounts.forms import OwnPhoneForm
from clinic.accounts.middleware import has_second_step
from clinic.accounts.own_phone import own_phone, save_own_phone
from clinic.accounts.roles import name_of, role_of
from clinic.lib.phone import display
from clinic.staff import staff


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """What is posted is the own number."""
    user = staff(request)
    phone = own_phone(user)
    form = OwnPhoneForm(request.POST or None, initial={"phone": display(phone) if phone else ""})
    if request.method == "POST" and form.is_valid():
        save_own_phone(user, form.cleaned_data["phone"])
        messages.success(
            request,
            _("Your number is saved.") if form.cleaned_data["phone"] else _("Your number is forgotten."),
        )
        return redirect("accounts:account")
    context = {
        "role": name_of(role_of(user)),
        "has_second_step": has_second_step(user),
        "form": form,
        "places": sessions.places(request, user),
    }
    return render(request, "accounts/account.html", context)


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Where it was this very browser, the log-in page comes next by itself."""
    if sessions.end(user=staff(request), pk=pk):
        messages.success(request, _("That browser is logged out."))
    else:
        messages.info(request, _("That browser was logged out already."))
    return redirect("accounts:account")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    sessions.end_others(user=staff(request), key=request.session.session_key or "")
    messages.success(request, _("All other browsers are logged out."))
    return redirect("accounts:account")


@require_POST
def here(request: HttpRequest) -> HttpResponse:
    """Somebody is typing or reading: the middleware has noted it."""
    return HttpResponse(status=204)
