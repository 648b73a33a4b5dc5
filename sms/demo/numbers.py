"""Phone numbers for people who do not exist.

Where a regulator set numbers aside for fiction, and the numbering plan knows them as numbers, these are used:
Australia's mobiles and landlines (ACMA, "Phone numbers for use in TV shows, films and creative works"), 555-0100 to
555-0199 in North America (ATIS-0300115), 070-174 06 05 to 99 in Sweden (PTS), 0171 39200xx and 0176 040690xx in
Germany (Bundesnetzagentur). That is too few for a clinic, so most mobiles are ordinary ones of the plan and
may belong to somebody. The demo talks to nobody but the simulator; never point its database at a real account.
"""

from collections.abc import Iterator
from itertools import count

from clinic.lib.phone import Phone, PhoneKind
from sms.simulator.outcomes import ENDINGS

_FICTITIOUS = """
570006 570156 570157 570158 570159 570110 570313 570737 571266 571491 571804 572549 572665 572983 573770 573087
574118 574632 575254 575789 576398 576801 577426 577644 578957 578148 578888 579212 579760 579455
"""

# Real life, as the simulator plays it: phones that are off, numbers that are gone, networks in trouble. None of
# these makes the whole account rest.
FATES = ("3003", "3008", "3003", "3005", "3001", "3003", "3006", "1211")

# Multiplying by it modulo a power of ten, or four of them, visits every number once, in no visible order.
_STRIDE = 7_368_787


def ordinary_mobiles() -> Iterator[Phone]:
    """Australian mobiles, each once, whose texts the simulator delivers: the fictitious ones, then 0400 to 0439."""
    for six_digits in _FICTITIOUS.split():
        yield from _if_ordinary(f"+61491{six_digits}", PhoneKind.MOBILE, "AU")
    for number in range(40_000_000):
        yield from _if_ordinary(
            f"+614{(number * _STRIDE + 12_345_678) % 40_000_000:08d}", PhoneKind.MOBILE, "AU"
        )


def fated_mobiles() -> Iterator[Phone]:
    """Australian mobiles whose texts do not arrive, each once; it ends after 4,000."""
    for number in range(4_000):
        place = number * _STRIDE % 4_000
        yield Phone(f"+614{place:04d}{FATES[number % len(FATES)]}", PhoneKind.MOBILE, "AU")


def foreign_mobiles() -> Iterator[Phone]:
    """Mobiles of people who kept the number of another country; it ends after some 1,500."""
    zealand = (f"+6421{(n * _STRIDE + 512_345) % 1_000_000:06d}" for n in range(500))
    britain = (f"+4474{(n * _STRIDE + 10_452_345) % 100_000_000:08d}" for n in range(300))
    states = (f"+1{area}55501{n:02d}" for n in range(100) for area in (212, 312, 415))
    canada = (f"+1{area}55501{n:02d}" for n in range(100) for area in (416, 604))
    sweden = (f"+46701740{n}" for n in range(605, 700))
    germany = (f"+49{block}{n:02d}" for n in range(100) for block in ("17139200", "176040690"))
    maybe = PhoneKind.MAYBE_MOBILE
    plans: list[tuple[Iterator[str], PhoneKind, str]] = [
        (zealand, PhoneKind.MOBILE, "NZ"),
        (britain, PhoneKind.MOBILE, "GB"),
        (states, maybe, "US"),
        (canada, maybe, "CA"),
        (sweden, PhoneKind.MOBILE, "SE"),
        (germany, PhoneKind.MOBILE, "DE"),
    ]
    while plans:
        for plan in list(plans):
            numbers, kind, region = plan
            number = next(numbers, None)
            if number is None:
                plans.remove(plan)
            else:
                yield from _if_ordinary(number, kind, region)


def landlines() -> Iterator[Phone]:
    """ACMA's fictitious landlines of every state, each once for the first 40,000."""
    for number in count():
        area = ("2", "3", "7", "8")[number % 4]
        last = (number // 4 * _STRIDE + 123) % 10_000
        yield Phone(f"+61{area}5550{last:04d}", PhoneKind.LANDLINE, "AU")


def _if_ordinary(e164: str, kind: PhoneKind, region: str) -> Iterator[Phone]:
    if e164[-4:] not in ENDINGS:
        yield Phone(e164, kind, region)
