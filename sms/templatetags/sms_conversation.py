"""What a patient's page shows of their texts, without `patients` knowing of `sms`."""

from typing import Any

from django import template
from django.urls import reverse

from patients.models import Patient
from sms import communications, one_off
from sms.communications import Place
from sms.forms import OneOffForm
from sms.models import InboundMessage

register = template.Library()

SHOWN = 30


@register.inclusion_tag("sms/_patient_texts.html", takes_context=True)
def patient_texts(context: dict[str, Any], patient: Patient) -> dict[str, Any]:
    """The newest texts to the patient, and theirs, in the order in which they were written. `?before=` goes on."""
    return _talk(context, [patient], patient.phone)


@register.inclusion_tag("sms/_patient_texts.html", takes_context=True)
def reply_texts(context: dict[str, Any], reply: InboundMessage, people: list[Patient]) -> dict[str, Any]:
    """All with those who may have written `reply`, and from its number."""
    return _talk(context, people, reply.phone) | {"reply": reply}


def _talk(context: dict[str, Any], people: list[Patient], number: str) -> dict[str, Any]:
    before = Place.read(context["request"].GET.get("before", ""))
    part = communications.conversation(people, number=number).part(before=before, size=SHOWN)
    perms = context["perms"]
    return {
        "entries": part.entries[::-1],
        "older": part.older,
        "is_newest": before is None,
        "number": number,
        "names": len(people) > 1,
        # Who may have written what is nobody's yet.
        "possible": Patient.objects.on_number(number).count(),
        "may_ask_why": perms["sms"]["view_message"],
        "may_assign": perms["sms"]["view_inboundmessage"],
    }


@register.inclusion_tag("sms/_one_off_form.html", takes_context=True)
def one_off_form(context: dict[str, Any], patient: Patient) -> dict[str, Any]:
    """The form for one text, or the reason why there is none."""
    return {
        "patient": patient,
        "allowed": context["perms"]["sms"]["send_message"],
        "csrf_token": context.get("csrf_token"),
        "perms": context["perms"],
        "action": reverse("sms:one_off", args=[patient.pk]),
        "form": OneOffForm(),
        "reason": one_off.why_not(patient),
    }
