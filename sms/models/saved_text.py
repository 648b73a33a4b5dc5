"""A text that staff write often, kept to start from."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class SavedText(models.Model):
    """`body` is a group SMS's text, placeholders and all. A draft that starts from it is a copy."""

    name = models.CharField(_("Name"), max_length=60, unique=True)
    body = models.TextField(_("Message"), max_length=1600)
    is_marketing = models.BooleanField(_("This is a marketing message"), default=False)
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("saved text")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("sms:saved_text", args=[self.pk])
