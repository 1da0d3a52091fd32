"""The capacitor suite against a control that is a formula: at its limits, just inside, just outside, and unknown."""

from collections.abc import Iterable

import pytest
from capacitor_rigs import EXACT, FIGURES, emulated_stand
from synthetic_capacitor import Flaw, SyntheticControl, stand_around

from bench.certification.capacitor import protections, supervision, thresholds, times
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.measurement import Limits
from reports.verdict import Verdict, worst

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
STEP_V = FIGURES.accuracy.voltage_v.value / FIGURES.search.steps
"""A threshold is known within a step: 0.15 V, so half of that is its uncertainty."""
LOOK_S = FIGURES.patience.fine_s


def named(findings: Iterable[Finding], text: str) -> Finding:
    found = [finding for finding in findings if text in finding.what]
    assert len(found) == 1, [finding.what for finding in found]
    return found[0]


def test_the_figures_are_those_that_the_vectors_here_are_worked_out_for() -> None:
    accuracy = FIGURES.accuracy
    assert (accuracy.voltage_v.value, STEP_V, LOOK_S) == pytest.approx((0.6, 0.15, 0.5))
    assert accuracy.of_delay_s(20.0) == pytest.approx(1.0)
    assert accuracy.of_delay_s(30.0) == pytest.approx(1.5)
    assert (FIGURES.discharge_s.value, accuracy.discharge_s.value) == (300.0, 3.0)


@pytest.mark.parametrize("name", ["close_below", "open_above"])
@pytest.mark.parametrize(
    ("off_v", "verdict"),
    [
        (0.0, PASS),
        (0.4, PASS),  # found between steps 0.30 and 0.45 beyond
        (-0.4, PASS),
        (0.5, PASS),  # between 0.45 and 0.60: the farther end is the limit itself
        (0.62, INCONCLUSIVE),  # between 0.60 and 0.75: the limit is one of the ends
        (0.8, FAIL),
        (-0.8, FAIL),
        (1.7, FAIL),
        (5.0, FAIL),  # beyond the last step
    ],
)
def test_a_threshold_at_just_inside_and_just_outside_of_its_limit(name: str, off_v: float, verdict: Verdict) -> None:
    control = SyntheticControl(Flaw(threshold_v=off_v))
    found = list(thresholds.voltage_mode(stand_around(control, "VLT-1")))
    level = next(finding for finding in found if name in finding.what and finding.unit == "V")
    assert level.verdict is verdict, level.worded
    if off_v < 1.8:
        outwards = -1.0 if name == "close_below" else 1.0
        true_v = FIGURES.settings[name] + outwards * off_v
        assert abs(level.response.value - true_v) <= level.response.uncertainty + 1e-9, level.worded


def test_a_source_that_is_known_too_badly_decides_nothing() -> None:
    found = list(thresholds.voltage_mode(stand_around(SyntheticControl(), "VLT-1", share=0.005)))
    levels = [finding for finding in found if finding.unit == "V"]
    assert [finding.verdict for finding in levels] == [INCONCLUSIVE] * 2
    assert all(finding.response.uncertainty > 0.58 for finding in levels), "0.5 % of 118 V, and half a step"


@pytest.mark.parametrize(
    ("off_s", "verdict"),
    [(0.0, PASS), (0.9, PASS), (1.0, PASS), (1.1, INCONCLUSIVE), (1.6, FAIL), (-0.5, PASS), (-1.6, FAIL)],
)
def test_a_delay_at_just_inside_and_just_outside_of_its_limit(off_s: float, verdict: Verdict) -> None:
    found = list(times.delays(stand_around(SyntheticControl(Flaw(delay_s=off_s)), "DLY-1")))
    delay = named(found, "delay to close after")
    assert delay.verdict is verdict, delay.worded
    assert abs(delay.response.value - (20.0 + off_s)) <= LOOK_S / 2.0 + 1e-9


@pytest.mark.parametrize(
    ("off_s", "verdict"), [(0.0, PASS), (-2.0, PASS), (-8.0, FAIL), (-60.0, FAIL), (20.0, PASS), (60.0, FAIL)]
)
def test_a_discharge_time_against_its_limits(off_s: float, verdict: Verdict) -> None:
    control = SyntheticControl(Flaw(discharge_s=off_s))
    (closed,) = protections.no_close_by_mode(stand_around(control, "DIS-1"))
    assert closed.verdict is verdict, closed.worded


def test_a_discharge_time_that_begins_with_the_pulse_is_long_enough_and_one_of_less_is_not() -> None:
    sound, short = (list(_attempted(off_s)) for off_s in (0.0, -60.0))
    assert {finding.verdict for finding in sound} == {PASS}
    assert named(short, "270 s after opening: refusals").verdict is FAIL
    assert named(short, "60 s after opening: refusals").verdict is PASS


def _attempted(off_s: float) -> Iterable[Finding]:
    return protections.no_close_by_scada(stand_around(SyntheticControl(Flaw(discharge_s=off_s)), "DIS-1"))


@pytest.mark.parametrize("flaw", [Flaw(wrong_contact=True), Flaw(twice=True), Flaw(deaf=True)], ids=str)
def test_contacts_that_close_wrongly_twice_or_never_fail(flaw: Flaw) -> None:
    found = list(thresholds.voltage_mode(stand_around(SyntheticControl(flaw), "VLT-1")))
    counted = [finding for finding in found if finding.unit == "closures" and "to close" in finding.what]
    assert worst(finding.verdict for finding in counted) is FAIL


def test_a_time_is_told_of_nothing_but_the_contact_that_was_to_close() -> None:
    wrong = list(times.delays(stand_around(SyntheticControl(Flaw(wrong_contact=True)), "DLY-1")))
    instead = named(wrong, "delay to close: the open contact instead, after 19.75 s")
    assert (instead.unit, instead.response.value, instead.criterion.limits) == (
        "closures",
        1.0,
        Limits.around(0.0, 0.0),
    )
    assert instead.verdict is FAIL, instead.worded
    assert not [finding.what for finding in wrong if finding.unit == "s" and "to close" in finding.what], "no such time"


def test_what_does_not_come_is_told_with_the_time_that_was_waited_for_it() -> None:
    found = list(times.delays(stand := stand_around(SyntheticControl(Flaw(deaf=True)), "DLY-1")))
    waited = named(found, "delay to close did not come, within")
    case = stand.figures.delays
    assert waited.response.value == pytest.approx(stand.figures.patience.delays * case.close_s), "as long as it waited"
    assert waited.verdict is FAIL, waited.worded


@pytest.mark.parametrize(("told_v", "verdict"), [(0.6, PASS), (0.55, PASS), (-0.61, FAIL), (1.0, FAIL)])
def test_a_reading_at_just_inside_and_just_outside_of_its_limit(told_v: float, verdict: Verdict) -> None:
    exact = list(supervision.readings(stand_around(SyntheticControl(Flaw(told_v=told_v)), "SEN-1")))
    assert worst(f.verdict for f in exact) is verdict
    assert not [finding for finding in exact if "vars" in finding.what], "it says nothing of vars"


def test_a_reading_near_its_limit_is_inconclusive_where_the_source_is_no_better() -> None:
    found = supervision.readings(stand_around(SyntheticControl(Flaw(told_v=0.55)), "SEN-1", share=0.0005))
    assert named(found, "voltage in state 1").verdict is INCONCLUSIVE


SENSED = {
    "temperature_c": (thresholds.temperature_mode, "degC", FIGURES.accuracy.temperature_c.value),
    "neutral_current_a": (
        protections.neutral_current,
        "A",
        FIGURES.accuracy.neutral_current_pu.value * FIGURES.settings["neutral_limit"],
    ),
}
"""What a sensor is given without a source: who steps it, its unit, and by how much the threshold may be off."""


@pytest.mark.parametrize("sensor", SENSED)
@pytest.mark.parametrize(("share", "verdict"), [(0.0, PASS), (0.5, PASS), (0.95, INCONCLUSIVE), (2.0, INCONCLUSIVE)])
def test_a_threshold_is_known_no_better_than_what_the_sensor_was_given(
    sensor: str, share: float, verdict: Verdict
) -> None:
    procedure, unit, allowed = SENSED[sensor]
    with emulated_stand("TMP-1", sensors=EXACT | {sensor: share * allowed}) as stand:
        found = [finding for finding in procedure(stand) if finding.unit == unit]
    assert found
    assert {finding.verdict for finding in found if "threshold" in finding.what} == {verdict}, found
    assert all(finding.criterion.uncertainty >= share * allowed for finding in found), "also of what it tells"


@pytest.mark.parametrize("sensor", SENSED)
def test_a_sensor_of_which_nobody_says_how_exactly_it_is_set_is_not_judged(sensor: str) -> None:
    procedure = SENSED[sensor][0]
    with emulated_stand("TMP-1", sensors={}) as stand, pytest.raises(NotPassed, match=sensor) as found:
        list(procedure(stand))
    assert found.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("missing", "procedure"),
    [
        ("open_delay", times.delays),
        ("close_below", thresholds.voltage_mode),
        ("pt_ratio", lambda stand: thresholds.var_mode(stand, 90.0)),
        ("set_clock", times.whole_day),
        ("weekdays", times.schedule_in_a_day),
        ("neutral_lockout", protections.neutral_current),
        ("daily_limit", protections.daily_limit),
    ],
)
def test_a_control_that_lacks_what_a_clause_needs_is_not_run(missing: str, procedure: object) -> None:
    stand = stand_around(SyntheticControl(missing=frozenset({missing})), "a clause")
    with pytest.raises(NotPassed, match=missing) as found:
        list(procedure(stand))  # type: ignore[operator]
    assert found.value.verdict is Verdict.NOT_RUN


def test_one_that_lacks_what_a_clause_does_not_need_is_judged_by_it() -> None:
    control = SyntheticControl(missing=frozenset({"neutral_limit", "override_delay", "weekdays", "ct_ratio"}))
    assert worst(f.verdict for f in thresholds.voltage_mode(stand_around(control, "VLT-1"))) is PASS


def test_a_clock_that_was_set_shows_the_right_time_again_however_its_procedure_ends() -> None:
    control = SyntheticControl(missing=frozenset({"weekdays"}))
    control.set_clock(100_000.0)
    with pytest.raises(NotPassed):
        list(times.schedule_over_midnight(stand_around(control, "TIM-1")))
    assert control.read_clock() == pytest.approx(100_000.0 + control.now_s)
    assert control.now_s < 1.0, "nothing was waited for"
    stand = stand_around(SyntheticControl(), "TIM-1")
    with stand.borrowed_clock():
        stand.control.set_clock(7.0)
        stand.rig.hold(1000.0, 100.0)
    assert stand.control.read_clock() == pytest.approx(1000.0)
