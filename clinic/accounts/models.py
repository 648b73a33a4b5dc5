"""A colleague is a user of Django's; only the permission to look after them, and their own number, are ours."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.lib.phone import E164


class Colleague(User):
    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("manage_team", _("Can invite colleagues, choose roles and switch off log-ins"))]


class OwnPhone(models.Model):
    """Where somebody who works here gets the texts that they try out."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    phone = models.CharField(_("Your mobile number"), max_length=16)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(phone__regex=E164), name="own_phone_e164")]

    def __str__(self) -> str:
        return f"Own phone of user {self.pk}"
