"""All addresses."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from clinic.guide import guide
from clinic.styleguide import styleguide
from sms.views.health import healthz, readyz
from sms.views.overview import overview

admin.site.site_header = admin.site.site_title = "Clinic SMS"
# The admin's own log-in page would ask for no second step.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler403 = "clinic.accounts.views.refused.refused"

urlpatterns = [
    path("", overview, name="overview"),
    path("", include("settings_app.urls")),
    path("", include("patients.urls")),
    path("", include("sms.urls")),
    path("", include("clinic.accounts.urls")),
    path("guide/", guide, name="guide"),
    path("guide/<slug:page>/", guide, name="guide_page"),
    path("styleguide/", styleguide, name="styleguide"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
