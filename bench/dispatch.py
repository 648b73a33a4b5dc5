"""Sending, claim and settling included: beside bare aiohttp, beside a task for each message, and by two workers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from statistics import median

from bench.databases import Clinics
from bench.figures import Figure, in_turns, told
from bench.groups import confirmed, forget_texts
from bench.processes import ROOT
from sms import composing

# Enough for some seconds of each; what leaves in an hour leaves in the same batches.
MOST = 10_000
WARM_UP = 200
PEER_TEXTS = 500

Ran = dict[str, float]

ACCOUNT = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "not-a-real-token",
    "TWILIO_MARKETING_SENDER": "MG" + "0" * 32,
    "TWILIO_CARE_SENDER": "MG" + "1" * 32,
    "PUBLIC_BASE_URL": "https://sms.example.org",
    "SECRET_KEY": "only-for-a-bench-" * 4,
    "ALLOWED_HOSTS": "sms.example.org",
    "DEBUG": "False",
}


def figures(clinics: Clinics, *, number: int, rounds: int) -> Iterator[Figure]:
    """At the latencies of the targets: 50 ms for the line, none for the processor, 150 ms for a second worker."""
    number = min(number, MOST)
    with clinics.of(number, accepting=True):
        yield _throughput(number, rounds)
        yield from _processor(number, rounds)
        yield _two_workers(number, rounds)


def _throughput(number: int, rounds: int) -> Figure:
    runs = _in_turns(50, rounds, number, ours=_one_worker, floor=_bare(number))
    ours, floor = (median(_a_second(run) for run in runs[name]) for name in ("ours", "floor"))
    return Figure(
        name="dispatch_50_ms",
        ratio=ours / floor,
        at_least=0.93,
        compared="texts a second, claim and settling included, with bare aiohttp that only posts; 50 at a time",
        details=told(texts=number, rounds=rounds, a_second=ours, floor_a_second=floor),
    )


def _processor(number: int, rounds: int) -> Iterator[Figure]:
    runs = _in_turns(0, rounds, number, ours=_one_worker, floor=_bare(number), peer=_per_message)
    ours, floor, peer = (median(_each_ms(run) for run in runs[name]) for name in ("ours", "floor", "peer"))
    details = told(texts=number, rounds=rounds, ms=ours, floor_ms=floor, peer_ms=peer)
    yield Figure(
        name="dispatch_processor",
        ratio=ours / floor,
        at_most=1.6,
        compared="processor time for each text of the sender's process with that of bare aiohttp",
        details=details,
    )
    yield Figure(
        name="dispatch_processor_peer",
        ratio=peer / ours,
        at_least=12,
        compared="processor time of a Celery task for each text (get, Twilio's sync client, save) with the sender's",
        details=details,
    )


def _two_workers(number: int, rounds: int) -> Figure:
    runs = _in_turns(150, rounds, number, one=_one_worker, two=_both_workers)
    one, two = (median(_a_second(run) for run in runs[name]) for name in ("one", "two"))
    return Figure(
        name="dispatch_two_workers",
        ratio=two / one,
        at_least=1.95,
        compared="texts a second of two workers with those of one, at 150 ms",
        details=told(texts=number, rounds=rounds, a_second=two, one_a_second=one),
    )


def _a_second(run: Ran) -> float:
    return run["number"] / run["seconds"]


def _each_ms(run: Ran) -> float:
    return run["processor_seconds"] / run["number"] * 1000


def _in_turns(latency_ms: int, rounds: int, number: int, **deeds: Callable[[], Ran]) -> dict[str, list[Ran]]:
    runs: dict[str, list[Ran]] = {name: [] for name in deeds}
    for name in in_turns(tuple(deeds), rounds):
        _queue(number)
        with wire(latency_ms):
            runs[name].append(deeds[name]())
    return runs


def _queue(number: int) -> None:
    forget_texts()
    assert composing.freeze(group_id=confirmed(is_marketing=False).pk, at=datetime.now(UTC)) == number


@contextmanager
def wire(latency_ms: int) -> Iterator[None]:
    """A server for the processes that are started meanwhile."""
    before = dict(os.environ)
    server = subprocess.Popen(_python("wire", str(latency_ms)), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        os.environ.update(ACCOUNT, TWILIO_API_URL=server.stdout.readline().strip())
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        server.kill()
        server.wait()
        server.stdout.close()


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"bench.{module}", *arguments]


def _bare(number: int) -> Callable[[], Ran]:
    return lambda: _said(_python("bare_client", os.environ["TWILIO_API_URL"], str(number)))


def _per_message() -> Ran:
    from sms.models import Message

    Message.objects.filter(
        pk__gt=sorted(Message.objects.values_list("pk", flat=True))[PEER_TEXTS - 1]
    ).delete()
    return _said(_python("per_message"))


def _said(command: list[str]) -> Ran:
    printed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    ran: Ran = json.loads(printed.splitlines()[-1])
    return ran


def _one_worker() -> Ran:
    [ran] = workers(1)
    return ran


def _both_workers() -> Ran:
    """Each by its own clock, which began when both were warm."""
    first, second = workers(2)
    return {"number": _a_second(first) + _a_second(second), "seconds": 1}


def workers(number: int) -> list[Ran]:
    """What each of so many workers says when nothing waits any more, or when they have sent `MOST` each."""
    with ExitStack() as stack:
        senders = [
            stack.enter_context(
                subprocess.Popen(
                    _python("sender", str(WARM_UP), str(MOST)),
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(number)
        ]
        for sender in senders:
            assert sender.stdout
            assert sender.stdout.readline() == "ready\n"
        for sender in senders:
            assert sender.stdin
            sender.stdin.write("go\n")
            sender.stdin.flush()
        return [json.loads(sender.communicate()[0].splitlines()[-1]) for sender in senders]
