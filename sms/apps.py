from django.apps import AppConfig
from django.db.models.signals import post_migrate

from sms import legal_steps


class SmsConfig(AppConfig):
    name = "sms"
    verbose_name = "Texts"

    def ready(self) -> None:
        post_migrate.connect(legal_steps.install, sender=self)
