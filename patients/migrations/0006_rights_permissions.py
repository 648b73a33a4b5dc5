from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("patients", "0005_patients_own_time_zone")]
    operations = [
        migrations.AlterModelOptions(
            name="patient",
            options={
                "ordering": ["last_name", "first_name", "id"],
                "permissions": [
                    ("export_patient", "Can export patients and their consents"),
                    ("disclose_patient", "Can see and export everything held on one patient"),
                    ("erase_patient", "Can erase a patient for good"),
                ],
            },
        ),
    ]
