"""Whole ride-through tests on a device of closed form: a good one passes in every category, a bad one does not."""

from collections.abc import Iterator
from itertools import chain

import pytest

from bench.certification.figures import load_figures
from bench.certification.findings import Finding
from bench.certification.procedures.frequency_ride import ride_through_frequency, ride_through_rate
from bench.certification.procedures.phase_angle import change_phase_angle
from bench.certification.procedures.ride_through import VoltageRide, ride_through_voltage
from instruments.errors import InstrumentError
from reports.verdict import Verdict, worst
from tests.certification.riding_device import IDEAL, RidingDevice, ideal_but, rig_for

FIGURES = load_figures()
ASKED = FIGURES.ride_through
CATEGORIES = ("I", "II", "III")
LOOK_S = 0.01
"""How far apart the looks are: what is that near to its limit cannot be told."""
DEAD_PU = {"I": 0.5, "II": 0.3, "III": 0.5}
"""Below it a device of the category ceases, IEEE 1547-2018 Tables 14 to 16."""


def sags(device: RidingDevice, abnormal: str = "III", level_pu: float = 1.0) -> list[Finding]:
    return list(_voltage(device, ASKED.low_voltage, abnormal, level_pu))


def swells(device: RidingDevice, abnormal: str = "III", level_pu: float = 1.0) -> list[Finding]:
    return list(_voltage(device, ASKED.high_voltage, abnormal, level_pu))


def _voltage(device: RidingDevice, section, abnormal: str, level_pu: float) -> Iterator[Finding]:
    ride = VoltageRide("it", section, section.disturbances[abnormal], level_pu)
    return ride_through_voltage(rig_for(device, abnormal), FIGURES, ride)


def verdict(found: list[Finding]) -> Verdict:
    assert found, "nothing was found"
    return worst(finding.verdict for finding in found)


def failed(found: list[Finding]) -> set[str]:
    """The names of what failed, without the place."""
    return {finding.what.partition(",")[0] for finding in found if finding.verdict is Verdict.FAIL}


@pytest.mark.parametrize("abnormal", CATEGORIES)
@pytest.mark.parametrize("level_pu", ASKED.low_voltage.levels_pu)
def test_an_ideal_device_rides_through_voltages(abnormal: str, level_pu: float) -> None:
    device = ideal_but(dead_pu=DEAD_PU[abnormal])
    found = [*sags(device, abnormal, level_pu), *swells(device, abnormal, level_pu)]
    assert verdict(found) is Verdict.PASS, [str(f.measurement) for f in found if f.verdict is not Verdict.PASS]


@pytest.mark.parametrize(("slowness", "expected"), [(1.0, Verdict.PASS), (1.25, Verdict.FAIL)])
def test_output_comes_back_in_the_nominal_time_or_too_late(slowness: float, expected: Verdict) -> None:
    device = ideal_but(restore_s=(ASKED.restore_s.value - LOOK_S) * slowness)
    assert (verdict(sags(device)), verdict(swells(device))) == (expected, expected)


@pytest.mark.parametrize(("slowness", "expected"), [(1.0, Verdict.PASS), (1.25, Verdict.FAIL)])
def test_it_ceases_in_the_nominal_time_or_too_late(slowness: float, expected: Verdict) -> None:
    device = ideal_but(cease_s=(ASKED.cessation_s.value - LOOK_S) * slowness)
    assert (verdict(sags(device)), verdict(swells(device))) == (expected, expected)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.82, Verdict.PASS), (0.8, Verdict.INCONCLUSIVE), (0.78, Verdict.FAIL)]
)
@pytest.mark.parametrize("abnormal", CATEGORIES)
def test_current_is_kept_up_or_not(abnormal: str, share: float, expected: Verdict) -> None:
    # At the same power its current in a sag is 0.98/0.88 of what it was at 0.98 pu.
    device = ideal_but(dead_pu=DEAD_PU[abnormal], share=share * 0.88 / 0.98)
    assert verdict(sags(device, abnormal)) is expected


@pytest.mark.parametrize("abnormal", CATEGORIES)
def test_one_that_trips_is_found_out_where_it_should_deliver_again(abnormal: str) -> None:
    found = sags(ideal_but(trips_below_pu=0.69, dead_pu=DEAD_PU[abnormal]), abnormal)
    assert {"time until it delivers again", "active power at the end"} <= failed(found)
    assert found[-1].what.startswith("active power at the end, stage A of order 2"), (
        "what comes after says nothing more"
    )


def test_one_that_never_ceases_is_found_out() -> None:
    assert failed(swells(ideal_but(high_pu=2.0))) == {"time until it ceases", "current while it has ceased"}


def test_a_source_that_does_not_sag_is_an_error_of_the_bench() -> None:
    device = ideal_but()
    device.gain = 1.03
    with pytest.raises(InstrumentError, match="the source did not play stage A of order 1"):
        sags(device)


def frequency(device: RidingDevice, abnormal: str = "III") -> list[Finding]:
    rig = rig_for(device, abnormal)
    rides = ((ASKED.low_frequency, "low"), (ASKED.high_frequency, "high"))
    return list(chain.from_iterable(ride_through_frequency(rig, FIGURES, *ride) for ride in rides))


@pytest.mark.parametrize("abnormal", CATEGORIES)
def test_an_ideal_device_rides_through_frequencies(abnormal: str) -> None:
    device = RidingDevice(IDEAL)
    assert (
        verdict([*frequency(device, abnormal), *ride_through_rate(rig_for(device, abnormal), FIGURES)]) is Verdict.PASS
    )


@pytest.mark.parametrize(
    ("trips_beyond_hz", "expected"),
    [
        ((57.0, 61.8), Verdict.PASS),
        ((57.1, 66.0), Verdict.FAIL),
        ((50.0, 61.7), Verdict.FAIL),
        ((58.9, 66.0), Verdict.FAIL),
    ],
)
def test_one_that_trips_by_frequency_is_found_out(trips_beyond_hz: tuple[float, float], expected: Verdict) -> None:
    assert verdict(frequency(ideal_but(trips_beyond_hz=trips_beyond_hz))) is expected


@pytest.mark.parametrize(("abnormal", "rate_hz_per_s"), [("I", 0.5), ("II", 2.0), ("III", 3.0)])
def test_frequency_moves_at_the_rate_of_the_category(abnormal: str, rate_hz_per_s: float) -> None:
    device = RidingDevice(IDEAL)
    assert verdict(list(ride_through_rate(rig_for(device, abnormal), FIGURES))) is Verdict.PASS
    steps = [abs(b - a) for a, b in zip(device.told, device.told[1:], strict=False) if b != a]
    assert max(steps) == pytest.approx(rate_hz_per_s * 0.02, rel=0.02), "a step every 20 ms"
    assert (min(device.told), max(device.told)) == (58.8, 61.2), "the ends of continuous operation"


@pytest.mark.parametrize(
    ("trips_at_deg", "expected"), [(61.0, Verdict.PASS), (59.0, Verdict.FAIL), (19.0, Verdict.FAIL)]
)
def test_angles_turn_by_what_has_to_be_stood(trips_at_deg: float, expected: Verdict) -> None:
    assert verdict(list(change_phase_angle(rig_for(ideal_but(trips_at_deg=trips_at_deg)), FIGURES))) is expected
