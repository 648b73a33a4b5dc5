"""`python -m tests.faults [NAME ...]`: play the scenarios, judge every run, exit with 1 if a promise broke.

Without arguments the whole table is played with all its runs, and then the controls, which takes hours. `--smoke`
plays eight kinds once and one control. A NAME is the beginning of a scenario's name; `--runs N` plays each so often.
"""

import argparse
import random
import signal
import sys
import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING

from tests.faults import world as worlds
from tests.faults.controls import CONTROLS, is_noticed
from tests.faults.figures import Figures, table

if TYPE_CHECKING:  # They import models, which need the settings that the world makes.
    from tests.faults.stage import Scenario


def main() -> int:
    wanted = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that the temporary folder goes, too.
    print(f"Seed {wanted.seed}", file=sys.stderr)
    played = play_all(wanted)
    print(f"\n{table(played)}\n")
    controls = [] if wanted.names else [one for one in CONTROLS if one.smoke or not wanted.smoke]
    missed = 0
    for control in controls:
        noticed, why = is_noticed(control)
        missed += not noticed
        verdict = "broke" if noticed else "DID NOT BREAK"
        print(f"Control: {control.name}: {verdict} “{control.scenario}”. {why}", flush=True)
    broken = [one for one in played if not one.is_clean]
    for one in broken:
        for breach in one.breaches[:10]:
            print(f"{one.scenario}: {breach}")
    runs = sum(one.runs for one in played)
    print(f"{runs} runs of {len(played)} scenarios, {len(broken)} of them broke a promise;", end=" ")
    print(f"{len(controls)} controls, {missed} of them went unnoticed.")
    return 1 if broken or missed or not played else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--smoke", action="store_true", help="eight kinds and one control, once each")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--first-breach", action="store_true", help="no more runs after one that fails")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    return parser.parse_args()


def play_all(wanted: argparse.Namespace) -> list[Figures]:
    played = []
    with worlds.made() as world:
        from tests.faults.scenarios import ALL

        for scenario in ALL:
            named = any(scenario.name.startswith(name) for name in wanted.names)
            if not (named or (not wanted.names and (scenario.smoke or not wanted.smoke))):
                continue
            figures = Figures(scenario.name, scenario.row)
            for run in range(wanted.runs or (1 if wanted.smoke else scenario.runs)):
                play(world, scenario, run, f"{wanted.seed} {scenario.name} {run}", figures)
                if wanted.first_breach and not figures.is_clean:
                    break
            print(figures.line(), flush=True)
            played.append(figures)
    return played


def play(world: worlds.World, scenario: "Scenario", run: int, seed: str, figures: Figures) -> None:
    """One run: from a clean state, through the fault, until everything is decided; then it is judged."""
    from django.db import connections

    from tests.faults.judge import examine
    from tests.faults.stage import Stage, statuses
    from tests.faults.witness import collect, watching

    began = time.monotonic()
    world.clean()
    stage = Stage(world, random.Random(seed), run)
    with watching(world) as rests_seen:
        try:
            scenario.play(stage)
        except Exception:  # noqa: BLE001  The run failed; what it did must be judged all the same.
            stage.objections.append(traceback.format_exc(limit=-3))
        connections.close_all()  # The fault may have cut ours as well.
        over = stage.over_at or time.monotonic()
        stage.settle(scenario.patience)
        recovery = time.monotonic() - over
        if stage.lost_news or world.to_us.unheard:
            stage.ask_for_lost_news()
    stage.objections += world.to_twilio.failures
    evidence = collect(world, rests_seen=rests_seen, lists=stage.lists, secrets=stage.secrets, **stage.more)
    breaches = [str(breach) for breach in examine(evidence)]
    figures.add(
        statuses=Counter(statuses()),
        breaches=breaches,
        objections=stage.objections,
        recovery_s=recovery,
        seconds=time.monotonic() - began,
    )
    verdict = "BROKEN" if breaches or stage.objections else "ok"
    told = f"{scenario.name} {run + 1}: {verdict}, {recovery:.1f} s, {statuses()}"
    told += f", {world.to_us.unheard} callbacks unheard" if world.to_us.unheard else ""
    print("\n".join([told, *breaches[:5], *stage.objections]), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
