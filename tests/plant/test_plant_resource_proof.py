"""Physical proof of the storage site on a whole bench: good equipment passes, and what can be told of defects is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from plant_bench import RunningBench, running

from bench.bus import Delivery, Message
from bench.faults import parse_fault
from bench.measurement import Measurement
from bench.messages.equipment import AssetCommand, OperationalCommand
from bench.messages.names import Information, Party
from reports.verdict import Verdict

POWER_KW, HELD_S = 800.0, 300.0


@contextmanager
def commanded(path: Path, *faults: str) -> Iterator[RunningBench]:
    """A bench whose storage was commanded by hand and has run for five minutes."""
    with running(path) as bench:
        bench.assembly.inject([parse_fault(text) for text in faults])
        bench.run_for(5.0)
        bench.command_kw("utility_inverter", "utility_battery", power_kw=POWER_KW)
        asset = AssetCommand(device="utility_battery", kind="battery", power_kw=POWER_KW, duration_s=3600.0)
        payload = OperationalCommand(event="e1", command=asset)
        message = Message(Party.UTILITY_INVERTER, Party.UTILITY_BATTERY, Information.OPERATIONAL_COMMAND, payload, "e1")
        now_s = bench.assembly.clock.now_s
        bench.played.story.resources.hear(Delivery(1, now_s, now_s, message))
        bench.run_for(HELD_S)
        yield bench


def measured(bench: RunningBench) -> tuple[Measurement, Measurement]:
    """The measurements of command and energy of the battery; there has to be one of each."""
    resources, now_s = bench.played.story.resources, bench.assembly.clock.now_s
    (held,), (energy,) = resources.commands.measure(now_s), resources.energy.measure(now_s)
    return held, energy


def test_good_storage_holds_its_command_and_its_energy_balances(tmp_path: Path) -> None:
    with commanded(tmp_path / "run") as bench:
        held, energy = measured(bench)
    assert (held.verdict, held.source) == (Verdict.PASS, "power_analyzer"), held
    assert (energy.verdict, energy.source) == (Verdict.PASS, "utility_battery against power_analyzer"), energy
    assert energy.value == pytest.approx(-POWER_KW * HELD_S / 3600.0, rel=0.05)


@pytest.mark.parametrize(
    "fault",
    [
        "utility_battery:scaled=0.9@150",
        "utility_battery:reports-the-set-point-as-its-measurement@150",
        "utility_battery:ignores-set-point",
        "utility_battery:wrong-sign@290",
    ],
)
def test_a_battery_that_leaves_its_command_is_found_though_its_energy_balances(fault: str, tmp_path: Path) -> None:
    """What it delivers comes out of it: only the command tells."""
    with commanded(tmp_path / "run", fault) as bench:
        held, energy = measured(bench)
    assert held.verdict is Verdict.FAIL, held
    assert energy.verdict is Verdict.PASS, energy


def test_an_analyzer_that_reads_half_contradicts_the_battery(tmp_path: Path) -> None:
    with commanded(tmp_path / "run", "power_analyzer:wrong-range=0.5") as bench:
        held, energy = measured(bench)
    assert held.verdict is Verdict.FAIL, held
    assert energy.verdict is Verdict.FAIL, energy
