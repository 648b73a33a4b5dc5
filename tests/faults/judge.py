"""The one judge of all scenarios: what happened, read from outside, against seven invariants.

It shares no rule with the application: who may be texted, and what a state claims about Twilio, is said here a second
time and in other words.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from tests.faults.secrets_found import secrets_found

WAITING = {"queued", "sending"}
NEVER_LEFT = {"queued", "not_sent", "left_out", "cancelled", "expired"}
AT_TWILIO = {"accepted", "sent", "delivered", "undelivered"}
NAMED = WAITING | NEVER_LEFT | AT_TWILIO | {"failed", "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A record of the simulator's ledger: a text that exists. `token` is the one in its callback address."""

    sid: str
    token: str
    to: str
    body: str
    status: str
    created_at: datetime
    sender: str
    valid_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of ours as it stands in the end."""

    id: int
    token: str
    group: str | None
    patient: int
    phone: str
    body: str
    purpose: str
    status: str
    sid: str
    send_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One claim of one text: to which number, the moment it began with, and when the database committed it."""

    message: int
    phone: str
    sender: str
    at: datetime
    committed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What was known of a patient from `committed_at` on."""

    patient: int
    phone: str
    accepts: bool
    out_of_use: bool
    committed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something in force from one commit to another: a block of a number, or a rest of sending or of a group SMS.

    `what` is the number, the group SMS, or "" for all sending; `everything` is False for a block of marketing alone.
    """

    what: str
    since: datetime
    until: datetime | None
    everything: bool = True

    def holds(self, at: datetime) -> bool:
        return self.since < at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Marketing may leave from `opens` to before `closes` in the zone of each patient."""

    opens: time
    closes: time
    zones: dict[int, str]


@dataclass(slots=True, kw_only=True)
class Evidence:
    """All that the judge looks at. `lists` says how many people each frozen list must have.

    `posts` counts the requests that arrived at the simulator by token. `readable` is what others could read: logs, all
    that passed through Redis, and addresses; nothing of `secrets` may be in it. Caps and rates are by sender.
    `clock_is_real` is False if the sender was told another time than the simulator's.
    """

    texts: list[Text]
    rows: list[Row]
    claims: list[Claimed] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    blocks: list[Span] = field(default_factory=list)
    rests: list[Span] = field(default_factory=list)
    lists: dict[str, int] = field(default_factory=dict)
    posts: Counter[str] = field(default_factory=Counter)
    quiet: Quiet | None = None
    daily_caps: dict[str, int] = field(default_factory=dict)
    parts_a_second: dict[str, float] = field(default_factory=dict)
    readable: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    may_wait: bool = False
    news_is_complete: bool = True
    clock_is_real: bool = True


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that was broken: which one, and what was seen. No number and no text in it."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


def examine(evidence: Evidence) -> list[Breach]:
    """Every breach of every invariant."""
    found = (
        ("I1", _sent_twice(evidence)),
        ("I2", _claimed_in_spite_of(evidence)),
        ("I3", _unaccounted(evidence)),
        ("I4", _contradictions(evidence)),
        ("I5", _too_late(evidence)),
        ("I6", _over_the_cap(evidence)),
        ("I7", _told(evidence)),
    )
    return [Breach(invariant, what) for invariant, breaches in found for what in breaches]


def _sent_twice(evidence: Evidence) -> Iterator[str]:
    """At most one record per message and per (group SMS, number); no request that no claim stands behind."""
    by_token = {row.token: row for row in evidence.rows}
    for token, number in Counter(text.token for text in evidence.texts).items():
        if token not in by_token:
            yield "a text at Twilio that no message of ours stands for"
        elif number > 1:
            yield f"message {by_token[token].id} exists {number} times"
    of_groups = [
        (row.group, text.to)
        for text in evidence.texts
        if (row := by_token.get(text.token)) and row.group is not None
    ]
    for (group, _), number in Counter(of_groups).items():
        if number > 1:
            yield f"one number got group SMS {group} {number} times"
    claims = Counter(claim.message for claim in evidence.claims)
    for token, number in evidence.posts.items():
        if (row := by_token.get(token)) and number > claims[row.id]:
            yield f"message {row.id} was posted {number} times and claimed {claims[row.id]} times"


def _claimed_in_spite_of(evidence: Evidence) -> Iterator[str]:
    """No claim that was committed after a committed refusal, nor one within a rest."""
    rows = {row.id: row for row in evidence.rows}
    history: dict[int, list[Person]] = defaultdict(list)
    for person in sorted(evidence.people, key=lambda person: person.committed_at):
        history[person.patient].append(person)
    for claim in evidence.claims:
        row = rows[claim.message]
        known = {
            patient: past[-1]
            for patient, states in history.items()
            if (past := [state for state in states if state.committed_at < claim.committed_at])
        }
        if why := _why_refused(row, claim, known, evidence.blocks):
            yield f"message {row.id} was claimed though {why}"
        for rest in evidence.rests:
            # A group SMS is locked by whoever claims for it. All sending is not, and a claim looks for a rest at some
            # moment between its beginning and its commit: it is at fault if the rest was in force all that time.
            begins = claim.committed_at if rest.what else claim.at
            if rest.what in ("", row.group) and rest.holds(begins) and rest.holds(claim.committed_at):
                yield f"message {row.id} was claimed while sending rested"


def _why_refused(row: Row, claim: Claimed, known: dict[int, Person], blocks: list[Span]) -> str:
    if (person := known.get(row.patient)) is None:
        return ""
    if person.phone != claim.phone:
        return "the number had changed"
    if person.out_of_use:
        return "the patient was out of use"
    on_number = [other for other in known.values() if other.phone == claim.phone and not other.out_of_use]
    if row.purpose == "marketing" and not all(other.accepts for other in on_number):
        return "somebody on the number had refused"
    for block in blocks:
        counts = block.everything or row.purpose == "marketing"
        if block.what == claim.phone and counts and block.holds(claim.committed_at):
            return "the number was blocked"
    return ""


def _unaccounted(evidence: Evidence) -> Iterator[str]:
    """Each frozen list is whole, and everyone on it has a state with a name."""
    of_group: dict[str, list[Row]] = defaultdict(list)
    for row in evidence.rows:
        if row.group:
            of_group[row.group].append(row)
        if row.status not in NAMED:
            yield f"message {row.id} is {row.status!r}, which is no state"
        elif row.status in WAITING and not evidence.may_wait:
            yield f"message {row.id} is {row.status} for ever"
    for group, people in evidence.lists.items():
        found = len({row.patient for row in of_group[group]})
        if found != people or len(of_group[group]) != people:
            yield f"the list of group SMS {group} had {people} people; {found} are accounted for"


def _contradictions(evidence: Evidence) -> Iterator[str]:
    """Our state never says what the ledger denies."""
    texts = {text.token: text for text in reversed(evidence.texts)}
    for row in evidence.rows:
        text = texts.get(row.token)
        if text is None:
            if row.status in AT_TWILIO:
                yield f"message {row.id} is {row.status} and does not exist at Twilio"
            continue
        if row.status in NEVER_LEFT:
            yield f"message {row.id} is {row.status} and exists at Twilio"
        erased = not row.phone and not row.body
        if (text.to, text.body) != (row.phone, row.body) and not erased:
            yield f"message {row.id} left with another number or text"
        if row.sid and row.sid != text.sid:
            yield f"message {row.id} is bound to the record of another"
        ends = {"delivered", "undelivered", "failed"}
        said_more = row.status in ends and row.status != text.status
        behind = evidence.news_is_complete and text.status in ends and row.status != text.status
        if said_more or behind:
            yield f"message {row.id} is {row.status}, at Twilio {text.status}"


def _too_late(evidence: Evidence) -> Iterator[str]:
    """Nothing after `send_by`, and no marketing in quiet hours where the patient is."""
    rows = {row.id: row for row in evidence.rows}
    by_token = {row.token: row for row in evidence.rows}
    for claim in evidence.claims:
        row = rows[claim.message]
        if claim.at >= row.send_by:
            yield f"message {row.id} was claimed too late"
        if evidence.quiet and row.purpose == "marketing":
            local = claim.at.astimezone(ZoneInfo(evidence.quiet.zones[row.patient])).time()
            if not evidence.quiet.opens <= local < evidence.quiet.closes:
                yield f"message {row.id} was claimed in quiet hours"
    for text in evidence.texts:
        row_of = by_token.get(text.token)
        if row_of and evidence.clock_is_real and text.created_at > row_of.send_by:
            yield f"message {row_of.id} left too late"


def _over_the_cap(evidence: Evidence) -> Iterator[str]:
    """Not more texts in a day than a sender may send, and not faster. All texts of these runs have one part.

    Five seconds' worth may have been saved up; over any longer time no more may be claimed than the rate allows.
    """
    for sender, cap in evidence.daily_caps.items():
        if (left := sum(text.sender == sender for text in evidence.texts)) > cap:
            yield f"{left} texts left from {sender}, the cap is {cap}"
    for sender, rate in evidence.parts_a_second.items():
        moments = sorted(claim.at for claim in evidence.claims if claim.sender == sender)
        yield from _too_fast(moments, rate)


def _too_fast(moments: list[datetime], rate: float) -> Iterator[str]:
    """The first stretch of `moments` with more of them than `rate` a second allows."""
    for first, begin in enumerate(moments):
        for last in range(first, len(moments)):
            allowed = rate * (5 + (moments[last] - begin).total_seconds())
            if last - first + 1 > allowed + 1e-6:
                yield f"{last - first + 1} texts were claimed where {allowed:.0f} were allowed"
                return


def _told(evidence: Evidence) -> Iterator[str]:
    """No number and no text where others could read it."""
    for place, content in evidence.readable.items():
        if number := secrets_found(content, evidence.secrets):
            yield f"{number} numbers or texts in {place}"
