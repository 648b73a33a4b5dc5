"""The scenarios, in the order of the table."""

from tests.faults.scenarios import answers, bell, database, kills, news, staff
from tests.faults.stage import Scenario

ALL: list[Scenario] = [
    *kills.SCENARIOS,
    *bell.SCENARIOS,
    *database.SCENARIOS,
    *answers.SCENARIOS,
    *news.SCENARIOS,
    *staff.SCENARIOS,
    *bell.DOUBLES,
    *database.DISKS,
]
