"""`python -m tests.faults [smoke] [NAME ...]`: play the scenarios, judge every run, exit with 1 if a promise broke.

Without arguments the whole table is played with all its runs, which takes hours. `smoke` plays eight kinds once.
A NAME is the beginning of a scenario's name; --runs N plays each so often.
"""

import argparse
import random
import sys
import time
import traceback
from collections import Counter

from tests.faults import world as worlds
from tests.faults.figures import Figures, table


def main() -> int:
    wanted = arguments()
    with worlds.made() as world:
        # They import models, which need the settings that the world has just made.
        from tests.faults.scenarios import ALL
        from tests.faults.stage import Scenario

        def is_wanted(scenario: Scenario) -> bool:
            named = any(scenario.name.startswith(name) for name in wanted.names)
            return named or (not wanted.names and (scenario.smoke or not wanted.smoke))

        played = []
        for scenario in filter(is_wanted, ALL):
            runs = wanted.runs or (1 if wanted.smoke else scenario.runs)
            played.append(play(world, scenario, runs, wanted.seed))
            print(played[-1].line(), flush=True)
    print(f"\n{table(played)}\n")
    broken = [one for one in played if not one.is_clean]
    for one in broken:
        for breach in one.breaches[:10]:
            print(f"{one.scenario}: {breach}")
    print(
        f"{sum(one.runs for one in played)} runs of {len(played)} scenarios; {len(broken)} broke a promise."
    )
    return 1 if broken or not played else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--smoke", action="store_true", help="eight kinds, once each")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    return parser.parse_args()


def play(world: worlds.World, scenario: "Scenario", runs: int, seed: int) -> Figures:  # noqa: F821
    figures = Figures(scenario.name, scenario.row)
    for run in range(runs):
        one_run(world, scenario, run, f"{seed} {scenario.name} {run}", figures)
    return figures


def one_run(world: worlds.World, scenario: "Scenario", run: int, seed: str, figures: Figures) -> None:  # noqa: F821
    from tests.faults.judge import examine
    from tests.faults.stage import Stage, statuses
    from tests.faults.witness import collect

    began = time.monotonic()
    world.clean()
    stage = Stage(world, random.Random(seed), run)
    try:
        scenario.play(stage)
    except Exception:  # noqa: BLE001  The run failed; what it did must be judged all the same.
        stage.objections.append(traceback.format_exc(limit=-3))
    over = stage.over_at or time.monotonic()
    world.settle(seconds=scenario.patience, may_wait=stage.may_wait)
    recovery = time.monotonic() - over
    evidence = collect(world, lists=stage.lists, secrets=stage.secrets, **stage.more)
    breaches = [str(breach) for breach in examine(evidence)]
    figures.add(
        statuses=Counter(statuses()),
        breaches=breaches,
        objections=stage.objections,
        recovery_s=recovery,
        seconds=time.monotonic() - began,
    )
    verdict = "ok" if not breaches and not stage.objections else "BROKEN"
    print(
        f"{scenario.name} {run + 1}: {verdict}, {recovery:.1f} s, {statuses()}", file=sys.stderr, flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
