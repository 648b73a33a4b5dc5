"""What the runs of a scenario add up to: a row of the table, and a JSON line."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class Figures:
    """`duplicates` are breaches of I1, `contradictions` of the other invariants; `failed` are objections of the
    scenario itself: the fault did not come about, or a page answered too late.

    `recovery_s` is the longest time from the end of a fault to everything decided; `unknown` are texts that are
    listed as unknown in the end, `not_sent` those that are proved not to exist and wait for a person.
    """

    scenario: str
    row: str
    runs: int = 0
    messages: int = 0
    duplicates: int = 0
    contradictions: int = 0
    failed: int = 0
    unknown: int = 0
    not_sent: int = 0
    recovery_s: float = 0
    breaches: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def is_clean(self) -> bool:
        return not (self.duplicates or self.contradictions or self.failed)

    def add(
        self,
        *,
        statuses: Counter[str],
        breaches: list[str],
        objections: list[str],
        recovery_s: float,
        seconds: float,
    ) -> None:
        self.runs += 1
        self.messages += statuses.total()
        self.unknown += statuses["unknown"]
        self.not_sent += statuses["not_sent"]
        doubled = sum(breach.startswith("I1") for breach in breaches)
        self.duplicates += doubled
        self.contradictions += len(breaches) - doubled
        self.failed += len(objections)
        self.recovery_s = max(self.recovery_s, round(recovery_s, 1))
        self.seconds = round(self.seconds + seconds, 1)
        self.breaches += [*breaches, *objections]

    def line(self) -> str:
        told = asdict(self) | {"breaches": self.breaches[:20], "ok": self.is_clean}
        return json.dumps(told)


def table(figures: list[Figures]) -> str:
    """The table of docs/reliability.md."""
    head = [
        "scenario",
        "runs",
        "messages",
        "duplicates",
        "contradictions",
        "unknown left",
        "not sent",
        "recovery",
    ]
    rows = [
        [
            one.scenario,
            str(one.runs),
            f"{one.messages:,}",
            str(one.duplicates),
            str(one.contradictions + one.failed),
            str(one.unknown),
            str(one.not_sent),
            f"{one.recovery_s:g} s",
        ]
        for one in figures
    ]
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
