"""The oracle of reactive power against worked values, at its limits, and on devices that answer in closed form."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rigs import rig_around

from bench.certification.criteria import Accuracy, Criterion, Reading, steady_state, within_response_time
from bench.certification.curves import Curve
from bench.certification.figures import load_figures
from bench.certification.findings import Finding
from bench.certification.procedures.reactive_commands import held_vars, power_factor_curve
from bench.certification.rig import InstrumentClass
from bench.certification.type_test import NotPassed, TypeTest
from bench.measurement import judge
from instruments.errors import ConfigError
from instruments.readings import AcMeasurement, Nameplate, VoltVarCurve
from reports.verdict import Verdict
from tests.certification.first_order import first_order

FIGURES = load_figures()
ACCURACY = Accuracy(x=0.0, y=0.075)
CAPABILITY = FIGURES.constant_reactive_power.capability.curve
PHASE_V, RATING_VA = 120.0, 10e3
RATED = {"A": (0.44, 0.25), "B": (0.44, 0.44)}
FACTORS = [setting.name for setting in FIGURES.constant_power_factor.settings]
SHARES = [setting.name for setting in FIGURES.constant_reactive_power.settings]
LIMIT = 0.075
LONGEST_S = 10.0
TURN = complex(-0.5, math.sqrt(3.0) / 2.0)
"""A third of a turn ahead."""


def verdict(criterion: Criterion, response: float) -> Verdict:
    return judge(response, criterion.uncertainty, criterion.limits)


@dataclass
class Device:
    """A first-order device with its source and analyzer in one; powers and voltages per unit, its defects as fields.

    `looks_at` says which voltage its volt-var sees: the mean of its phases, its first phase, or the positive sequence.
    While it absorbs active power, its vars are `absorbing` times what they should be.
    """

    response_s: float = LONGEST_S
    offset: float = 0.0
    trips: bool = False
    looks_at: str = "mean"
    follows: float = 1.0
    v: tuple[complex, ...] = (1.0, TURN.conjugate(), TURN)
    p: float = 1.0
    q: float = 0.0
    slope: float | None = None
    asked: float = 0.0
    curve: VoltVarCurve | None = None
    reference: float = 1.0
    absorbing: float = 1.0
    log: list[str] = field(default_factory=list)

    def set_power_factor(self, power_factor: float, injects: bool) -> None:
        self.slope = math.tan(math.acos(power_factor)) * (1.0 if injects else -1.0)

    def set_reactive_power(self, share_pu: float) -> None:
        self.asked = share_pu

    def disable_reactive_commands(self) -> None:
        self.slope, self.asked = None, 0.0
        self.log.append("off")

    def unmapped(self, *_names: str) -> list[str]:
        return []

    def disable_functions(self) -> None:
        self.disable_reactive_commands()
        self.curve = None

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        self.curve, self.reference = curve, curve.reference_pu

    def set_watt_var(self, _characteristic: object) -> None:
        self.log.append("watt-var")

    def offer(self, level_pu: float) -> None:
        self.p = level_pu

    def absorb(self, share_pu: float) -> None:
        self.p = -share_pu

    def set_voltage(self, volts: Sequence[float], _hz: float, angle_deg: Sequence[float] | None = None) -> None:
        angles = angle_deg or (0.0, -120.0, 120.0)
        polar = zip(volts, angles, strict=False)
        self.v = tuple(v / PHASE_V * complex(math.cos(math.radians(a)), math.sin(math.radians(a))) for v, a in polar)

    def advance(self, dt_s: float) -> None:
        if self.curve and self.curve.autonomous_s:
            left = math.exp(-dt_s / (self.curve.autonomous_s * self.follows)) if self.follows else 1.0
            self.reference = self._seen() + (self.reference - self._seen()) * left
        response_s = self.curve.response_s if self.curve else self.response_s
        self.q = first_order(self.q, self._wanted(), dt_s, response_s)

    def measure(self) -> AcMeasurement:
        watts = 0.0 if self.trips else self._delivered() * RATING_VA / 3.0
        reactive = 0.0 if self.trips else (self.q + self.offset) * RATING_VA / 3.0
        volts = tuple(abs(v) * PHASE_V for v in self.v)
        return AcMeasurement(volts, (0.0,) * 3, (watts,) * 3, (reactive,) * 3, 60.0)

    def _seen(self) -> float:
        if self.looks_at == "positive sequence":
            return abs(sum(v * TURN**n for n, v in enumerate(self.v))) / 3.0
        return abs(self.v[0]) if self.looks_at == "first" else sum(map(abs, self.v)) / len(self.v)

    def _delivered(self) -> float:
        factor = 1.0 if self.slope is None else 1.0 / math.hypot(1.0, self.slope)
        most = min(abs(self.p), factor, math.sqrt(1.0 - self.asked**2))
        return math.copysign(most, self.p)

    def _wanted(self) -> float:
        if self.curve:
            moved = self.reference - self.curve.reference_pu
            return Curve(self.curve.v_pu, self.curve.q_pu).at(self._seen() - moved)
        share = self.absorbing if self.p < 0.0 else 1.0
        return share * (self.asked if self.slope is None else self.slope * abs(self._delivered()))


def type_test(
    device: Device, category: str = "B", uncertainty: float = 0.0, phases: int = 3, charge_pu: float = 0.0
) -> TypeTest:
    injected_var, absorbed_var = (share * RATING_VA for share in RATED[category])
    charge_w, v_nom_v = charge_pu * RATING_VA, PHASE_V * math.sqrt(3)
    nameplate = Nameplate(RATING_VA, RATING_VA, injected_var, absorbed_var, charge_w, v_nom_v, category, "III")
    instrument = InstrumentClass(uncertainty, uncertainty)
    rig = rig_around(device, nameplate, instrument, phases, supply=device.offer, absorb=device.absorb)
    return TypeTest(rig, FIGURES, lambda _: None)


def failed(test: TypeTest) -> list[Finding]:
    assert test.findings, "a type test that judges nothing proves nothing"
    return [finding for finding in test.findings if finding.verdict is not Verdict.PASS]


def worst_of(test: TypeTest) -> Verdict:
    try:
        test.require_all()
    except NotPassed as found:
        return found.verdict
    return Verdict.PASS


@pytest.mark.parametrize(("factor", "vars_pu"), [(0.90, 0.484), (0.95, 0.329), (0.97, 0.251), (0.98, 0.203)])
def test_worked_vars_of_power_factors(factor: float, vars_pu: float) -> None:
    injecting, absorbing = power_factor_curve(factor, True), power_factor_curve(factor, False)
    assert injecting.at(1.0) == pytest.approx(vars_pu, abs=5e-4)
    assert injecting.at(0.05) == pytest.approx(0.05 * vars_pu, abs=5e-5)
    assert absorbing.at(1.0) == pytest.approx(-injecting.at(1.0))
    assert injecting.at(-0.5) == pytest.approx(-injecting.at(0.5)), (
        "vars change their sign with active power, as Q = P tan does"
    )


@pytest.mark.parametrize(
    ("p_pu", "asked", "lower", "upper"),
    [
        (1.0, 0.44, 0.365, 0.515),
        (0.2, 0.44, 0.365, 0.515),
        (0.05, 0.44, 0.035, 0.515),
        (0.05, 0.22, 0.035, 0.295),
        (0.125, 0.44, 0.20, 0.515),
        (0.05, -0.44, -0.515, -0.035),
    ],
)
def test_worked_bands_of_commanded_vars(p_pu: float, asked: float, lower: float, upper: float) -> None:
    """At 5 % of rated power a quarter of rated vars has to be there, at 12.5 % five eighths, at 20 % all of them."""
    found = steady_state(held_vars(asked, 0.44, CAPABILITY), Reading(p_pu), Reading(asked), ACCURACY)
    assert found.target == asked, "the raw error is that against the command"
    assert (found.limits.lower, found.limits.upper) == (pytest.approx(lower), pytest.approx(upper))


FULL = Curve((0.0,), (0.4,))
FINE = Accuracy(x=0.0, y=0.04)


@pytest.mark.parametrize(("side", "limit"), [("lower", 0.32), ("upper", 0.44)])
@pytest.mark.parametrize(("inwards", "expected"), [(0.0, Verdict.PASS), (1e-6, Verdict.PASS), (-1e-6, Verdict.FAIL)])
def test_a_response_may_be_there_already_but_not_later(
    side: str, limit: float, inwards: float, expected: Verdict
) -> None:
    """From 0 to 0.4 with an accuracy of 0.04: from 90 % of it less the accuracy up to all of it and the accuracy."""
    found = within_response_time(FULL, Reading(0.0), Reading(1.0), Reading(0.4), FINE)
    at = getattr(found.limits, side)
    assert at == pytest.approx(limit)
    response = at + (inwards if side == "lower" else -inwards)
    assert (
        verdict(within_response_time(FULL, Reading(0.0), Reading(1.0), Reading(response), FINE), response) is expected
    )


def test_where_the_instruments_decide_the_time_of_a_response_cannot_be_told() -> None:
    for response, expected in ((0.325, Verdict.INCONCLUSIVE), (0.33, Verdict.PASS), (0.31, Verdict.FAIL)):
        found = within_response_time(FULL, Reading(0.0), Reading(1.0), Reading(response, 0.007), FINE)
        assert verdict(found, response) is expected


@pytest.mark.parametrize(
    ("slowness", "expected"), [(0.1, Verdict.PASS), (1.0, Verdict.PASS), (1.25, Verdict.FAIL), (6.0, Verdict.FAIL)]
)
def test_the_longest_response_time_is_told_where_the_accuracy_is_fine(slowness: float, expected: Verdict) -> None:
    """After 10 s, 1.25 times as slow is 84 % of the way: told with an accuracy of 2 % of the step."""
    fine = Accuracy(0.0, 0.008)
    reached = first_order(0.0, 0.4, elapsed_s=LONGEST_S, response_s=LONGEST_S * slowness)
    found = within_response_time(FULL, Reading(0.0), Reading(1.0), Reading(reached), fine)
    assert verdict(found, reached) is expected


@given(before=st.floats(-0.5, 0.5), wanted=st.floats(-0.5, 0.5), share=st.floats(0.9, 1.0))
def test_whatever_is_between_ninety_percent_and_all_of_the_way_passes(
    before: float, wanted: float, share: float
) -> None:
    response = before + share * (wanted - before)
    curve, fine = Curve((0.0,), (wanted,)), Accuracy(0.0, 1e-9)
    assert verdict(within_response_time(curve, Reading(before), Reading(1.0), Reading(response), fine), response) is (
        Verdict.PASS
    )


@pytest.mark.parametrize("category", ["A", "B"])
@pytest.mark.parametrize("setting", FACTORS)
def test_a_device_that_takes_the_longest_time_keeps_every_power_factor(setting: str, category: str) -> None:
    test = type_test(Device(), category)
    test.hold_power_factor(setting)
    assert not failed(test)
    resting = [
        f.criterion.error(f.response) for f in test.findings if f.what.endswith("at rest") and "beside" not in f.what
    ]
    assert max(map(abs, resting)) < 0.01, "the raw error of an ideal device is small, in a wide band"


@pytest.mark.parametrize("category", ["A", "B"])
@pytest.mark.parametrize("setting", SHARES)
def test_a_device_that_takes_the_longest_time_keeps_commanded_vars(setting: str, category: str) -> None:
    test = type_test(Device(), category)
    test.hold_reactive_power(setting)
    assert not failed(test)


BOTH = [(FACTORS[0], "hold_power_factor"), (SHARES[0], "hold_reactive_power")]
ABSORBING = ", absorbing active power"


@pytest.mark.parametrize(("name", "method"), [*BOTH, (FACTORS[1], BOTH[0][1]), (SHARES[1], BOTH[1][1])])
@pytest.mark.parametrize("category", ["A", "B"])
@pytest.mark.parametrize("charge_pu", [0.6, 1.0])
def test_storage_is_taken_through_it_while_it_absorbs_too(
    name: str, method: str, category: str, charge_pu: float
) -> None:
    test = type_test(Device(), category, charge_pu=charge_pu)
    getattr(test, method)(name)
    assert not failed(test)
    absorbing = [finding for finding in test.findings if ABSORBING in finding.what]
    assert len(absorbing) == len(test.findings) / 2
    least = min(f.stimulus.value for f in absorbing if f.stimulus_unit)
    assert least == pytest.approx(-min(charge_pu, FIGURES.constant_power_factor.named(FACTORS[0]).B), abs=0.11)


@pytest.mark.parametrize(("name", "method"), BOTH)
@pytest.mark.parametrize("share", [-1.0, 0.0, 0.5])
def test_wrong_vars_while_it_absorbs_fail_there_alone(name: str, method: str, share: float) -> None:
    test = type_test(Device(absorbing=share), charge_pu=1.0)
    getattr(test, method)(name)
    found = failed(test)
    assert found
    assert all(ABSORBING in finding.what for finding in found)


@pytest.mark.parametrize(("name", "method"), BOTH)
def test_equipment_that_cannot_absorb_is_not_asked_to(name: str, method: str) -> None:
    test = type_test(Device(absorbing=-1.0))
    getattr(test, method)(name)
    assert not failed(test), "it is no less certified for what does not apply to it"
    assert not any(ABSORBING in finding.what for finding in test.findings)


def test_one_that_delivers_while_it_should_absorb_fails() -> None:
    class Stubborn(Device):
        def absorb(self, share_pu: float) -> None:
            self.p = 0.0 * share_pu

    test = type_test(Stubborn(), charge_pu=1.0)
    test.hold_power_factor(FACTORS[0])
    assert [finding.what.split(",")[0] for finding in failed(test)] == ["active power beside reactive power"]


@pytest.mark.parametrize(("name", "method"), BOTH)
@pytest.mark.parametrize(
    ("offset", "uncertainty", "expected"),
    [
        (LIMIT - 0.003, 0.0, Verdict.PASS),
        (LIMIT + 0.003, 0.0, Verdict.FAIL),
        (-LIMIT - 0.003, 0.0, Verdict.FAIL),
        (LIMIT - 0.003, 0.0035, Verdict.INCONCLUSIVE),
    ],
)
def test_vars_beside_what_was_commanded_are_told_at_the_limit(
    name: str, method: str, offset: float, uncertainty: float, expected: Verdict
) -> None:
    """Of commanded vars the band is 0.075 wide, of a power factor wider by what the accuracy of power moves it."""
    wider = power_factor_curve(0.9, True).at(LIMIT) if method == "hold_power_factor" else 0.0
    test = type_test(Device(offset=offset + math.copysign(wider, offset)), uncertainty=uncertainty)
    getattr(test, method)(name)
    test.findings = [f for f in test.findings if "step 3" in f.what and f.what.endswith("at rest")]
    assert len(test.findings) == 1
    assert worst_of(test) is expected


@pytest.mark.parametrize(("name", "method"), [(FACTORS[0], "hold_power_factor"), (SHARES[0], "hold_reactive_power")])
def test_a_device_that_is_much_too_slow_fails_after_the_response_time(name: str, method: str) -> None:
    test = type_test(Device(response_s=2.5 * LONGEST_S))
    getattr(test, method)(name)
    assert any(f.what.endswith("after 10 s") and f.verdict is Verdict.FAIL for f in test.findings)


def test_a_device_that_has_tripped_does_not_pass_for_one_that_keeps_its_power_factor() -> None:
    test = type_test(Device(trips=True))
    test.hold_power_factor(FACTORS[0])
    assert [f.what for f in failed(test)] == ["active power beside reactive power, power factor 0.9 injecting, at rest"]
    assert worst_of(test) is Verdict.FAIL


@pytest.mark.parametrize(("name", "method"), [(FACTORS[0], "hold_power_factor"), (SHARES[0], "hold_reactive_power")])
def test_each_test_ends_with_the_mode_switched_off_and_the_grid_balanced(name: str, method: str) -> None:
    device = Device()
    test = type_test(device)
    getattr(test, method)(name)
    assert device.log == ["off"]
    assert [abs(v) for v in device.v] == pytest.approx([1.0] * 3)
    assert test.findings[-1].what.endswith("switched off: at rest")
    assert abs(test.findings[-1].response.value) < 0.01


@pytest.mark.parametrize("category", ["A", "B"])
@pytest.mark.parametrize("looks_at", ["mean", "positive sequence", "first"])
def test_unbalance_is_answered_by_all_phases(category: str, looks_at: str) -> None:
    """Mean and positive sequence may both be what a maker states; one phase alone may not."""
    test = type_test(Device(looks_at=looks_at), category)
    test.follow("volt-var", "1")
    test.offer(100.0)
    test.unbalance()
    assert len(test.findings) == 10, "balanced, four steps with two findings each, and that it delivered"
    assert worst_of(test) is (Verdict.FAIL if looks_at == "first" else Verdict.PASS)


@pytest.mark.parametrize(("function", "curve"), [("volt-var", "1"), ("watt-var", "1")])
def test_a_device_that_trips_on_the_way_does_not_pass_for_one_that_has_no_vars_to_give(
    function: str, curve: str
) -> None:
    test = type_test(Device(trips=True), "A")
    test.follow(function, curve)
    test.offer(100.0)
    test.step_through()
    assert failed(test)[-1].what.endswith("least of all the time")
    with pytest.raises(NotPassed) as found:
        test.require_service()
    assert found.value.verdict is Verdict.FAIL


def test_a_device_that_trips_of_unbalance_does_not_pass() -> None:
    test = type_test(Device(trips=True), "A")
    test.follow("volt-var", "1")
    test.offer(100.0)
    test.unbalance()
    assert [f.what.rpartition(", ")[2] for f in failed(test)] == ["least of all the time"], (
        "its vars are in their bands"
    )


def test_what_has_not_three_phases_cannot_be_unbalanced() -> None:
    test = type_test(Device(v=(1.0,)), phases=1)
    test.follow("volt-var", "1")
    with pytest.raises(NotPassed, match="three phases") as found:
        test.unbalance()
    assert found.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize("category", ["A", "B"])
@pytest.mark.parametrize("time_constant_s", [300.0, 5000.0])
def test_a_reference_that_follows_with_its_time_constant_passes(category: str, time_constant_s: float) -> None:
    test = type_test(Device(), category)
    test.follow_voltage(time_constant_s)
    assert not failed(test)
    assert len(test.findings) == 4


@pytest.mark.parametrize(("times", "expected"), [(1.7, Verdict.PASS), (1.85, Verdict.FAIL), (0.0, Verdict.FAIL)])
def test_a_reference_that_follows_too_slowly_leaves_too_many_vars(times: float, expected: Verdict) -> None:
    """All of the corner's vars after the step down; 4 / 1.85 of its own time constants later 11 % of them are left."""
    test = type_test(Device(follows=times), "A")
    test.follow_voltage(300.0)
    assert test.findings[-1].what.endswith("once its reference has followed")
    assert test.findings[-1].verdict is worst_of(test) is expected


def test_a_device_without_vars_does_not_pass_for_one_whose_reference_follows() -> None:
    test = type_test(Device(trips=True))
    test.follow_voltage(300.0)
    assert [f.what.rpartition(": ")[2] for f in failed(test)] == ["as its curve says"] * 2


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda test: test.hold_power_factor("least"), "no setting 'least'; known: least injecting"),
        (lambda test: test.hold_reactive_power("none"), "no setting 'none'; known: all injecting"),
        (lambda test: test.follow_voltage(299.0), "not tested with a time constant of 299 s"),
    ],
)
def test_what_the_suite_does_not_have_is_refused_by_name(call: Callable[[TypeTest], None], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        call(type_test(Device()))


@pytest.mark.parametrize("method", ["hold_power_factor", "hold_reactive_power"])
def test_a_device_that_states_no_rated_vars_is_not_run(method: str) -> None:
    test = type_test(Device())
    test.rig.nameplate = replace(test.rig.nameplate, q_max_absorbed_var=0.0)
    with pytest.raises(NotPassed, match="no rated vars") as found:
        getattr(test, method)("least injecting" if "factor" in method else "all injecting")
    assert found.value.verdict is Verdict.NOT_RUN
