"""The four roles, as groups of permissions. A clinic may change them in the admin; this runs once."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

READS = ["patients.view_patient", "patients.view_appointment", "sms.view_message", "sms.view_groupmessage"]
KEEPS = [
    "patients.add_patient",
    "patients.change_patient",
    "patients.add_appointment",
    "patients.change_appointment",
    "sms.send_message",
    "sms.view_inboundmessage",
]
SENDS = ["sms.send_groupmessage", "sms.add_groupmessage", "sms.change_groupmessage"]
MANAGES = [
    "patients.view_consentevent",
    "patients.view_preferencebatch",
    "patients.view_suppressednumber",
    "patients.add_preferencebatch",
    "patients.export_patient",
    "settings_app.view_smssettings",
    "settings_app.change_smssettings",
    "sms.resume_sending",
    "sms.view_sendingpause",
    "sms.view_deliveryevent",
]
ROLES = {
    "Practitioner": READS,
    "Receptionist": READS + KEEPS,
    "Sender": READS + KEEPS + SENDS,
    "Manager": READS + KEEPS + SENDS + MANAGES,
}


def forwards(apps, schema_editor):
    # Permissions are made after all migrations; these groups need theirs now.
    for label in ("settings_app", "patients", "sms"):
        create_permissions(installed.get_app_config(label), verbosity=0, using=schema_editor.connection.alias)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for role, names in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        for name in names:
            label, codename = name.split(".")
            group.permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))


def backwards(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("sms", "0001_initial"),
        ("patients", "0001_initial"),
        ("settings_app", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(forwards, backwards)]
