"""All addresses."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from sms.views.health import healthz, readyz
from sms.views.overview import overview

admin.site.site_header = admin.site.site_title = "Clinic SMS"

urlpatterns = [
    path("", overview, name="overview"),
    path("", include("settings_app.urls")),
    path("", include("patients.urls")),
    path("", include("sms.urls")),
    path("accounts/login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
