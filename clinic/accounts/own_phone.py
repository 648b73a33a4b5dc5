"""The mobile number of somebody who works here: where their test texts go, and nothing else."""

from django.contrib.auth.models import User

from clinic.accounts.models import OwnPhone


def own_phone(user: User) -> str:
    """In E.164; "" if they have saved none."""
    return OwnPhone.objects.filter(user=user.pk).values_list("phone", flat=True).first() or ""


def save_own_phone(user: User, phone: str) -> None:
    """`phone` is in E.164; "" forgets the one that was there."""
    if phone:
        OwnPhone.objects.update_or_create(user_id=user.pk, defaults={"phone": phone})
    else:
        OwnPhone.objects.filter(user=user.pk).delete()
