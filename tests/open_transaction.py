"""Somebody else in the middle of something: what they did is written, and not committed yet."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import connections, transaction

Done = TypeVar("Done")


@contextmanager
def an_open_transaction(deed: Callable[[], Done]) -> Iterator[Done]:
    """What `deed` returned to somebody else, who commits when the context ends."""
    done, finish = threading.Event(), threading.Event()
    results: list[Done] = []

    def other() -> None:
        try:
            with transaction.atomic():
                results.append(deed())
                done.set()
                finish.wait(timeout=20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=other)
    thread.start()
    try:
        assert done.wait(timeout=20)
        yield results[0]
    finally:
        finish.set()
        thread.join(timeout=20)
