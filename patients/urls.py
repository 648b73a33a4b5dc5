from django.urls import path

from patients.views import appointments, default, export, imports, large_imports, people

app_name = "patients"

urlpatterns = [
    path("patients/", people.list_, name="list"),
    path("patients/new/", people.create, name="create"),
    path("patients/import/", imports.import_, name="import"),
    path("patients/import/<uuid:import_id>/", large_imports.step, name="import_step"),
    path("patients/import/<uuid:import_id>/progress/", large_imports.progress, name="import_progress"),
    path("patients/import/<uuid:import_id>/again/", large_imports.again, name="import_again"),
    path("patients/export/", export.export, name="export"),
    path("patients/<int:pk>/", people.detail, name="detail"),
    path("patients/<int:pk>/edit/", people.edit, name="edit"),
    path("patients/<int:pk>/archive/", people.archive, name="archive"),
    path("patients/<int:pk>/deceased/", people.deceased, name="deceased"),
    path("patients/<int:pk>/appointments/new/", appointments.add, name="add_appointment"),
    path(
        "patients/<int:pk>/appointments/<int:appointment_pk>/cancel/",
        appointments.cancel,
        name="cancel_appointment",
    ),
    # Applying the default is about patients, so it lives here; the settings page leads to it.
    path("settings/sms/apply/", default.apply, name="apply_default"),
    path("settings/sms/apply/<int:pk>/", default.batch, name="batch"),
    path("settings/sms/apply/<int:pk>/progress/", default.progress, name="batch_progress"),
    path("settings/sms/apply/<int:pk>/undo/", default.undo, name="undo_default"),
]
