"""`python -m bench.alone DEED …`: one deed in a process of its own, as a worker does it or as most would write it.

Prints the seconds it took. What the process needs to start with is what `nothing` takes.
"""

import sys
from collections.abc import Callable
from time import perf_counter
from uuid import UUID

import django


def nothing() -> None:
    from patients.models import Patient

    assert Patient.objects.exists()


def freeze(group_id: str) -> None:
    """The bell of a group SMS, as the worker hears it."""
    from sms import tasks

    tasks.freeze(group_id)


def freeze_by_objects(group_id: str, limit: str) -> None:
    """An object for each text, and `bulk_create`."""
    from bench import peers

    peers.freeze(group_id=UUID(group_id), limit=int(limit))


DEEDS: dict[str, Callable[..., None]] = {deed.__name__: deed for deed in (nothing, freeze, freeze_by_objects)}


def main() -> None:
    """Whatever is done, as much has been imported."""
    django.setup()
    from bench import peers  # noqa: F401
    from sms import tasks  # noqa: F401

    name, *arguments = sys.argv[1:]
    start = perf_counter()
    DEEDS[name](*arguments)
    print(perf_counter() - start)


if __name__ == "__main__":
    main()
