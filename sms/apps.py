from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from sms import legal_steps


class SmsConfig(AppConfig):
    name = "sms"
    verbose_name = _("Texts")

    def ready(self) -> None:
        post_migrate.connect(legal_steps.install, sender=self)
