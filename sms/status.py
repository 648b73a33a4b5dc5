"""The life of a text and of a group SMS: states, named sets of them, and which step may follow which."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    """Where one text to one patient stands. The labels are what staff read."""

    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Sending")
    ACCEPTED = "accepted", _("With Twilio")
    SENT = "sent", _("Sent to the phone network")
    DELIVERED = "delivered", _("Delivered")
    UNDELIVERED = "undelivered", _("Not delivered")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("We do not know")
    NOT_SENT = "not_sent", _("Not sent")
    LEFT_OUT = "left_out", _("Left out")
    CANCELLED = "cancelled", _("Stopped")
    EXPIRED = "expired", _("Too late to send")


# Nothing is decided yet: the app still has work to do.
OPEN = frozenset({Status.QUEUED, Status.SENDING, Status.UNKNOWN})
# Twilio has it, and its last word is still to come.
IN_FLIGHT = frozenset({Status.ACCEPTED, Status.SENT})
# Twilio has it, and bills it: the clinic pays also for a text that no phone got.
BILLED = IN_FLIGHT | {Status.DELIVERED, Status.UNDELIVERED}
# A text that certainly exists, or may exist, at Twilio.
MAY_EXIST = IN_FLIGHT | {Status.SENDING, Status.UNKNOWN, Status.DELIVERED, Status.UNDELIVERED, Status.FAILED}
# We have POSTed it, and know what came of that, or that we do not know.
HANDED_OVER = MAY_EXIST - {Status.SENDING}
FINAL = frozenset(Status) - OPEN - IN_FLIGHT

# How far the provider's news has come. Later news replaces earlier news, never the other way round.
_RANK = {
    Status.ACCEPTED: 1,
    Status.SENT: 2,
    Status.UNDELIVERED: 3,
    Status.FAILED: 3,
    Status.DELIVERED: 3,
}

# What Twilio calls a status, and what we make of it. A word that is not here changes nothing.
FROM_TWILIO = {
    "accepted": Status.ACCEPTED,
    "scheduled": Status.ACCEPTED,
    "queued": Status.ACCEPTED,
    "sending": Status.ACCEPTED,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "undelivered": Status.UNDELIVERED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}


def replaced_by(news: Status) -> frozenset[Status]:
    """The states that `news` from the provider may replace.

    Any news proves that the text exists at Twilio. So it replaces whatever we believed ourselves, `queued` and
    `left_out` among it: a text of which there is news must never be sent again. Among the provider's own words the
    first final one stands, except that a delivery may still follow "undelivered".
    """
    standing = {status for status, rank in _RANK.items() if rank >= _RANK[news]}
    if news is Status.DELIVERED:
        standing.remove(Status.UNDELIVERED)
    return frozenset(Status) - standing


# What the app itself does to a text. The provider's news comes on top: see `may_follow`.
_OUR_STEPS: dict[Status, frozenset[Status]] = {
    # To `unknown` without having been sent by us: a restored backup, and Twilio has it already.
    Status.QUEUED: frozenset(
        {Status.SENDING, Status.LEFT_OUT, Status.CANCELLED, Status.EXPIRED, Status.UNKNOWN}
    ),
    Status.SENDING: frozenset({Status.ACCEPTED, Status.FAILED, Status.UNKNOWN, Status.QUEUED}),
    # The answer may come after the sweep; else a look-up decides.
    Status.UNKNOWN: frozenset({Status.ACCEPTED, Status.FAILED, Status.QUEUED, Status.NOT_SENT}),
    Status.NOT_SENT: frozenset({Status.QUEUED}),
    # What left the patient out has been mended, or the next person on the number gets it.
    Status.LEFT_OUT: frozenset({Status.QUEUED}),
    Status.CANCELLED: frozenset(),
    Status.EXPIRED: frozenset(),
    # A look-up guessed which record is this text's, and proof came that it is another's.
    **{told: frozenset({Status.UNKNOWN}) for told in _RANK},
}


def may_follow(status: Status) -> frozenset[Status]:
    """The states that a text may go to from `status`. The database refuses all others: see `sms.legal_steps`."""
    return _OUR_STEPS[status] | {news for news in _RANK if status in replaced_by(news)}


class GroupStatus(TextChoices):
    """Where a group SMS stands."""

    DRAFT = "draft", _("Draft")
    CONFIRMED = "confirmed", _("Preparing the list")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    FINISHED = "finished", _("Finished")
    CANCELLED = "cancelled", _("Stopped")


# Which step may follow which. Back to a draft it goes only while no text of it has ever been claimed.
_GROUP_STEPS = {
    GroupStatus.DRAFT: {GroupStatus.CONFIRMED},
    GroupStatus.CONFIRMED: {GroupStatus.SENDING, GroupStatus.CANCELLED, GroupStatus.DRAFT},
    GroupStatus.SENDING: {
        *(GroupStatus.PAUSED, GroupStatus.FINISHED, GroupStatus.CANCELLED, GroupStatus.DRAFT),
    },
    GroupStatus.PAUSED: {
        *(GroupStatus.SENDING, GroupStatus.FINISHED, GroupStatus.CANCELLED, GroupStatus.DRAFT),
    },
    GroupStatus.FINISHED: set(),
    GroupStatus.CANCELLED: set(),
}
# Confirmed, and not over: somebody may still want to stop it.
UNDER_WAY = frozenset({GroupStatus.CONFIRMED, GroupStatus.SENDING, GroupStatus.PAUSED})


def before(step: GroupStatus) -> frozenset[GroupStatus]:
    """The states from which a group SMS may become `step`."""
    return frozenset(status for status, following in _GROUP_STEPS.items() if step in following)
