"""A text that is at Twilio and was not in our database: it was sent before a backup was restored."""

from django.db import models

from sms.models.message import Message


class StrayRecord(models.Model):
    """`digest` stands for the number and the text: enough to know the same text again, and tells nobody who got it.

    `message` is the waiting text that turned out to be this one; each explains one.
    """

    sid = models.CharField(max_length=34, unique=True)
    digest = models.CharField(max_length=64)
    sender = models.CharField(max_length=34)
    sent_at = models.DateTimeField()
    found_at = models.DateTimeField()
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Every claim asks whether one of its texts has been sent already.
            models.Index(fields=["digest"], condition=models.Q(message=None), name="stray_unexplained"),
        ]

    def __str__(self) -> str:
        return f"Stray record {self.pk}"
