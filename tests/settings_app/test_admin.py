"""The settings in the admin: the one row can be changed, not added, not removed."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from settings_app.models import SmsSettings

pytestmark = pytest.mark.django_db


def test_there_is_one_row_and_it_stays(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:settings_app_smssettings_changelist")).status_code == 200
    assert admin_client.get(reverse("admin:settings_app_smssettings_add")).status_code == 403
    delete = reverse("admin:settings_app_smssettings_delete", args=[1])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    assert SmsSettings.objects.count() == 1


def test_a_change_says_who_made_it(admin_client: Client, admin_user: User) -> None:
    url = reverse("admin:settings_app_smssettings_change", args=[1])
    form = admin_client.get(url).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields} | {"clinic_name": "Harbour Clinic"}
    sent = {name: value for name, value in sent.items() if value is not None and value is not False}
    answer = admin_client.post(url, sent)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row = SmsSettings.load()
    assert (row.clinic_name, row.updated_by, row.new_patients_accept_marketing) == (
        "Harbour Clinic",
        admin_user,
        False,
    )
