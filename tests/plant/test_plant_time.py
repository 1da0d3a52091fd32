"""The loop gain of the sampled coupling, and the wall clock: in a fake wall time, so that nothing waits."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plant_bench import BENCH_PATH, TITLE, emulated_bench, running, variant

from bench import clock as clock_module
from bench.config import BenchFile
from bench.plant.plant import PlantState
from bench.session import Played, RunSession
from reports.verdict import Verdict

RESPONSE_S = 5.0
"""Open-loop response time of volt-var, category B (IEEE 1547-2018 Table 8)."""
HORIZON_S = 180
WALL = {"clock.mode": "wall", "environment.cloud.calm_s": 10.0, "horizon_s": HORIZON_S}
TOLERANCE_S = 0.1


@dataclass
class FakeTime:
    """Stands for the module `time`: sleeping is what makes it pass, and working when a test says so."""

    now_s: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        assert duration_s > 0.0
        self.slept.append(duration_s)
        self.now_s += duration_s


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(clock_module, "time", fake)
    return fake


@pytest.fixture
def on_the_wall(tmp_path: Path) -> Iterator[tuple[RunSession, Played]]:
    """A short story on the wall clock, with the one row that a meter brings about by itself."""
    session = RunSession(tmp_path / "run", variant(WALL), BENCH_PATH, 1, ())
    with session.writer:
        played = session.play(TITLE, ["1.1"])
        try:
            yield session, played
        finally:
            played.assembly.close()


@pytest.mark.parametrize(("step_s", "settles"), [(1.0, True), (5.0, False)])
def test_what_the_loop_gain_says_is_what_the_plant_does(tmp_path: Path, step_s: float, settles: bool) -> None:
    """Above the limit the services swing from step to step for ever, below it they come to rest.

    Without a delay the limit is 2 / share - 1, where a step covers the share of a first-order response.
    """
    with running(tmp_path / "run", variant({"clock.step_s": step_s})) as bench:
        gain = bench.assembly.loop_gain
        bench.played.story.release_cloud()
        bench.run_for(60 + 20 * step_s)
        states: list[PlantState] = []
        bench.assembly.plant.listeners.append(states.append)
        bench.run_for(6 * step_s)
    swing_v = float(np.abs(np.diff([state.service_v for state in states], axis=0)).max())
    share = 1.0 - 10.0 ** (-step_s / RESPONSE_S)
    assert gain.delay_steps == 0
    assert gain.limit == pytest.approx(2.0 / share - 1.0)
    assert (gain.warn, gain.gain < gain.limit) == (not settles, settles)
    assert (swing_v < 0.01) is settles, f"from step to step services move by up to {swing_v:.3f} V"


def test_a_loop_gain_that_is_too_high_is_told_in_the_record(tmp_path: Path) -> None:
    session = RunSession(tmp_path / "run", variant({"clock.step_s": 5.0, "horizon_s": 10.0}), BENCH_PATH, 1, ())
    session.close(session.play(TITLE, []))
    session.finish()
    assert recorded(session)["loop_gain"]["warn"] is True
    assert re.search(r"loop gain of \d\.\d\d is above half its limit of 1\.22", recorded(session)["reason"])


def recorded(session: RunSession) -> Any:
    """What run.json says of the only scenario."""
    (scenario,) = json.loads((session.path / "run.json").read_text(encoding="ascii"))["scenarios"]
    return scenario


def test_on_the_wall_clock_events_come_in_order_each_at_its_moment(
    fake: FakeTime, on_the_wall: tuple[RunSession, Played]
) -> None:
    session, played = on_the_wall
    moments: list[tuple[float, float]] = []
    played.assembly.plant.listeners.append(lambda state: moments.append((state.time_s, fake.now_s)))
    began_s = fake.now_s
    played.story.calm()
    played.story.release_cloud()
    played.story.observe("1.1")
    assert session.close(played) is Verdict.PASS
    assert [time_s for time_s, _ in moments] == list(range(1, HORIZON_S + 1))
    assert all(math.isclose(wall_s - began_s, time_s, abs_tol=1e-6) for time_s, wall_s in moments)
    assert played.story.clock.slip is not None
    assert (played.story.clock.slip.late_events, played.story.clock.slip.exceeded) == (0, False)


def test_the_same_story_comes_out_on_both_clocks(
    fake: FakeTime, on_the_wall: tuple[RunSession, Played], tmp_path: Path
) -> None:
    """The clock is invisible to everything else: what is on the bus is the same to the byte."""
    assert fake.slept == []
    virtual = RunSession(tmp_path / "virtual", variant(WALL | {"clock.mode": "virtual"}), BENCH_PATH, 1, ())
    traces = []
    for session, played in (on_the_wall, (virtual, virtual.play(TITLE, ["1.1"]))):
        played.story.calm()
        played.story.release_cloud()
        session.close(played)
        session.finish()
        traces.append((session.path / "trace.jsonl").read_bytes())
    assert traces[0] == traces[1]
    assert traces[0].count(b"\n") >= 1, "nothing was on the bus: the comparison means nothing"


@pytest.mark.parametrize(
    ("late_s", "verdict"), [(0.5 * TOLERANCE_S, Verdict.PASS), (2.0 * TOLERANCE_S, Verdict.INCONCLUSIVE)]
)
def test_slip_is_recorded_and_beyond_its_tolerance_nothing_timed_can_stand(
    fake: FakeTime, on_the_wall: tuple[RunSession, Played], late_s: float, verdict: Verdict
) -> None:
    """One plant step takes longer than its second by `late_s`; the step after it starts that much too late."""
    assert emulated_bench().clock.slip_tolerance_s == TOLERANCE_S
    session, played = on_the_wall

    def work(state: PlantState) -> None:
        if state.time_s == 30.0:
            fake.now_s += 1.0 + late_s

    played.assembly.plant.listeners.append(work)
    played.story.calm()
    played.story.release_cloud()
    played.story.observe("1.1")
    assert session.close(played) is verdict
    slip = played.story.clock.slip
    assert slip is not None
    assert slip.worst_s == pytest.approx(late_s, abs=1e-6)
    assert session.finish() is verdict
    assert recorded(session)["slip"]["worst_s"] == pytest.approx(late_s, abs=1e-6)
    assert ("times cannot be judged" in recorded(session)["reason"]) is (verdict is Verdict.INCONCLUSIVE)


def test_an_unknown_clock_is_refused() -> None:
    with pytest.raises(ValueError, match=r"clock\.mode"):
        BenchFile.model_validate(variant({}).model_dump() | {"clock": {"mode": "sundial"}})
