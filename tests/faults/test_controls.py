"""The scenarios and controls fit together, and the controls still fit the code that they spoil."""

import pytest

from tests.faults.controls import CONTROLS, Control
from tests.faults.programs import ROOT
from tests.faults.scenarios import ALL


def test_each_scenario_has_a_name_of_its_own() -> None:
    names = [scenario.name for scenario in ALL]
    assert len(set(names)) == len(names)


def test_the_smoke_plays_eight_kinds_and_one_control() -> None:
    assert sum(scenario.smoke for scenario in ALL) == 8
    assert sum(control.smoke for control in CONTROLS) == 1


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_control_spoils_one_place_and_is_played_by_one_scenario(control: Control) -> None:
    assert (ROOT / control.file).read_text().count(control.old) == 1
    assert sum(scenario.name.startswith(control.scenario) for scenario in ALL) == 1
