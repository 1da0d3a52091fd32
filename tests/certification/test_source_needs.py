"""A test that the source cannot perform is not begun, and says what is missing; a short sag is played by the source."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import pytest

from bench.assembly.der_rig import update_s
from bench.certification.figures import load_figures
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.frequency_ride import ride_through_frequency, ride_through_rate
from bench.certification.procedures.phase_angle import change_phase_angle
from bench.certification.procedures.ride_through import VoltageRide, ride_through_voltage
from bench.certification.rig import Rig
from bench.certification.source_needs import SourceNeeds, SourceOnRig
from bench.clock import Clock, WallClock
from instruments.errors import InstrumentError
from instruments.readings import PlayedTransients, Segment, SourceCapabilities
from reports.verdict import Verdict, worst
from tests.certification.riding_device import PHASE_V, Riding, RidingDevice, rig_for
from tests.instruments.source_dialects import BEGIN, served

FIGURES = load_figures()
ASKED = FIGURES.ride_through
ABLE = SourceCapabilities(3, (0.0, 150.0), (45.0, 67.0), 100.0, frozenset({1, 2, 3}))
PLAYING = ("scpi_ametek_mx", "scpi_chroma_61600", "scpi_pacific_upc")
PLAYS = PlayedTransients(50, 0.001)


class PlayingDevice(RidingDevice):
    """A device whose source plays transients by itself; one that is `late` holds each segment so many times longer."""

    late = 1.0

    def play(self, segments: Sequence[Segment]) -> None:
        self.playing = [(segment.duration_s * self.late, segment) for segment in segments]
        self.played = True
        self._show()

    def end_play(self) -> None:
        if self.playing:
            raise InstrumentError("a transient is still on")

    def advance(self, dt_s: float) -> None:
        if getattr(self, "playing", None):
            left_s, segment = self.playing[0]
            self.playing[0] = (left_s - dt_s, segment)
            if left_s - dt_s < 1e-9:
                self.playing.pop(0)
        super().advance(dt_s)
        self._show()

    def _show(self) -> None:
        if getattr(self, "playing", None):
            self.voltage_pu = tuple(v / PHASE_V for v in self.playing[0][1].voltage_v)


def sags(rig: Rig, abnormal: str) -> list[Finding]:
    section = ASKED.low_voltage
    return list(ride_through_voltage(rig, FIGURES, VoltageRide("it", section, section.disturbances[abnormal], 1.0)))


def rig_with(device: RidingDevice, able: SourceCapabilities, update_s: float = 0.0, abnormal: str = "III") -> Rig:
    return replace(rig_for(device, abnormal), able=able, update_s=update_s)


@pytest.mark.parametrize(
    ("needs", "able", "update_s", "lacking"),
    [
        (SourceNeeds(voltage_pu=(0.0, 1.5)), ABLE, 0.0, ""),
        (SourceNeeds(voltage_pu=(0.0, 1.51)), ABLE, 0.0, "0 to 151 V: it has 0 to 150"),
        (SourceNeeds(voltage_pu=(0.5, 1.0)), replace(ABLE, voltage_v=(60.0, 150.0)), 0.0, "50 to 100 V"),
        (SourceNeeds(frequency_hz=(45.0, 67.0)), ABLE, 0.0, ""),
        (SourceNeeds(frequency_hz=(60.0, 67.1)), ABLE, 0.0, "60 to 67.1 Hz: it has 45 to 67"),
        (SourceNeeds(step_pu=1.0, step_s=0.01), replace(ABLE, voltage_slew_v_per_s=10_000.0), 0.0, ""),
        (
            SourceNeeds(step_pu=1.0, step_s=0.01),
            replace(ABLE, voltage_slew_v_per_s=9_990.0),
            0.0,
            "a step of 100 V within 0.01 s: at 9990 V/s it takes 0.01",
        ),
        (SourceNeeds(rate_hz_per_s=3.0), replace(ABLE, frequency_slew_hz_per_s=3.0), 0.0, ""),
        (SourceNeeds(rate_hz_per_s=3.0), replace(ABLE, frequency_slew_hz_per_s=2.9), 0.0, "no more than 2.9 Hz/s"),
        (SourceNeeds(ramp_step_s=0.02), ABLE, 0.02, ""),
        (SourceNeeds(ramp_step_s=0.02), ABLE, 0.021, "a ramp in steps of 0.02 s"),
        (SourceNeeds(ramp_step_s=0.02), replace(ABLE, transients=PLAYS), 1.0, ""),
        (SourceNeeds(every_s=0.02), ABLE, 0.02, ""),
        (SourceNeeds(every_s=0.02), ABLE, 0.021, "a new set-point each 0.02 s: over its wire one takes 0.021 s"),
        (SourceNeeds(shortest_s=0.16), ABLE, 0.016, ""),
        (SourceNeeds(shortest_s=0.16), ABLE, 0.017, "a disturbance of 0.16 s.*plays none by itself"),
        (SourceNeeds(shortest_s=0.16), replace(ABLE, transients=PLAYS), 0.017, ""),
        (
            SourceNeeds(shortest_s=0.16),
            replace(ABLE, transients=PlayedTransients(50, 0.2)),
            0.017,
            "by itself it plays none shorter than 0.2 s",
        ),
        (
            SourceNeeds(shortest_s=0.16, step_s=0.01),
            replace(ABLE, transients=PlayedTransients(50, 0.1, change_s=0.02)),
            0.017,
            "by itself it plays none shorter",
        ),
        (SourceNeeds(turned=frozenset({1, 2})), replace(ABLE, turned=frozenset({2, 3})), 0.0, "the angle of phase 1"),
        (SourceNeeds(unbalanced=True), replace(ABLE, unbalanced=False), 0.0, "a voltage of its own on each phase"),
    ],
)
def test_what_is_missing_is_said_in_words(
    needs: SourceNeeds, able: SourceCapabilities, update_s: float, lacking: str
) -> None:
    source = SourceOnRig(able, 100.0, update_s)
    if not lacking:
        source.require(needs)
        return
    with pytest.raises(NotPassed, match=lacking) as raised:
        source.require(needs)
    assert raised.value.verdict is Verdict.NOT_RUN


def test_all_that_is_missing_is_told_at_once() -> None:
    needs = SourceNeeds((0.0, 2.0), (10.0, 60.0), turned=frozenset({1}), unbalanced=True)
    able = replace(ABLE, turned=frozenset(), unbalanced=False)
    assert len(list(SourceOnRig(able, 100.0).lacking(needs))) == 4


def untouched(device: RidingDevice) -> None:
    assert (device.told, device.offered_pu) == ([], 1.0), "it was refused beforehand"


def test_a_source_that_changes_frequency_slowly_is_not_asked_to_change_it_fast() -> None:
    device = RidingDevice()
    rig = rig_with(device, replace(ABLE, frequency_slew_hz_per_s=1.0))
    with pytest.raises(NotPassed, match=r"3 Hz/s: it changes by no more than 1 Hz/s"):
        list(ride_through_rate(rig, FIGURES))
    untouched(device)


def test_a_wire_that_is_too_slow_for_a_ramp_of_steps_is_told_of() -> None:
    device = RidingDevice()
    with pytest.raises(
        NotPassed, match=r"steps of 0\.02 s: over its wire a set-point takes 0\.05 s, and it ramps none"
    ):
        list(ride_through_rate(rig_with(device, ABLE, update_s=0.05), FIGURES))
    untouched(device)


def test_a_source_whose_first_phase_is_the_reference_cannot_make_all_angles_jump() -> None:
    device = RidingDevice()
    with pytest.raises(NotPassed, match="the angle of phase 1 by itself"):
        list(change_phase_angle(rig_with(device, replace(ABLE, turned=frozenset({2, 3}))), FIGURES))
    untouched(device)


def test_a_source_that_ramps_slowly_is_not_asked_for_a_sag() -> None:
    device = RidingDevice()
    with pytest.raises(NotPassed, match="a step of"):
        sags(rig_with(device, replace(ABLE, voltage_slew_v_per_s=100.0)), "III")
    untouched(device)


def test_a_set_point_outside_of_what_the_source_has_is_not_sent() -> None:
    device = RidingDevice()
    rig = rig_with(device, replace(ABLE, unbalanced=False))
    for refused in ([1.0, 1.0, 0.9], 1.6):
        with pytest.raises(NotPassed):
            rig.set_grid(refused)
    untouched(device)


@pytest.mark.parametrize("abnormal", ["I", "II"])
def test_a_sag_too_short_for_the_wire_is_played_by_the_source_and_judged_alike(abnormal: str) -> None:
    riding = Riding(dead_pu={"I": 0.5, "II": 0.3}[abnormal])
    over_the_wire = sags(rig_with(RidingDevice(riding), ABLE, abnormal=abnormal), abnormal)
    device = PlayingDevice(riding)
    rig = rig_with(device, replace(ABLE, transients=PLAYS), 0.05, abnormal)
    by_itself = sags(rig, abnormal)
    assert device.played
    assert worst(finding.verdict for finding in by_itself) is Verdict.PASS
    assert [(f.what, f.verdict) for f in by_itself] == [(f.what, f.verdict) for f in over_the_wire]


def test_without_transients_such_a_sag_is_not_run() -> None:
    device = RidingDevice()
    with pytest.raises(NotPassed, match=r"a disturbance of 0\.16 s.*plays none by itself"):
        sags(rig_with(device, ABLE, 0.05, "II"), "II")
    untouched(device)


def test_a_long_sag_goes_over_the_wire() -> None:
    device = PlayingDevice()
    sags(rig_with(device, replace(ABLE, transients=PLAYS), 0.05), "III")
    assert not hasattr(device, "played")


def test_a_source_that_holds_a_sag_too_long_is_found_out() -> None:
    device = PlayingDevice(Riding(dead_pu=0.3))
    device.late = 1.5
    with pytest.raises(InstrumentError, match="the source did not play"):
        sags(rig_with(device, replace(ABLE, transients=PLAYS), 0.05, "II"), "II")


def test_what_nothing_is_known_of_limits_nothing() -> None:
    assert ABLE.voltage_slew_v_per_s == math.inf
    assert ABLE.transients is None


def test_a_grid_that_is_gone_is_an_error_of_the_bench_and_no_reading() -> None:
    device = RidingDevice()
    rig = rig_with(device, ABLE)
    device.frequency_hz = math.nan
    with pytest.raises(InstrumentError, match="measures no frequency: the source's voltage is not there"):
        rig.frequency(rig.hold(0.1, 0.1))


@contextmanager
def behind_an_emulated_source(driver: str, device: RidingDevice, abnormal: str) -> Iterator[Rig]:
    """A rig whose source is an emulator behind its wire, which is slow."""
    with served(driver) as bench:
        bench.await_play()

        def advance(dt_s: float) -> None:
            with bench.lock:
                bench.emulator.advance(dt_s)
                device.voltage_pu = tuple(v / PHASE_V for v in bench.node.voltage_v)
                device.frequency_hz = bench.node.frequency_hz
            device.advance(dt_s)

        rig = rig_with(device, bench.driver.read_capabilities(), 0.05, abnormal)
        rig = replace(rig, source=bench.driver, advance=advance)
        rig.set_grid(1.0)
        bench.driver.output_on()
        yield rig
        assert any(message.startswith(BEGIN) for message in bench.emulator.scpi.received), "nothing was played"
        bench.driver.make_safe()


@pytest.mark.parametrize("driver", PLAYING)
def test_a_short_sag_is_played_by_an_emulated_source_over_its_wire(driver: str) -> None:
    device = RidingDevice(Riding(dead_pu=0.3))
    with behind_an_emulated_source(driver, device, "II") as rig:
        assert worst(finding.verdict for finding in sags(rig, "II")) is Verdict.PASS


@pytest.mark.parametrize("driver", PLAYING)
@pytest.mark.parametrize(("trips_beyond_hz", "expected"), [((50.0, 66.0), Verdict.PASS), ((59.0, 66.0), Verdict.FAIL)])
def test_a_ramp_of_frequency_is_played_too(
    driver: str, trips_beyond_hz: tuple[float, float], expected: Verdict
) -> None:
    device = RidingDevice(Riding(trips_beyond_hz=trips_beyond_hz))
    with behind_an_emulated_source(driver, device, "III") as rig:
        assert worst(finding.verdict for finding in ride_through_rate(rig, FIGURES)) is expected
        rates = [
            abs(b.frequency_hz - a.frequency_hz) / (b.time_s - a.time_s)
            for a, b in pairwise(rig.samples)
            if b.time_s - a.time_s < 0.021
        ]
        assert max(rates) == pytest.approx(3.0, rel=1e-3), "the rate of category III"


def test_a_source_that_ramps_slower_than_it_is_told_is_found_out() -> None:
    with behind_an_emulated_source("scpi_ametek_mx", RidingDevice(), "III") as rig:
        play = rig.source.play  # type: ignore[attr-defined]
        rig.source.play = lambda segments: play(  # type: ignore[attr-defined]
            [replace(s, duration_s=s.duration_s * (1.5 if s.ramp else 1.0)) for s in segments]
        )
        with pytest.raises(InstrumentError, match=r"the source did not play a change of frequency to 61\.2 Hz"):
            list(ride_through_rate(rig, FIGURES))


@pytest.mark.parametrize(("takes_s", "told"), [(0.002, ""), (0.2, r"changed frequency at 1\.\d+ Hz/s, not at 3")])
def test_a_ramp_over_the_wire_keeps_its_rate_or_is_not_run(takes_s: float, told: str) -> None:
    """The bench's own clock tells how long it took: set-points and looks take their time."""
    rig = rig_with(RidingDevice(), ABLE)
    rig.clock = Dragging(takes_s)
    if not told:
        assert worst(finding.verdict for finding in ride_through_rate(rig, FIGURES)) is Verdict.PASS
        return
    with pytest.raises(NotPassed, match=told) as raised:
        list(ride_through_rate(rig, FIGURES))
    assert raised.value.verdict is Verdict.NOT_RUN


class Dragging(Clock):
    """Each set-point takes its time, s."""

    def __init__(self, takes_s: float) -> None:
        super().__init__()
        self.takes_s = takes_s

    def catch_up(self) -> None:
        self.run_until(self.now_s + self.takes_s)


def test_without_transients_a_held_frequency_goes_over_the_wire_as_fast_as_it_can() -> None:
    rig = rig_with(RidingDevice(), ABLE, update_s=0.05)
    found = list(ride_through_frequency(rig, FIGURES, ASKED.low_frequency, "low"))
    assert worst(finding.verdict for finding in found) is Verdict.PASS


def test_how_long_a_set_point_takes_is_measured_where_time_passes() -> None:
    device = RidingDevice()
    assert update_s(rig_with(device, ABLE)) == 0.0
    untouched(device)
    assert 0.0 < update_s(replace(rig_with(device, ABLE), clock=WallClock())) < 60.0
    assert set(device.told) == {60.0}, "with the set-point that is there already"
