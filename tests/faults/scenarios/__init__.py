"""The scenarios, in the order of the table."""

from tests.faults.scenarios import (
    answers,
    backup,
    bell,
    chaos,
    clocks,
    database,
    kills,
    news,
    staff,
    steering,
)
from tests.faults.stage import Scenario

ALL: list[Scenario] = [
    *kills.SCENARIOS,
    *bell.SCENARIOS,
    *database.SCENARIOS,
    *answers.SCENARIOS,
    *news.SCENARIOS,
    *clocks.SCENARIOS,
    *steering.SCENARIOS,
    *staff.SCENARIOS,
    *bell.DOUBLES,
    *database.DISKS,
    *backup.SCENARIOS,
    *chaos.SCENARIOS,
]
