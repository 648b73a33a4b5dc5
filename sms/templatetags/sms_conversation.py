"""What a patient's page shows of their texts, without `patients` knowing of `sms`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template

from patients.models import Patient
from sms import one_off
from sms.forms import OneOffForm
from sms.models import InboundMessage, Message
from sms.status import Status

register = template.Library()

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text of ours, or one that came back."""

    at: datetime
    text: Message | None = None
    reply: InboundMessage | None = None


@register.inclusion_tag("sms/_patient_texts.html", takes_context=True)
def patient_texts(context: dict[str, Any], patient: Patient) -> dict[str, Any]:
    """The newest texts to the patient, and from their number, in the order in which they were written."""
    sent = Message.objects.filter(patient=patient).exclude(status=Status.LEFT_OUT).order_by("-pk")[:SHOWN]
    received = InboundMessage.objects.filter(phone=patient.phone).exclude(phone="").order_by("-pk")[:SHOWN]
    bubbles = [Bubble(text.created_at, text=text) for text in sent]
    bubbles += [Bubble(reply.received_at, reply=reply) for reply in received]
    return {
        "patient": patient,
        "bubbles": sorted(bubbles, key=lambda bubble: bubble.at)[-SHOWN:],
        "may_ask_why": context["perms"]["sms"]["view_message"],
    }


@register.inclusion_tag("sms/_one_off_form.html", takes_context=True)
def one_off_form(context: dict[str, Any], patient: Patient) -> dict[str, Any]:
    """The form for one text, or the reason why there is none."""
    return {
        "patient": patient,
        "form": OneOffForm(),
        "reason": one_off.why_not(patient),
        "allowed": context["perms"]["sms"]["send_message"],
        "csrf_token": context.get("csrf_token"),
    }
