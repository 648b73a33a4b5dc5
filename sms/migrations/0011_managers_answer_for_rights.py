"""Managers may see everything held on a patient, and erase one. As the roles themselves, this runs once."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

NAMES = ["disclose_patient", "erase_patient"]


def forwards(apps, schema_editor):
    create_permissions(
        installed.get_app_config("patients"), verbosity=0, using=schema_editor.connection.alias
    )
    Permission = apps.get_model("auth", "Permission")
    permissions = Permission.objects.filter(content_type__app_label="patients", codename__in=NAMES)
    for manager in apps.get_model("auth", "Group").objects.filter(name="Manager"):
        manager.permissions.add(*permissions)


def backwards(apps, schema_editor):
    Permission = apps.get_model("auth", "Permission")
    permissions = Permission.objects.filter(content_type__app_label="patients", codename__in=NAMES)
    for manager in apps.get_model("auth", "Group").objects.filter(name="Manager"):
        manager.permissions.remove(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("sms", "0010_restored_backup"),
        ("patients", "0006_rights_permissions"),
    ]
    operations = [migrations.RunPython(forwards, backwards)]
