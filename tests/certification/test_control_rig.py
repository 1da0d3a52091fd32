"""The rig of a control: moments of closures between looks, apparatus of its own, a loop that it closes."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.controls.threshold import Probing, find_threshold
from bench.certification.criteria import Reading
from bench.certification.not_passed import NotPassed
from bench.clock import Slip
from instruments.errors import InstrumentError
from instruments.point_map import Point
from instruments.readings import SecondaryReading
from reports.verdict import Verdict
from tests.certification.synthetic_control import SyntheticControl, control_rig

BASE = {
    "band_centre": 120.0,
    "bandwidth": 2.0,
    "delay": 10.0,
    "inter_tap_delay": 5.0,
    "ldc_r": 0.0,
    "ldc_x": 0.0,
    "reduction_stage": 0,
}


def set_up(**wrong: float) -> tuple[SyntheticControl, ControlRig]:
    device = SyntheticControl(settings=dict(BASE), **wrong)
    return device, control_rig(device)


@pytest.mark.parametrize("every_s", [0.1, 0.25, 0.7, 3.0])
def test_a_closure_lies_between_the_looks_that_it_was_told_by(every_s: float) -> None:
    _, rig = set_up(late_s=0.33)
    rig.sense(118.0)
    closure = rig.await_closure(20.0, every_s)
    assert closure is not None
    assert closure.direction == 1
    assert closure.after_s <= 10.33 <= closure.by_s
    assert closure.by_s - closure.after_s <= every_s + 1e-9
    assert abs(closure.moment_s - 10.33) <= rig.uncertainty_s(closure)


@pytest.mark.parametrize(("bench_late_s", "verdict"), [(0.0, Verdict.FAIL), (3.0, Verdict.INCONCLUSIVE)])
def test_a_delay_that_is_wrong_by_less_than_the_bench_was_late_is_untold(bench_late_s: float, verdict: Verdict) -> None:
    _, rig = set_up(late_s=2.0)
    rig.clock.slip = Slip(tolerance_s=1.0)
    rig.sense(118.0)
    closure = rig.await_closure(20.0, 0.1)
    rig.clock.late_s = bench_late_s
    assert closure is not None
    delay = Reading(closure.moment_s, rig.uncertainty_s(closure))
    assert About(rig, "DELAY").time("delay", 10.0, 1.0, delay).verdict is verdict


def test_nothing_closes_within_the_time_and_no_time_is_lost() -> None:
    _, rig = set_up()
    rig.sense(120.0)
    assert rig.await_closure(7.3, 0.5) is None
    assert rig.clock.now_s == pytest.approx(7.3)


def test_the_mechanism_is_the_rigs_own_and_moves_its_motor_time_after_a_closure() -> None:
    device, rig = set_up()
    rig.sense(118.0)
    rig.hold(12.0, 0.25)
    assert (rig.position, device.position) == (0, 0)
    rig.hold(1.5, 0.25)
    assert (rig.position, device.position) == (1, 1), "and the contacts tell the control"
    assert len(rig.closures) == 1


def test_a_mechanism_is_placed_at_rest_and_the_control_is_told() -> None:
    device, rig = set_up()
    rig.place(-9)
    assert (rig.position, device.position) == (-9, -9)


def test_without_contacts_that_tell_it_the_position_it_is_not_placed() -> None:
    _, rig = set_up()
    rig.tells_position = False
    with pytest.raises(NotPassed, match="cannot be put to 3") as found:
        rig.place(3)
    assert found.value.verdict is Verdict.NOT_RUN


def test_with_the_loop_closed_each_tap_moves_what_is_sensed() -> None:
    _, rig = set_up()
    rig.regulate(118.0)
    rig.hold(40.0, 0.25)
    assert rig.position == 2, "118 V is a volt below the band, and a tap is 0.74 V"
    assert rig.sensed.voltage_v == pytest.approx(118.0 * (1.0 + 2 * 0.00625))


def test_a_source_that_does_something_else_is_no_finding_about_the_control() -> None:
    _, rig = set_up(source_gain=1.01)
    with pytest.raises(InstrumentError, match=r"source measures at its output V 121\.2 and not 120"):
        rig.sense(120.0)


def test_a_source_that_measures_nothing_is_not_taken_for_what_it_was_told() -> None:
    device, rig = set_up()
    device.measure = lambda: SecondaryReading(math.nan, 0.0, 0.0, 0.0)  # type: ignore[method-assign]
    with pytest.raises(InstrumentError, match="source measures at its output V nan and not 120"):
        rig.sense(120.0)


def test_a_source_whose_current_is_turned_round_is_no_finding_about_the_control() -> None:
    device, rig = set_up()
    rig.sense(120.0, 2.0, 180.0)
    rig.sense(120.0, 2.0, -180.0)
    turned = SecondaryReading(120.0, 2.0, -240.0, 0.0)
    device.measure = lambda: turned  # type: ignore[method-assign]
    with pytest.raises(InstrumentError, match=r"source measures at its output deg -?180 and not 0"):
        rig.sense(120.0, 2.0, 0.0)


@pytest.mark.parametrize(
    ("point", "value", "told"),
    [
        (None, 1.0, "has no setting delay"),
        (Point(address=0, type="u16", access="rw", limits=(5, 180)), 1.0, "goes from 5 to 180: 1 cannot be set"),
        (Point(address=0, type="enum", access="rw", labels={"a": 0}), "b", "knows no delay 'b'"),
    ],
)
def test_what_a_control_cannot_be_set_to_is_not_run(point: Point | None, value: float | str, told: str) -> None:
    device, rig = set_up()
    device.find_setting = lambda _name: point  # type: ignore[method-assign,assignment,return-value]
    with pytest.raises(NotPassed, match=told) as found:
        rig.write("delay", value)
    assert found.value.verdict is Verdict.NOT_RUN


@settings(max_examples=20)
@given(level=st.floats(118.1, 119.9), share=st.sampled_from([0.0, 0.001]))
def test_a_threshold_is_found_within_what_is_said_to_be_known_of_it(level: float, share: float) -> None:
    device = SyntheticControl(settings=dict(BASE), lower_off_v=level - 119.0)
    rig = control_rig(device, share)

    def apply(voltage_v: float) -> Reading:
        sensed = rig.sense(voltage_v)
        return Reading(sensed.voltage_v, share * sensed.voltage_v)

    probing = Probing(lambda: rig.sense(120.0), 0.5, 11.0, 6.0, 0.5, 0.05)
    found = find_threshold(rig, apply, 120.0, 118.0, 1, probing)
    assert abs(found.level.value - level) <= found.level.uncertainty + 1e-9
    assert found.level.uncertainty <= 0.025 + 120.0 * share + 1e-9
    assert (found.wrong, found.beyond) == (0, "")


@pytest.mark.parametrize(
    ("off_v", "level", "told"), [(2.0, 120.0, "acts already at 120"), (-3.0, 118.0, "does not act even at 118")]
)
def test_a_threshold_that_is_not_between_is_told_with_the_end_that_it_is_beyond(
    off_v: float, level: float, told: str
) -> None:
    device = SyntheticControl(settings=dict(BASE), lower_off_v=off_v)
    rig = control_rig(device)
    probing = Probing(lambda: rig.sense(123.0), 0.5, 11.0, 6.0, 0.5, 0.05)
    device.upper_off_v = math.inf
    found = find_threshold(rig, lambda v: Reading(rig.sense(v).voltage_v), 120.0, 118.0, 1, probing)
    assert (found.level.value, found.beyond) == (level, told)


def test_settings_are_put_back_as_they_were_found_whatever_order_they_fit_together_in() -> None:
    device, rig = set_up()
    write, refusals = device.write_setting, []

    def fitting(name: str, value: float) -> None:
        """Refuse a delay that is not longer than the inter-tap delay."""
        wanted = device.settings | {name: value}
        if wanted["delay"] <= wanted["inter_tap_delay"]:
            refusals.append(name)
            raise InstrumentError("illegal function")
        write(name, value)

    device.write_setting = fitting  # type: ignore[method-assign,assignment]
    rig.write("band_centre", 122.0)
    rig.write("delay", 5.5)
    rig.write("inter_tap_delay", 3.0)
    rig.write("delay", 4.0)
    rig.put_back()
    assert device.settings == BASE
    assert refusals == ["inter_tap_delay"], "it was tried again when the delay was back"


def test_a_setting_that_does_not_come_back_is_told() -> None:
    device, rig = set_up()
    rig.write("bandwidth", 3.0)

    def refuse(_name: str, _value: float) -> None:
        raise InstrumentError("the control is in local")

    device.write_setting = refuse  # type: ignore[method-assign,assignment]
    with pytest.raises(InstrumentError, match="settings of ltc are not as they were found: bandwidth: the control is"):
        rig.put_back()
