"""What the provider told us about a text, word for word, each thing once."""

from django.db import models

from sms.models.message import Message


class DeliveryEvent(models.Model):
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="delivery_events")
    sid = models.CharField(max_length=34)
    status = models.CharField(max_length=20)
    error_code = models.PositiveIntegerField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            # Callbacks come twice; the second changes nothing.
            models.UniqueConstraint(fields=["message", "sid", "status"], name="delivery_event_once"),
        ]

    def __str__(self) -> str:
        return f"Delivery event {self.pk}"
