"""Collects the evidence: the simulator's ledger, our rows, and the commits as the database saw them."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, time
from typing import Any

import psycopg

from tests.faults.judge import Claimed, Evidence, Person, Quiet, Row, Span, Text
from tests.faults.world import World

Seen = tuple[dict[str, Any], datetime]


@contextmanager
def watching(world: World) -> Iterator[dict[int, datetime]]:
    """Keeps looking for rests of all sending while it is open: the id of each, and when it was first to be seen.

    A commit gets its moment before anybody can see it, on a busy machine a good while before. Claims take no lock
    that a rest would wait for, so what counts is whether they could have seen it.
    """
    seen: dict[int, datetime] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):  # Again and again: some scenarios are about a database that is away.
            with (
                suppress(psycopg.Error),
                psycopg.connect(world.database, autocommit=True, connect_timeout=5) as connection,
            ):
                while not over.wait(0.02):
                    for (pk,) in connection.execute("SELECT id FROM sms_sendingpause").fetchall():
                        seen.setdefault(pk, datetime.now(UTC))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def collect(
    world: World, *, rests_seen: dict[int, datetime], lists: dict[str, int], secrets: list[str], **more: Any
) -> Evidence:
    """All that there is to judge. `more` are fields of Evidence that only the scenario knows."""
    seen = _seen(world)
    readable = world.readable()
    texts = [_text(entry) for entry in world.twilio.texts()]
    posts = Counter(_token(post["form"].get("StatusCallback", "")) for post in world.twilio.posts())
    readable["callback addresses given"] = "\n".join(
        entry["status_callback"] or "" for entry in world.twilio.texts()
    )
    return Evidence(
        texts=texts,
        rows=_rows(world),
        claims=[_claim(content, at) for content, at in seen.get("sms_message", [])],
        people=[_person(content, at) for content, at in seen.get("patients_patient", [])],
        blocks=list(_blocks(seen.get("patients_suppressednumber", []))),
        rests=[
            *_rests(seen.get("sms_sendingpause", []), rests_seen),
            *_halts(seen.get("sms_groupmessage", [])),
        ],
        lists=lists,
        quiet=_quiet(world),
        readable=readable,
        secrets=secrets,
        **({"posts": posts} | more),
    )


def _seen(world: World) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for source, content, at in world.ask(
        "SELECT source, content, pg_xact_commit_timestamp(xid) FROM witness.seen ORDER BY 3, id"
    ):
        found.setdefault(source, []).append((content, at))
    return found


def _token(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


def _text(entry: dict[str, Any]) -> Text:
    return Text(
        sid=entry["sid"],
        token=_token(entry["status_callback"] or ""),
        to=entry["to"],
        body=entry["body"],
        status=entry["status"],
        created_at=datetime.fromisoformat(entry["created_at"]),
        sender=entry["messaging_service_sid"],
        valid_seconds=entry["validity_period"],
    )


def _rows(world: World) -> list[Row]:
    names = "id, token, group_id, patient_id, phone, body, purpose, status, sid, send_by"
    fields = names.replace("group_id", "group").replace("patient_id", "patient").split(", ")
    found = []
    for values in world.ask(f"SELECT {names} FROM sms_message ORDER BY id"):
        row = dict(zip(fields, values, strict=True))
        row["token"], row["group"] = row["token"].hex, str(row["group"]) if row["group"] else None
        found.append(Row(**row))
    return found


def _claim(content: dict[str, Any], at: datetime) -> Claimed:
    return Claimed(
        message=content["id"],
        phone=content["phone"],
        sender=content["sender"],
        at=datetime.fromisoformat(content["claimed_at"]),
        committed_at=at,
    )


def _person(content: dict[str, Any], at: datetime) -> Person:
    out_of_use = ("archived_at", "deceased_at", "erased_at", "number_refused_at")
    return Person(
        patient=content["id"],
        phone=content["phone"],
        accepts=content["accepts_sms_marketing"],
        out_of_use=any(content.get(name) for name in out_of_use),
        committed_at=at,
    )


def _blocks(seen: Iterable[Seen]) -> Iterable[Span]:
    for content, since, until in _spans(seen, "lifted_at"):
        yield Span(
            what=content["phone"], since=since, until=until, everything=content["covers"] == "everything"
        )


def _rests(seen: Iterable[Seen], first_seen: dict[int, datetime]) -> Iterable[Span]:
    for content, since, until in _spans(seen, "resumed_at"):
        yield Span(what="", since=max(since, first_seen.get(content["id"], since)), until=until)


def _halts(seen: Iterable[Seen]) -> Iterable[Span]:
    """From each pause or stop of a group SMS to the moment it may send again."""
    since: dict[str, datetime] = {}
    for content, at in seen:
        group = content["id"]
        if content["status"] in ("paused", "cancelled"):
            since.setdefault(group, at)
        elif group in since:
            yield Span(what=group, since=since.pop(group), until=at)
    for group, at in since.items():
        yield Span(what=group, since=at, until=None)


def _quiet(world: World) -> Quiet:
    [(opens, closes, clinic)] = world.ask(
        "SELECT marketing_not_before, marketing_not_after, time_zone FROM settings_app_smssettings"
    )
    zones = world.ask("SELECT id, time_zone FROM patients_patient")
    return Quiet(
        opens=opens,
        closes=time.max if closes >= time(23, 59) else closes,
        zones={patient: zone or clinic for patient, zone in zones},
    )


def _spans(seen: Iterable[Seen], end: str) -> Iterable[tuple[dict[str, Any], datetime, datetime | None]]:
    """Each row from its first commit to the one that set `end`."""
    first: dict[int, Seen] = {}
    ended: dict[int, datetime] = {}
    for content, at in seen:
        first.setdefault(content["id"], (content, at))
        if content[end]:
            ended.setdefault(content["id"], at)
    for number, (content, at) in first.items():
        yield content, at, ended.get(number)
