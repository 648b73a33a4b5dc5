"""A colleague is a user of Django's; only the permission to look after them is ours."""

from django.contrib.auth.models import User


class Colleague(User):
    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("manage_team", "Can invite colleagues, choose roles and switch off log-ins")]
