"""A form as a browser shows it, filled in and sent back, hidden fields and all."""

import re

from django.test import Client
from django.urls import reverse

from patients.models import Patient

BOX = "accepts_sms_marketing"
_SELECT = re.compile(r'<select\b[^>]*\bname="(\w+)"[^>]*>(.*?)</select>', re.DOTALL)
_SELECTED = re.compile(r'<option value="([^"]*)" selected>')
_INPUT = re.compile(r"<(?:input|select|textarea)\b[^>]*>")


def as_shown(html: str) -> dict[str, str]:
    """What a browser would send if staff pressed Save at once."""
    sent: dict[str, str] = {}
    form = html[html.index('<form class="form"') :]
    for tag in _INPUT.findall(form):
        attrs = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attrs.get("type") == "checkbox":
            if " checked" in tag:
                sent[attrs["name"]] = "on"
        elif attrs.get("name", "csrfmiddlewaretoken") != "csrfmiddlewaretoken":
            sent[attrs["name"]] = attrs.get("value", "")
    for name, options in _SELECT.findall(form):
        sent[name] = next(iter(_SELECTED.findall(options)), "")
    return sent


def ticked(data: dict[str, str], box: str = BOX) -> dict[str, str]:
    return data | {box: "on"}


def unticked(data: dict[str, str], box: str = BOX) -> dict[str, str]:
    return {name: value for name, value in data.items() if name != box}


def edit_url(patient: Patient) -> str:
    return reverse("patients:edit", args=[patient.pk])


def page(client: Client, url: str) -> dict[str, str]:
    return as_shown(client.get(url).content.decode())
