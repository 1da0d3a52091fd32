"""Clients that nobody here wrote work the emulators while the plant runs, and meet the plant's own truth there."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pyvisa
from plant_bench import POWER_SCALE, STORAGE, VOLTAGE_RATIO, RunningBench, pysunspec2_client, running, variant
from pyvisa.resources import MessageBasedResource

from bench.plant.plant import PlantState
from instruments.errors import InstrumentError

COMMAND_KW, RATING_KW = 600.0, 1250.0
ANALYZER_CLASS = 0.002
READINGS, MOST_STEPS = 40, 300


@dataclass(frozen=True)
class Wired:
    """Where a device is on the feeder, and how its side of the terminal scales."""

    site: str
    bus: str
    power_scale: float = 1.0
    voltage_ratio: float = 1.0


WIRED = {
    "utility_inverter": Wired(STORAGE, "n135", POWER_SCALE, VOLTAGE_RATIO),
    "customer_inverter_1": Wired("customer_inverter_1", "customer_1"),
}


@dataclass
class Recorded:
    """A running bench and every state that its plant published."""

    bench: RunningBench
    states: list[PlantState] = field(default_factory=list)

    def power(self, device: str) -> list[tuple[float, float]]:
        """W and var of a device in each step, on its own side."""
        wired = WIRED[device]
        index = [site.name for site in self.bench.assembly.places.sites].index(wired.site)
        factor = 1000.0 / wired.power_scale
        return [(state.site_p_kw[index] * factor, state.site_q_kvar[index] * factor) for state in self.states]


@pytest.fixture(scope="module")
def clouded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """The storage site delivers, and a cloud front has pulled voltages so low that inverters inject vars."""
    with running(tmp_path_factory.mktemp("clouded") / "run") as bench:
        recorded = Recorded(bench)
        bench.assembly.plant.listeners.append(recorded.states.append)
        bench.command_kw("utility_inverter", "utility_battery", power_kw=COMMAND_KW)
        bench.played.story.release_cloud()
        bench.run_for(90)
        yield recorded


@pytest.mark.parametrize("device", WIRED)
def test_pysunspec2_reads_what_the_plant_has_at_the_node(clouded: Recorded, device: str) -> None:
    wired, bench = WIRED[device], clouded.bench
    (p_w, q_var) = clouded.power(device)[-1]
    met_v = bench.phase_voltages_v(wired.bus, clouded.states[-2])  # equipment meets the step before
    share = ANALYZER_CLASS if wired.site == STORAGE else 0.0
    with pysunspec2_client(bench, device) as client:
        ac = client.models[701][0]
        half_w, half_var, half_v = (0.51 * 10.0**sf.value for sf in (ac.W_SF, ac.Var_SF, ac.V_SF))
        assert abs(q_var) > 10 * half_var, f"{device} has to work on its volt-var curve for this test to mean anything"
        assert ac.W.cvalue == pytest.approx(p_w, abs=half_w + share * abs(p_w))
        assert ac.Var.cvalue == pytest.approx(q_var, abs=half_var + share * abs(q_var))
        assert ac.Hz.cvalue == pytest.approx(60.0, abs=0.51 * 10.0**ac.Hz_SF.value)
        legs = [point.cvalue * wired.voltage_ratio for point in (ac.VL1, ac.VL2, ac.VL3)]
        assert legs == pytest.approx([abs(v) for v in met_v], abs=(half_v + 1e-4) * wired.voltage_ratio)
        across_v = abs(met_v[0] - met_v[1]) / wired.voltage_ratio
        assert ac.VL1L2.cvalue == pytest.approx(across_v, abs=half_v + 1e-3)
        assert (half_w, half_v) < (0.002 * abs(p_w), 1e-3 * across_v), "the registers are too coarse to tell anything"


def test_a_reader_in_another_thread_never_sees_half_a_step(tmp_path: Path) -> None:
    """Readings taken while a slow cloud moves W and var in every step are pairs that belong to one step each."""
    device = "customer_inverter_1"
    with running(tmp_path / "run", variant({"environment.cloud.fall_s": MOST_STEPS})) as bench:
        recorded = Recorded(bench)
        bench.assembly.plant.listeners.append(recorded.states.append)
        bench.played.story.release_cloud()
        bench.run_for(0.4 * MOST_STEPS)  # now the voltage is low enough for volt-var to work
        first = len(recorded.states) - 1
        with pysunspec2_client(bench, device) as client, ThreadPoolExecutor(1) as pool:
            ac = client.models[701][0]
            reading = pool.submit(lambda: [_pair(ac) for _ in range(READINGS)])
            while not reading.done() and len(recorded.states) < 0.9 * MOST_STEPS:
                bench.run_for(1)
            readings = reading.result()
    half = math.hypot(0.51 * 10.0**ac.W_SF.value, 0.51 * 10.0**ac.Var_SF.value)
    held = recorded.power(device)[first:]
    assert max(math.dist(a, b) for a, b in pairwise(held)) > 2 * half, "the plant stood still while it was read"
    torn = [pair for pair in readings if all(math.dist(pair, one) > half for one in held)]
    assert len(set(readings)) > 1, "all readings were taken within one step"
    assert not torn, f"read, but never the state of one step: {torn}"


def _pair(ac: Any) -> tuple[float, float]:
    ac.read()
    return ac.W.cvalue, ac.Var.cvalue


@contextmanager
def pyvisa_client(bench: RunningBench, instrument: str) -> Iterator[MessageBasedResource]:
    resource = str(bench.assembly.emulated.endpoints[instrument].resource)
    client = pyvisa.ResourceManager("@py").open_resource(
        resource, read_termination="\n", write_termination="\n", timeout=2000
    )
    assert isinstance(client, MessageBasedResource)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def delivering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBench]:
    with running(tmp_path_factory.mktemp("delivering") / "run") as bench:
        bench.command_kw("utility_inverter", "utility_battery", power_kw=COMMAND_KW)
        bench.run_for(30)
        assert bench.analyzer_kw == pytest.approx(COMMAND_KW, rel=0.01)
        yield bench


def test_an_output_switched_off_by_plain_pyvisa_breaks_the_bench_by_its_name(delivering: RunningBench) -> None:
    """Whoever did it: what the inverter does behind a source that is off says nothing about the inverter."""
    bench = delivering
    with pyvisa_client(bench, "grid_simulator") as source:
        source.write("OUTP OFF")
        assert source.query_ascii_values("MEAS:VOLT?") == [0.0, 0.0, 0.0]
        with pytest.raises(InstrumentError, match=r"grid_simulator: .* its output went off by itself"):
            bench.run_for(1)
