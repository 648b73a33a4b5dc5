"""Our own sender in a process of its own, as a worker runs it, until nothing waits any more.

    python -m bench.sender WARM_UP MOST

It also ends after `MOST` texts, or some seconds' more: then a longer list would teach nothing.
The first texts, `WARM_UP` or a few more, do not count: a worker that runs for days imports and compiles once. Then it
says "ready" and waits for a line. At the end it prints how many texts it claimed after that, the seconds and processor
seconds that it took, and its peak memory.
"""

import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta

import django


def _now() -> datetime:
    return datetime.now(UTC)


def main(warm_up: int, most: int) -> None:
    django.setup()
    from sms import dispatch

    number = 0
    while number < warm_up:
        number += dispatch.drain(clock=_now, until=_now() + timedelta(milliseconds=50))
    print("ready", flush=True)
    sys.stdin.readline()
    number, wall, processor = 0, time.perf_counter(), time.process_time()
    while number < most and (claimed := dispatch.drain(clock=_now, until=_now() + timedelta(seconds=20))):
        number += claimed
    seconds, used = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"number": number, "seconds": seconds, "processor_seconds": used, "peak_mb": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
