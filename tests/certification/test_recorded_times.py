"""Clearing and ride-through times from the analyzer's own record: exact, late, dipping devices; slow sources."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from bench.certification.capture import interval_for
from bench.certification.criteria import Reading
from bench.certification.figures import load_figures
from bench.certification.findings import Finding
from bench.certification.moments import recorded_crossing
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.ride_through import VoltageRide, ride_through_voltage
from bench.certification.procedures.trips import TripTest
from bench.certification.rig import InstrumentClass, Rig, Sample
from bench.certification.trip_plan import TripPlan, trip_plan
from instruments.errors import InstrumentError
from instruments.readings import AcMeasurement, CaptureLimits
from reports.verdict import Verdict, worst
from tests.certification.recording import LIMITS, STAMP_BEGINS_S, Recorder, clock_of_the_wall
from tests.certification.riding_device import IDEAL, RidingDevice, ideal_but, rig_for
from tests.certification.test_source_needs import ABLE, PLAYS, PlayingDevice
from tests.certification.trip_device import TripDevice, rig_of

FIGURES = load_figures()
QUICK = FIGURES.model_copy(update={"trips": FIGURES.trips.model_copy(update={"repetitions": 1})})


def recorded_rig(device: TripDevice, limits: CaptureLimits = LIMITS) -> tuple[Rig, Recorder]:
    rig = rig_of(device, clock=clock_of_the_wall())
    return rig, Recorder(rig, device, limits)


def found_on(rig: Rig, stage: str, setting: str = "shortest") -> list[Finding]:
    at = FIGURES.trips.stage(stage)
    return list(TripTest(rig, QUICK, at, at.setting("III", setting)).run())


def times(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.what.startswith("clearing time")]


def test_on_the_wall_only_a_record_can_time_the_shortest_trip() -> None:
    device = TripDevice()
    with pytest.raises(NotPassed, match="gives no times of its own") as refused:
        found_on(rig_of(device, clock=clock_of_the_wall()), "OV2", "fixed")
    assert refused.value.verdict is Verdict.NOT_RUN
    rig, _ = recorded_rig(device)
    found = found_on(rig, "OV2", "fixed")
    assert worst(finding.verdict for finding in found) is Verdict.PASS
    assert times(found), "nothing was timed"
    for finding in times(found):
        assert abs(finding.response.value - 0.16) <= finding.response.uncertainty <= 0.01, finding.worded


@pytest.mark.parametrize(
    ("late_s", "expected"),
    [(0.0, Verdict.PASS), (0.040, Verdict.PASS), (0.052, Verdict.INCONCLUSIVE), (0.060, Verdict.FAIL)],
)
def test_a_device_is_as_late_as_the_record_says(late_s: float, expected: Verdict) -> None:
    rig, _ = recorded_rig(TripDevice(late=(0.16 + late_s) / 0.16))
    found = times(found_on(rig, "UF2", "shortest"))
    assert worst(finding.verdict for finding in found) is expected, [f.worded for f in found]


def test_long_trips_are_recorded_from_before_their_onset_on() -> None:
    rig, recorder = recorded_rig(TripDevice())
    found = times(found_on(rig, "UV1", "longest"))
    assert worst(finding.verdict for finding in found) is Verdict.PASS
    tolerance_s = 1.5 * 0.01 * 50.0
    for interval_s, points in recorder.armed:
        assert interval_s == pytest.approx(tolerance_s / 10.0)
        assert interval_s * points > 1.5 * 50.0, "a late device has to be in it"


def test_the_record_takes_the_place_of_the_looks_in_the_samples() -> None:
    rig, _ = recorded_rig(TripDevice())
    found_on(rig, "OV2", "fixed")
    moments = [sample.time_s for sample in rig.samples]
    assert all(earlier <= later + 1e-6 for earlier, later in pairwise(moments))
    stamped = [sample for sample in rig.samples if sample.stamp_s is not None]
    assert len(stamped) > 100
    assert all((sample.stamp_s or 0.0) >= STAMP_BEGINS_S for sample in stamped)
    assert {sample.stamp_s is None for sample in rig.samples} == {True, False}, "looks stay where nothing was recorded"


def test_an_analyzer_that_cannot_record_so_finely_is_asked_by_looks() -> None:
    rig, recorder = recorded_rig(TripDevice(), CaptureLimits(0.5, 10_000))
    with pytest.raises(NotPassed, match="gives no times of its own"):
        found_on(rig, "OV2", "fixed")
    assert not recorder.armed


def test_a_device_that_hides_its_trip_needs_looks_that_are_timed() -> None:
    rig, _ = recorded_rig(TripDevice(rides=(0.0, 1.1)))
    with pytest.raises(NotPassed, match="gives no times of its own"):
        found_on(rig, "OV1", "shortest")
    device = TripDevice(rides=(0.0, 1.1))
    rig = rig_of(device)
    Recorder(rig, device)
    assert worst(finding.verdict for finding in found_on(rig, "OV1", "shortest")) is Verdict.PASS


def test_the_instruments_own_clock_is_part_of_the_uncertainty() -> None:
    device = TripDevice()
    rig = rig_of(device, clock=clock_of_the_wall())
    rig.instrument = InstrumentClass(0.0, 0.0, time_s=0.02)
    Recorder(rig, device)
    exact = times(found_on(recorded_rig(TripDevice())[0], "UF2"))
    unsure = times(found_on(rig, "UF2"))
    for one, other in zip(exact, unsure, strict=True):
        assert other.response.uncertainty == pytest.approx(one.response.uncertainty + 0.02)


@pytest.mark.parametrize(
    ("shortest_s", "points", "interval_s"),
    [(0.001, 1001, 0.01), (0.02, 1001, 0.02), (0.001, 51, 0.02), (0.001, 11, None), (0.051, 1001, None)],
)
def test_how_finely_is_recorded(shortest_s: float, points: int, interval_s: float | None) -> None:
    found = interval_for(CaptureLimits(shortest_s, points), duration_s=1.0, wanted_s=0.01, longest_s=0.05)
    assert found == (interval_s if interval_s is None else pytest.approx(interval_s))
    assert interval_for(None, 1.0, 0.01, 0.05) is None


# The record of an undervoltage stage, in words: v is the voltage, p the power, a sample each 10 ms from 100 s on.
def ov2_plan() -> TripPlan:
    stage = FIGURES.trips.stage("OV2")
    return trip_plan(FIGURES, stage, stage.setting("III", "fixed"), "III")


def record(*stages: tuple[int, float, float]) -> list[Sample]:
    values = [(v, p) for count, v, p in stages for _ in range(count)]
    return [Sample(n * 0.01, (v,) * 3, 60.0, p, 0.0, stamp_s=100.0 + n * 0.01) for n, (v, p) in enumerate(values)]


def crossing(samples: list[Sample]) -> Any:
    seen = [Reading(sample.mean_voltage_pu, 0.001) for sample in samples]
    return recorded_crossing(samples, seen, ov2_plan(), nothing_pu=0.05, timing_s=0.0)


def test_a_crossing_lies_between_samples() -> None:
    found = crossing(record((5, 1.0, 1.0), (16, 1.25, 1.0), (5, 1.25, 0.0)))
    assert (found.taken.value, found.taken.uncertainty) == (pytest.approx(0.16), pytest.approx(0.01))


def test_a_dip_is_not_the_end() -> None:
    found = crossing(record((5, 1.0, 1.0), (4, 1.25, 1.0), (3, 1.25, 0.0), (9, 1.25, 1.0), (5, 1.25, 0.0)))
    assert found.taken.value == pytest.approx(0.16)


def test_a_source_that_takes_its_time_leaves_it_open_when_it_was_there() -> None:
    found = crossing(record((5, 1.0, 1.0), (3, 1.2, 1.0), (13, 1.25, 1.0), (5, 1.25, 0.0)))
    assert (found.taken.value, found.taken.uncertainty) == (pytest.approx(0.145), pytest.approx(0.025))


def test_a_device_that_never_ceases_was_watched_for_as_long_as_the_record() -> None:
    found = crossing(record((5, 1.0, 1.0), (30, 1.25, 1.0)))
    assert found.ceased is None
    assert found.taken.value == pytest.approx(0.29)


@pytest.mark.parametrize("stages", [((30, 1.0, 1.0),), ((30, 1.25, 1.0),), ((5, 1.0, 1.0), (30, 1.2, 1.0))])
def test_without_a_stimulus_there_is_no_crossing(stages: tuple[tuple[int, float, float], ...]) -> None:
    assert crossing(record(*stages)) is None


def test_a_source_that_stays_behind_is_no_trial() -> None:
    rig, _ = recorded_rig(TripDevice(stuck_at_pu=1.2))
    with pytest.raises(NotPassed, match="too close to the level"):
        found_on(rig, "OV2", "fixed")


def test_a_record_that_ends_too_early_is_no_verdict() -> None:
    rig, recorder = recorded_rig(TripDevice(late=100.0))
    whole = recorder.read_capture

    def cut() -> tuple[AcMeasurement, ...]:
        return whole()[:30]

    recorder.read_capture = cut  # type: ignore[method-assign]
    with pytest.raises(NotPassed, match=r"ends after .* before a trip was late"):
        found_on(rig, "OV2", "fixed")


def test_a_record_without_stamps_is_refused() -> None:
    rig, recorder = recorded_rig(TripDevice())
    whole = recorder.read_capture
    recorder.read_capture = lambda: tuple(replace(one, time_s=None) for one in whole())  # type: ignore[method-assign]
    with pytest.raises(InstrumentError, match="without time stamps"):
        found_on(rig, "OV2", "fixed")


def sags(device: RidingDevice, *, recorded: bool) -> list[Finding]:
    rig = rig_for(device)
    rig.clock = clock_of_the_wall()
    if recorded:
        Recorder(rig, device)
    section = FIGURES.ride_through.low_voltage
    return list(ride_through_voltage(rig, FIGURES, VoltageRide("it", section, section.disturbances["III"], 1.0)))


def test_ride_through_times_come_from_the_record() -> None:
    device = ideal_but(cease_s=0.07)
    assert worst(f.verdict for f in sags(ideal_but(cease_s=0.07), recorded=False)) is Verdict.INCONCLUSIVE
    found = sags(device, recorded=True)
    assert worst(f.verdict for f in found) is Verdict.PASS
    ceased = [f for f in found if f.what.startswith("time until it ceases")]
    assert ceased
    for finding in ceased:
        assert abs(finding.response.value - 0.07) <= finding.response.uncertainty + 1e-6 < 0.01, finding.worded


@pytest.mark.parametrize("riding", [{"cease_s": 0.1}, {"restore_s": 0.42}, {"trips_below_pu": 0.3}])
def test_a_bad_device_is_found_in_the_record(riding: dict[str, float]) -> None:
    assert worst(f.verdict for f in sags(ideal_but(**riding), recorded=True)) is Verdict.FAIL
    assert IDEAL.cease_s < 0.083


class Stamping(TripDevice):
    """An analyzer whose looks have stamps, in another unit by `scale`."""

    scale = 1.0
    passed_s = 0.0

    def advance(self, dt_s: float) -> None:
        self.passed_s += dt_s
        super().advance(dt_s)

    def measure(self) -> AcMeasurement:
        return replace(super().measure(), time_s=7.0 + self.scale * self.passed_s)


def test_looks_are_timed_by_the_analyzers_own_stamps() -> None:
    device = Stamping()
    rig = rig_of(device, clock=clock_of_the_wall())
    found = found_on(rig, "UF2", "shortest")
    assert rig.timing_s == 0.0
    assert worst(finding.verdict for finding in times(found)) is Verdict.PASS


@pytest.mark.parametrize("scale", [1000.0, 0.001, 0.0, -1.0])
def test_stamps_that_are_no_seconds_are_not_believed(scale: float) -> None:
    device = Stamping()
    device.scale = scale
    with pytest.raises(InstrumentError, match="its time stamps tell no times here"):
        found_on(rig_of(device, clock=clock_of_the_wall()), "UF1", "shortest")


def test_a_record_longer_than_the_time_that_passed_is_not_believed() -> None:
    rig, recorder = recorded_rig(TripDevice())
    whole = recorder.read_capture
    recorder.read_capture = lambda: tuple(  # type: ignore[method-assign]
        replace(one, time_s=1000.0 * (one.time_s or 0.0)) for one in whole()
    )
    with pytest.raises(InstrumentError, match=r"gave a record of .* s after"):
        found_on(rig, "OV2", "fixed")


def played(device: PlayingDevice) -> list[Finding]:
    """Sags of category II, which the source plays by itself because its wire is slow, with a record of each order."""
    rig = replace(rig_for(device, "II"), able=replace(ABLE, transients=PLAYS), update_s=0.05)
    rig.clock = clock_of_the_wall()
    recorder = Recorder(rig, device)
    section = FIGURES.ride_through.low_voltage
    found = list(ride_through_voltage(rig, FIGURES, VoltageRide("it", section, section.disturbances["II"], 1.0)))
    assert device.played
    assert recorder.armed, "nothing was recorded"
    return found


@pytest.mark.parametrize(
    ("riding", "expected"),
    [({}, Verdict.PASS), ({"share": 0.6}, Verdict.FAIL), ({"trips_below_pu": 0.4}, Verdict.FAIL)],
)
def test_what_a_source_plays_by_itself_is_judged_by_the_record(riding: dict[str, float], expected: Verdict) -> None:
    found = played(PlayingDevice(replace(IDEAL, dead_pu=0.3, **riding)))
    assert worst(f.verdict for f in found) is expected, [f.worded for f in found if f.verdict is not Verdict.PASS]


def test_a_source_that_leaves_a_stage_too_early_is_found_in_the_record() -> None:
    device = PlayingDevice(replace(IDEAL, dead_pu=0.3))
    device.late = 0.5
    with pytest.raises(InstrumentError, match="the source did not play"):
        played(device)
