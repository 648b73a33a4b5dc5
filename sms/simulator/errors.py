"""Twilio's refusals: which code, which HTTP status, which words."""

from dataclasses import dataclass
from typing import Any

# What Twilio says with each code. `{to}` and the like are filled in, as Twilio does: a caller who logs these words
# logs a phone number, and a test should be able to catch that.
_REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid parameter {value}"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20005: (403, "Account is not active"),
    20006: (403, "Access Denied"),
    20404: (404, "The requested resource {value} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service is unavailable. Please try again"),
    21211: (400, "The 'To' number {to} is not a valid phone number."),
    21212: (
        400,
        "The 'From' number {value} is not a valid phone number, shortcode, or alphanumeric sender ID.",
    ),
    21214: (400, "'To' phone number cannot be reached"),
    21216: (400, "Account not allowed to call {to}"),
    21266: (400, "'To' and 'From' number cannot be the same: {to}"),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}.",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number."),
    21608: (400, "The number {to} is unverified. Trial accounts cannot send messages to unverified numbers."),
    21609: (400, "The StatusCallback URL {value} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (
        400,
        "Message cannot be sent with the current combination of 'To' ({to}) and/or 'From' parameters",
    ),
    21614: (400, "'To' number is not a valid mobile number: {to}"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21624: (400, "The ValidityPeriod {value} is invalid."),
    21703: (400, "The Messaging Service does not have a phone number available to send a message"),
    21705: (400, "The Messaging Service Sid {value} is invalid."),
    63038: (429, "Account exceeded the daily messages limit"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that Twilio answers with, instead of creating anything."""

    code: int
    http_status: int
    message: str

    def as_twilio(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.http_status,
        }


def refusal(code: int, *, to: str = "", value: str = "") -> Refusal:
    """The refusal for `code`. A code that is not in the table is a 400 with its number for words."""
    http_status, words = _REFUSALS.get(code, (400, f"Error {code}"))
    return Refusal(code, http_status, words.format(to=to, value=value))
