"""The scenarios, in the order of the table."""

from tests.faults.scenarios import kills
from tests.faults.stage import Scenario

ALL: list[Scenario] = [*kills.SCENARIOS]
