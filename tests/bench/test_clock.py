"""The clock: order of events, where `run_until` stops, and pacing by wall time."""

from dataclasses import dataclass, field

import pytest

from bench import clock as clock_module
from bench.clock import Clock, Process, WallClock, make_clock
from bench.messages.equipment import VoltageRestored
from instruments.errors import BenchError


@dataclass
class FakeTime:
    """Stands in for the `time` module: sleeping moves it on, and work can be made to take long."""

    now_s: float = 1000.0
    sleeps: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now_s += seconds


@pytest.fixture
def wall_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(clock_module, "time", fake)
    return fake


def ticking(clock: Clock, period_s: float, seen: list[tuple[str, float]], name: str = "tick") -> Process:
    while True:
        yield clock.timeout(period_s)
        seen.append((name, clock.now_s))


def test_events_come_in_order_of_time_and_then_of_their_start() -> None:
    clock, seen = Clock(), list[tuple[str, float]]()
    for name, period_s in (("slow", 3.0), ("first", 1.0), ("second", 1.0)):
        clock.start(ticking(clock, period_s, seen, name))
    clock.run_until(3.0)
    assert [time_s for _, time_s in seen] == sorted(time_s for _, time_s in seen)
    assert seen[:2] == [("first", 1.0), ("second", 1.0)], "events of one moment have to keep the order of their start"


def test_an_event_at_the_end_is_run_and_a_later_one_is_not() -> None:
    clock, seen = Clock(), list[tuple[str, float]]()
    clock.start(ticking(clock, 1.0, seen))
    assert clock.run_until(3.0) is False
    assert [time_s for _, time_s in seen] == [1.0, 2.0, 3.0]


def test_time_stands_at_the_end_even_where_nothing_happens() -> None:
    clock = Clock()
    clock.run_until(12.5)
    assert clock.now_s == 12.5
    clock.run_until(4.0)
    assert clock.now_s == 12.5, "time must not run backwards"


def test_it_stops_at_once_when_it_is_done() -> None:
    clock, seen = Clock(), list[tuple[str, float]]()
    clock.start(ticking(clock, 1.0, seen))
    assert clock.run_until(100.0, lambda: len(seen) == 2) is True
    assert clock.now_s == 2.0, "the moment of the decision is what reports show; it must not be run past"


def test_what_is_done_before_runs_no_event_at_all() -> None:
    clock, seen = Clock(), list[tuple[str, float]]()
    clock.start(ticking(clock, 0.0001, seen))
    assert clock.run_until(1.0, lambda: True) is True
    assert not seen


def test_an_exception_in_a_process_comes_out() -> None:
    clock = Clock()

    def broken() -> Process:
        yield clock.timeout(2.0)
        raise ArithmeticError("the feeder fell over")

    clock.start(broken())
    with pytest.raises(ArithmeticError, match="the feeder fell over"):
        clock.run_until(5.0)
    assert clock.now_s == 2.0


def test_virtual_time_never_waits(wall_time: FakeTime) -> None:
    clock = make_clock("virtual", 0.1)
    seen: list[tuple[str, float]] = []
    clock.start(ticking(clock, 3600.0, seen))
    clock.run_until(86400.0)
    assert len(seen) == 24
    assert not wall_time.sleeps, "virtual time has to cost what its computation costs, and nothing else"
    assert clock.slip is None


def test_wall_time_waits_for_each_event_and_for_the_end(wall_time: FakeTime) -> None:
    clock = make_clock("wall", 0.1)
    started_s = wall_time.now_s
    clock.start(ticking(clock, 1.0, []))
    clock.run_until(2.5)
    assert wall_time.now_s - started_s == pytest.approx(2.5)
    assert sum(wall_time.sleeps) == pytest.approx(2.5)
    assert clock.slip is not None
    assert not clock.slip.exceeded


def test_wall_time_is_kept_over_several_runs_and_does_not_drift(wall_time: FakeTime) -> None:
    clock = make_clock("wall", 10.0)
    started_s = wall_time.now_s

    def working() -> Process:
        while True:
            yield clock.timeout(1.0)
            wall_time.now_s += 0.25

    clock.start(working())
    for end_s in (1.5, 4.5, 9.5):
        clock.run_until(end_s)
    assert wall_time.now_s - started_s == pytest.approx(9.5), "work within a step must not add up to drift"


def test_slip_is_recorded_and_only_beyond_its_tolerance_counts(wall_time: FakeTime) -> None:
    clock = WallClock(0.5)

    def slow_at(moments: dict[float, float]) -> Process:
        while True:
            yield clock.timeout(1.0)
            wall_time.now_s += moments.get(clock.now_s, 0.0)

    clock.start(slow_at({2.0: 1.2, 5.0: 3.0}))
    clock.run_until(4.0)
    assert clock.slip is not None
    assert (clock.slip.late_events, clock.slip.exceeded) == (0, False), "0.2 s behind is within the tolerance of 0.5 s"
    assert clock.slip.worst_s == pytest.approx(0.2)
    clock.run_until(10.0)
    assert clock.slip.exceeded
    assert clock.slip.worst_s == pytest.approx(2.0), "the event due at 6 s met wall time at 8 s"
    assert clock.slip.late_events == 2, "6 s came 2 s late, 7 s came 1 s late, 8 s was on time again"


def test_data_that_does_not_fit_is_told_with_its_process_and_field() -> None:
    """SimPy makes exceptions anew, which pydantic's do not allow: without help that is a TypeError about nothing."""
    clock = Clock()

    def tells_nonsense() -> Process:
        yield clock.timeout(1.0)
        VoltageRestored.model_validate({"meter": 3})

    clock.start(tells_nonsense())
    with pytest.raises(BenchError, match=r"tells_nonsense: VoltageRestored does not hold: meter: .*string"):
        clock.run_until(2.0)


def test_a_look_is_known_no_better_than_events_were_late_since_the_clock_caught_up(wall_time: FakeTime) -> None:
    clock = WallClock(0.5)

    def slow_at(moments: dict[float, float]) -> Process:
        while True:
            yield clock.timeout(1.0)
            wall_time.now_s += moments.get(clock.now_s, 0.0)

    clock.start(slow_at({2.0: 3.0, 9.0: 1.2}))
    assert clock.timing_s(0.05) == 0.05, "a round trip, where nothing was late"
    clock.run_until(6.0)
    assert clock.timing_s(0.05) == pytest.approx(2.0), "the event due at 3 s met wall time at 5 s"
    clock.catch_up()
    assert clock.timing_s(0.05) == 0.05, "what is counted from now on is not shaken by what was late before"
    clock.run_until(10.5)
    assert clock.timing_s(0.05) == pytest.approx(0.2)
    assert make_clock("virtual", 0.1).timing_s(0.05) == 0.0
