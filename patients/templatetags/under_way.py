"""What is being done to all patients just now, for pages below this app."""

from django import template

from patients import batches
from patients.models import PreferenceBatch

register = template.Library()


@register.simple_tag
def change_under_way() -> PreferenceBatch | None:
    """The change of all patients that is being worked off."""
    return batches.running()
