"""Managers may look after the team."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def forwards(apps, schema_editor):
    # Permissions are made after all migrations; the group needs this one now.
    create_permissions(
        installed.get_app_config("accounts"), verbosity=0, using=schema_editor.connection.alias
    )
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="accounts", codename="manage_team"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name="Manager"):
        group.permissions.add(permission)


def backwards(apps, schema_editor):
    for group in apps.get_model("auth", "Group").objects.filter(name="Manager"):
        group.permissions.remove(*group.permissions.filter(codename="manage_team"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_cache_table"), ("sms", "0002_roles")]
    operations = [migrations.RunPython(forwards, backwards)]
