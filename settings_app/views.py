"""Settings → SMS settings."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.staff import permission_required
from settings_app.forms import ACCEPT, REJECT, SmsSettingsForm
from settings_app.models import SmsSettings


@permission_required("settings_app.change_smssettings", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def sms(request: HttpRequest) -> HttpResponse:
    """Show and save the settings. With the tick-box it leads on to the page that applies the default."""
    row = SmsSettings.load()
    form = SmsSettingsForm(request.POST or None, instance=row)
    if form.is_valid():
        form.save_changes(by=request.user)
        messages.success(request, _("The settings are saved."))
        if form.cleaned_data["apply_to_all"]:
            to = ACCEPT if form.accepts else REJECT
            return redirect(f"{reverse('patients:apply_default')}?to={to}")
        return redirect("settings_app:sms")
    context = {
        "form": form,
        "row": row,
        "one_sender": settings.TWILIO_CARE_SENDER == settings.TWILIO_MARKETING_SENDER,
    }
    return render(request, "settings_app/sms.html", context)
