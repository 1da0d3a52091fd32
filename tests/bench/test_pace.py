"""When the plant steps: often around events, seldom where nothing moves, and never over anything that was to come."""

import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.bus import Priority
from bench.clock import Clock
from bench.feeder.volt_var import LoopGain, gain_limit, response_share
from bench.messages.names import Party
from bench.plant.pace import Pace, PaceSettings, settling_exchanges
from bench.plant.plant import Outlook

LONGEST_S, CALM_S = 256.0, 30.0
ADAPTIVE = PaceSettings(1.0, LONGEST_S, calm_s=CALM_S)
DAY_S = 86_400.0


@dataclass
class StillPlant:
    """Stands in for the plant: notes its steps, and moves as a test says."""

    voltage_v: Any = lambda _time_s: 120.0
    quiet_until_s: float = math.inf
    margin: Any = lambda _time_s: 10.0
    steps: list[tuple[float, float]] = field(default_factory=list)
    largest_kva: float = 1000.0

    def __post_init__(self) -> None:
        self.state = self._state_at(0.0)

    def step(self, time_s: float, dt_s: float) -> None:
        self.steps.append((time_s, dt_s))
        self.state = self._state_at(time_s)

    def stride(self, time_s: float, dt_s: float, _short_s: float, _settling: int) -> None:
        self.step(time_s, dt_s)

    def outlook(self) -> Outlook:
        now_s = self.state.time_s
        left_s = self.quiet_until_s - now_s
        return Outlook(left_s if left_s > 0.0 else math.inf, np.array([self.margin(now_s)]))

    def _state_at(self, time_s: float) -> Any:
        snapshot = SimpleNamespace(taps={}, capacitors={})
        legs_v = np.full((1, 2), self.voltage_v(time_s))
        return SimpleNamespace(
            time_s=time_s, snapshot=snapshot, legs_v=legs_v, site_p_kw=np.zeros(1), load_factor=np.ones(1)
        )

    @property
    def times_s(self) -> list[float]:
        return [time_s for time_s, _ in self.steps]

    @property
    def lengths_s(self) -> list[float]:
        return [dt_s for _, dt_s in self.steps]


@dataclass
class Weather:
    """Sun and load as functions of time."""

    sun: Any = lambda _time_s: 0.5
    load: Any = lambda _time_s: 1.0

    def irradiance_pu(self, time_s: float) -> np.ndarray:
        return np.array([self.sun(time_s)])

    def load_pu(self, time_s: float) -> float:
        return self.load(time_s)


def delivery(priority: Priority, receiver: Party = Party.DMS) -> Any:
    return SimpleNamespace(message=SimpleNamespace(priority=priority, producer=Party.MDMS, receiver=receiver))


class Bench:
    """A pace on a clock, with a plant that does nothing of itself."""

    def __init__(
        self, plant: StillPlant | None = None, settings: PaceSettings = ADAPTIVE, weather: Weather | None = None
    ) -> None:
        self.plant, self.clock = plant or StillPlant(), Clock()
        self.pace = Pace(self.clock, self.plant, weather or Weather(), settings)  # type: ignore[arg-type]
        self.ticks: list[float] = []
        self.clock.start(self.pace.run(lambda: self.ticks.append(self.clock.now_s)))

    def at(self, time_s: float, act: Any) -> None:
        def process() -> Any:
            yield self.clock.timeout(time_s)
            act()

        self.clock.start(process())

    def run_until(self, time_s: float) -> StillPlant:
        self.clock.run_until(time_s)
        return self.plant


def test_a_fixed_pace_takes_notice_of_nothing() -> None:
    bench = Bench(settings=PaceSettings(1.0, 1.0))
    bench.at(3.4, lambda: bench.pace.hear(delivery(Priority.ALERT)))
    bench.at(5.4, lambda: bench.pace.before_exchange("write"))
    assert bench.run_until(10.0).steps == [(float(n), 1.0) for n in range(1, 11)]
    assert bench.ticks == bench.plant.times_s


def test_where_nothing_moves_steps_double_up_to_the_longest() -> None:
    lengths = Bench().run_until(DAY_S).lengths_s
    short = round(CALM_S) - 1
    assert lengths[:short] == [1.0] * short
    assert lengths[short : short + 9] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]
    assert set(lengths[short + 9 :]) == {LONGEST_S}


@pytest.mark.parametrize("cause", ["message", "write", "stimulus"])
def test_an_event_finds_the_plant_of_its_moment_and_short_steps_follow(cause: str) -> None:
    bench = Bench()
    act = {
        "message": lambda: bench.pace.hear(delivery(Priority.NORMAL)),
        "write": lambda: bench.pace.before_exchange("write"),
        "stimulus": bench.pace.wake,
    }[cause]
    bench.at(5000.25, act)
    plant = bench.run_until(6000.0)
    at = plant.times_s.index(5000.25)
    assert plant.lengths_s[at] > 1.0, "it was caught in the middle of a long step"
    after = plant.times_s[at + 1 : at + 31]
    assert after == [5001.0 + n for n in range(30)]
    assert sum(plant.lengths_s) == pytest.approx(plant.times_s[-1]), "no time is lost and none counted twice"


def test_routine_reads_see_the_plant_of_their_moment_and_do_not_keep_the_pace_short() -> None:
    bench = Bench()
    bench.at(5000.25, lambda: bench.pace.hear(delivery(Priority.SCHEDULED)))
    bench.at(6000.5, lambda: bench.pace.before_exchange("read"))
    plant = bench.run_until(8000.0)
    assert 5000.25 not in plant.times_s
    assert 6000.5 in plant.times_s
    assert min(length for time_s, length in plant.steps if time_s > 2000.0) > 1.0


def test_what_a_system_notes_for_itself_finds_the_plant_of_its_moment_and_moves_nothing() -> None:
    bench = Bench()
    bench.at(5000.25, lambda: bench.pace.hear(delivery(Priority.NORMAL, receiver=Party.MDMS)))
    plant = bench.run_until(8000.0)
    assert 5000.25 in plant.times_s
    assert min(length for time_s, length in plant.steps if time_s > 2000.0) > 1.0


def test_who_listens_is_told_of_every_step_also_of_those_for_readers() -> None:
    """Readers that come oftener than the planned step would be due must not put it off for ever."""
    bench = Bench()
    for time_s in range(1000, 4000, 30):
        bench.at(time_s + 0.5, lambda: bench.pace.before_exchange("read"))
    assert bench.run_until(4000.0).times_s == bench.ticks
    assert len([t for t in bench.ticks if t > 1000.0]) >= 100


def test_no_step_goes_over_what_is_known_to_come() -> None:
    plant = Bench(StillPlant(quiet_until_s=4321.7)).run_until(DAY_S)
    around = [time_s for time_s in plant.times_s if 4320.0 < time_s < 4323.0]
    assert around == [4321.0, 4322.0]


@pytest.mark.parametrize("volts_per_h", [0.5, 3.0, 20.0])
def test_a_control_that_leaves_its_band_is_found_within_seconds(volts_per_h: float) -> None:
    """The band is left where a steady drift, and the weather behind it, takes the margin of 1 V to zero."""
    left_s = 1.0 / volts_per_h * 3600.0
    plant = StillPlant(
        voltage_v=lambda t: 120.0 - volts_per_h * t / 3600.0, margin=lambda t: 1.0 - volts_per_h * t / 3600.0
    )
    steps = Bench(plant, weather=Weather(load=lambda t: 1.0 + 0.02 * t / 3600.0)).run_until(2.0 * left_s).steps
    found_s, length_s = next((time_s, dt_s) for time_s, dt_s in steps if time_s >= left_s)
    assert found_s - left_s < 2.0
    assert length_s <= 2.0
    assert len(steps) < left_s, "most of the way was gone in longer steps"


def test_a_cloud_is_not_stepped_over() -> None:
    """45 s from sun to cloud and back after ten minutes, in the middle of the night's longest steps."""

    def sun(time_s: float) -> float:
        return float(np.interp(time_s, [10_000.0, 10_045.0, 10_645.0, 10_690.0], [0.9, 0.1, 0.1, 0.9]))

    plant = Bench(weather=Weather(sun=sun)).run_until(DAY_S)
    moved = [abs(sun(t) - sun(t - dt)) for t, dt in plant.steps]
    assert max(moved) <= 2.0 * 0.8 / 45.0, "more than two seconds of the front in a step"


def test_a_movement_that_nobody_foresaw_makes_steps_short_again() -> None:
    plant = StillPlant(voltage_v=lambda t: 120.0 if t < 5000.0 else 117.0)
    steps = Bench(plant).run_until(6000.0).steps
    found = next(i for i, (time_s, _) in enumerate(steps) if time_s >= 5000.0)
    assert [dt_s for _, dt_s in steps[found + 1 : found + 4]] == [1.0, 2.0, 4.0]


@given(st.lists(st.tuples(st.floats(0.1, 5000.0), st.sampled_from(["read", "write"])), max_size=12))
def test_time_adds_up_whatever_happens_when(exchanges: list[tuple[float, str]]) -> None:
    def played() -> list[tuple[float, float]]:
        bench = Bench()
        for time_s, operation in exchanges:
            bench.at(time_s, lambda operation=operation: bench.pace.before_exchange(operation))
        return bench.run_until(6000.0).steps

    steps = played()
    assert sum(dt_s for _, dt_s in steps) == pytest.approx(steps[-1][0])
    assert all(0.0 < dt_s <= LONGEST_S + 1e-6 for _, dt_s in steps)
    assert played() == steps, "the same events give the same steps"


def test_a_bench_that_is_being_taken_down_is_not_stepped_any_more() -> None:
    bench = Bench()
    bench.run_until(5000.0)
    before = len(bench.plant.steps)
    bench.pace.stop()
    bench.pace.before_exchange("write")
    assert len(bench.plant.steps) == before


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.0, 1.9, 2.5, 3.0])
def test_long_steps_that_end_in_short_exchanges_come_to_rest(gain: float) -> None:
    """Vars that answer volts and volts that answer vars, from a deviation of 1: long, then short, many times."""
    share = response_share(5.0, 1.0)
    settling = settling_exchanges(LoopGain(gain, gain_limit(share, 0), 0), 5.0, 1.0)
    assert settling is not None
    deviation = 1.0
    for _ in range(20):
        deviation *= -gain
        for _ in range(settling):
            deviation *= 1.0 - share * (1.0 + gain)
    assert abs(deviation) < 1e-9


def test_a_loop_that_hardly_settles_gets_no_long_steps() -> None:
    limit = gain_limit(response_share(5.0, 1.0), 0)
    assert settling_exchanges(LoopGain(0.95 * limit, limit, 0), 5.0, 1.0) is None
    assert settling_exchanges(LoopGain(0.5, limit, 1), 5.0, 1.0) is None, "a delay is not accounted for"
