"""The clinic's name, and who works there."""

from datetime import time

from django.contrib.auth.models import Group, User

from settings_app.models import SmsSettings

# Username, password and role, which is the name of a group. They are printed for everybody to read, so they
# must never open anything but a demo.
LOGINS: tuple[tuple[str, str, str], ...] = (
    ("manager", "quiet-harbour-71", "Manager"),
    ("receptionist", "early-ferry-28", "Receptionist"),
    ("sender", "bright-lantern-46", "Sender"),
    ("practitioner", "calm-orchard-53", "Practitioner"),
)
_NAMES = {
    "manager": ("Grace", "Adeyemi"),
    "receptionist": ("Tom", "Nguyen"),
    "sender": ("Priya", "Raman"),
    "practitioner": ("Amara", "Osei"),
}

CLINIC_NAME = "Harbour Street Medical Centre"
CLINIC_PHONE = "(02) 5550 0123"  # One of ACMA's fictitious landlines.


def hire() -> dict[str, User]:
    """Make the log-ins; username to user. The manager may enter the admin, and sees there what the role allows."""
    users = {}
    for username, password, role in LOGINS:
        first_name, last_name = _NAMES[username]
        users[username] = User.objects.create_user(
            username,
            f"{username}@harbourstreet.example",
            password=password,
            first_name=first_name,
            last_name=last_name,
            is_staff=role == "Manager",
        )
        users[username].groups.add(Group.objects.get(name=role))
    return users


def put_up_the_sign(*, by: User) -> SmsSettings:
    """Give the clinic its name and phone, and no quiet hours; every other setting stays as the product ships.

    Nobody sleeps here, and whoever tries the demo at night wants to see a promotion leave.
    """
    settings = SmsSettings.load()
    changed = {
        "clinic_name": CLINIC_NAME,
        "clinic_phone": CLINIC_PHONE,
        "marketing_not_before": time(0),
        "marketing_not_after": time(23, 59),
        "updated_by": by,
    }
    for name, value in changed.items():
        setattr(settings, name, value)
    settings.save(update_fields=[*changed, "updated_at"])
    return settings
