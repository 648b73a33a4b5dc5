"""Addresses of accounts and the team. allauth's keep the names by which it looks for them."""

from allauth.account import views as allauth
from django.contrib.auth import views as auth
from django.urls import include, path

from clinic.accounts.views import account, passwords, team

ours = [
    path("team/", team.team_list, name="team"),
    path("team/invite/", team.invite, name="invite"),
    path("team/<int:pk>/", team.colleague, name="colleague"),
    path("accounts/", account.account, name="account"),
    path("accounts/here/", account.here, name="here"),
    path("accounts/browsers/<int:pk>/log-out/", account.end_session, name="end_session"),
    path("accounts/browsers/log-out/", account.end_other_sessions, name="end_other_sessions"),
    path("accounts/password/forgot/", passwords.forgot, name="forgot"),
    path("accounts/password/forgot/done/", passwords.forgot_done, name="forgot_done"),
    path(
        "accounts/password/set/<uidb64>/<token>/",
        passwords.PasswordSet.as_view(),
        name="password_set",
    ),
]

urlpatterns = [
    path("", include((ours, "accounts"))),
    path("accounts/login/", allauth.login, name="account_login"),
    path("accounts/logout/", allauth.logout, name="account_logout"),
    path("accounts/inactive/", allauth.account_inactive, name="account_inactive"),
    path("accounts/confirm/", allauth.reauthenticate, name="account_reauthenticate"),
    path("accounts/second-step/", include("allauth.mfa.urls")),
    path("accounts/password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
]
