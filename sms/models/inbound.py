"""A text that came back."""

from django.db import models


class ReplyKind(models.TextChoices):
    """What a reply asks for, as `sms.keywords` reads it."""

    STOP = "stop", "Opt-out"
    START = "start", "Opt-in"
    HELP = "help", "Asks for help"
    OTHER = "other", "Reply"


class InboundMessage(models.Model):
    sid = models.CharField(max_length=34, unique=True)
    phone = models.CharField(max_length=16)
    sender = models.CharField(max_length=34, help_text="The number or messaging service it was sent to.")
    body = models.TextField()
    kind = models.CharField(max_length=10, choices=ReplyKind.choices)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["phone", "-id"], name="inbound_phone_newest")]

    def __str__(self) -> str:
        return f"Inbound message {self.pk}"
