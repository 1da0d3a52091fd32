"""Batteries that are formulas, just inside and just outside of each limit of the suite; uncertainty that decides."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from synthetic_battery import EXACT, FIGURES, QUARTER_PCT, STATED, Nature, SyntheticBattery, storage_rig

from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.rig import InstrumentClass
from bench.certification.storage.charge import state_of_charge
from bench.certification.storage.cycle import round_trip, standby
from bench.certification.storage.ends import at_empty, at_full, reserve
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.levels import quadrants, symmetry, tracking
from bench.certification.storage.rig import StorageRig
from bench.certification.storage.statement import Stated
from bench.certification.storage.steps import ramps, step_response
from instruments.errors import InstrumentError
from instruments.readings import ChargeStatus
from reports.verdict import Verdict, worst

Procedure = Callable[[StorageRig, StorageFigures], Iterator[Finding]]
PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
HALF_PCT = InstrumentClass(voltage_pu=0.005, power_pu=0.005)
LOSSLESS = replace(STATED, efficiency_pu=1.0)
LOSSY = Nature(in_pu=0.9)
PROCEDURES: dict[str, Procedure] = {
    "tracking": tracking,
    "ramp": ramps,
    "symmetry": symmetry,
    "charge": state_of_charge,
    "full": at_full,
    "empty": at_empty,
    "cycle": round_trip,
    "reserve": reserve,
    "quadrants": quadrants,
    "standby": standby,
}


def stepped(case: str) -> Procedure:
    return lambda on, figures: step_response(on, figures, figures.step.named(case))


STEPS = {case.name: stepped(case.name) for case in FIGURES.step.cases}


def found(
    procedure: Procedure, nature: Nature, instrument: InstrumentClass = EXACT, stated: Stated = STATED
) -> list[Finding]:
    return list(procedure(storage_rig(SyntheticBattery(nature), instrument, stated), FIGURES))


def verdict(findings: list[Finding]) -> Verdict:
    return worst(finding.verdict for finding in findings)


def told(findings: list[Finding]) -> str:
    return "\n".join(f"{finding.verdict} {finding.worded}" for finding in findings)


@pytest.mark.parametrize("name", [*PROCEDURES, *STEPS])
@pytest.mark.parametrize("instrument", [EXACT, QUARTER_PCT], ids=["exact", "a quarter per cent"])
def test_a_sound_battery_passes(name: str, instrument: InstrumentClass) -> None:
    findings = found((PROCEDURES | STEPS)[name], LOSSY, instrument)
    assert verdict(findings) is PASS, told(findings)


@pytest.mark.parametrize("name", ["charge", "cycle", "reserve", "standby", "full", "empty"])
def test_a_battery_that_is_worn_and_says_so_passes(name: str) -> None:
    findings = found(PROCEDURES[name], replace(LOSSY, health=0.7), QUARTER_PCT)
    assert verdict(findings) is PASS, told(findings)


@pytest.mark.parametrize(("dead_s", "wanted"), [(0.0, PASS), (0.98, PASS), (1.0, INCONCLUSIVE), (1.02, FAIL)])
@pytest.mark.parametrize("case", STEPS)
def test_it_has_to_respond_within_the_stated_time(case: str, dead_s: float, wanted: Verdict) -> None:
    # 200 looks in four times the second that is stated: every 20 ms, and known half as well
    findings = found(STEPS[case], Nature(dead_s=dead_s + 0.001))
    assert verdict(findings) is wanted, told(findings)
    broken = [finding.what for finding in findings if finding.verdict is not PASS]
    assert all(what.endswith("response time") for what in broken)


def test_where_nobody_states_a_response_time_the_suites_holds() -> None:
    silent = replace(STATED, response_s=float("nan"))
    limit_s = FIGURES.step.response_s.value
    assert verdict(found(STEPS["from rest to charging"], Nature(dead_s=0.95 * limit_s), stated=silent)) is PASS
    assert verdict(found(STEPS["from rest to charging"], Nature(dead_s=1.05 * limit_s), stated=silent)) is FAIL


@pytest.mark.parametrize(
    ("share", "instrument", "wanted"),
    [
        (0.951, EXACT, PASS),
        (0.949, EXACT, FAIL),
        (1.049, EXACT, PASS),
        (1.051, EXACT, FAIL),
        (0.952, QUARTER_PCT, INCONCLUSIVE),
        (0.947, QUARTER_PCT, FAIL),
    ],
)
@pytest.mark.parametrize("procedure", [tracking, STEPS["from charging to discharging"]], ids=["tracking", "step"])
def test_power_has_to_be_what_was_commanded(
    procedure: Procedure, share: float, instrument: InstrumentClass, wanted: Verdict
) -> None:
    findings = found(procedure, Nature(discharging=share), instrument)
    assert verdict(findings) is wanted, told(findings)


@pytest.mark.parametrize(("scale", "wanted"), [(0.91, PASS), (0.88, FAIL), (1.09, PASS), (1.12, FAIL)])
def test_a_ramp_rate_has_to_be_the_one_that_was_set(scale: float, wanted: Verdict) -> None:
    findings = found(ramps, Nature(ramp_scale=scale))
    assert verdict(findings) is wanted, told(findings)


@pytest.mark.parametrize(
    ("share", "instrument", "wanted"),
    [
        (0.981, EXACT, PASS),
        (0.979, EXACT, FAIL),
        (1.021, EXACT, FAIL),
        (0.984, QUARTER_PCT, INCONCLUSIVE),
        (0.990, QUARTER_PCT, PASS),
    ],
)
def test_charging_has_to_be_like_discharging(share: float, instrument: InstrumentClass, wanted: Verdict) -> None:
    findings = found(symmetry, Nature(charging=share), instrument)
    assert verdict(findings) is wanted, told(findings)


@pytest.mark.parametrize(
    ("gauge", "wanted"),
    # 25 % of capacity given: it may tell 25 % / 0.9 + 3 % less, and 22 % at the least; 22.5 % stored: 19.5 % at least
    [(1.0, PASS), (1.22, PASS), (1.24, FAIL), (0.89, PASS), (0.87, FAIL)],
)
def test_the_told_charge_has_to_move_as_energy_does(gauge: float, wanted: Verdict) -> None:
    findings = found(state_of_charge, replace(LOSSY, gauge=gauge))
    assert verdict(findings) is wanted, told(findings)


@pytest.mark.parametrize("nature", [Nature(charging=0.0, discharging=0.0), Nature(charging=-1.0, discharging=-1.0)])
def test_a_charge_that_is_not_moved_as_commanded_proves_nothing(nature: Nature) -> None:
    with pytest.raises(NotPassed, match="leg 1 moved") as caught:
        found(state_of_charge, nature)
    assert caught.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize("soc", [0.2, 0.8])
def test_a_battery_is_brought_to_where_the_legs_begin_and_judged_on_the_way(soc: float) -> None:
    for gauge, wanted in ((1.0, PASS), (0.8, FAIL)):
        battery = SyntheticBattery(replace(LOSSY, gauge=gauge), soc)
        findings = list(state_of_charge(storage_rig(battery), FIGURES))
        assert findings[0].what.endswith("on the way to where the legs begin")
        assert verdict(findings) is wanted, told(findings)


def test_a_charge_that_is_told_for_ever_fails_wherever_it_stands() -> None:
    battery = SyntheticBattery(Nature(gauge=0.0, told_at_half=0.8), 0.5)
    findings: list[Finding] = []
    with pytest.raises(NotPassed, match="however much flows"):
        findings.extend(state_of_charge(storage_rig(battery), FIGURES))
    assert verdict(findings) is FAIL, told(findings)


def test_where_the_energy_is_known_too_badly_it_cannot_be_told() -> None:
    findings = found(state_of_charge, replace(LOSSY, gauge=1.225), HALF_PCT)
    assert verdict(findings) is INCONCLUSIVE, told(findings)


@pytest.mark.parametrize(("beyond", "wanted"), [(0.009, PASS), (0.011, FAIL)])
@pytest.mark.parametrize("end", ["full", "empty"])
def test_nothing_may_flow_beyond_an_end_that_is_told(end: str, beyond: float, wanted: Verdict) -> None:
    nature = Nature(top=1.0 + beyond) if end == "full" else Nature(bottom=-beyond)
    findings = found(PROCEDURES[end], nature, stated=LOSSLESS)
    assert verdict(findings) is wanted, told(findings)
    assert [f.what for f in findings if f.verdict is FAIL] == (
        [f"energy after {end} was told, beyond what was left"] if wanted is FAIL else []
    )


@pytest.mark.parametrize(("short", "wanted"), [(0.019, PASS), (0.021, FAIL)])
@pytest.mark.parametrize("end", ["full", "empty"])
def test_an_end_has_to_be_told(end: str, short: float, wanted: Verdict) -> None:
    nature = Nature(top=1.0 - short) if end == "full" else Nature(bottom=short)
    findings = found(PROCEDURES[end], replace(nature, says_status=False))
    assert verdict(findings) is wanted, told(findings)


@pytest.mark.parametrize(("status", "wanted"), [("full", PASS), ("holding", PASS), ("empty", FAIL), ("charging", FAIL)])
def test_what_it_says_at_its_end_has_to_be_so(status: ChargeStatus, wanted: Verdict) -> None:
    findings = found(at_full, Nature(status_at_full=status))
    assert verdict(findings) is wanted, told(findings)
    failed = [f.what for f in findings if f.verdict is FAIL]
    assert failed == ([] if wanted is PASS else ["says what is so at full"])


def test_a_battery_is_full_where_it_states_to_charge_to() -> None:
    for procedure in (at_full, round_trip):
        findings = found(procedure, Nature(top=0.7, says_top=True))
        assert verdict(findings) is PASS, told(findings)
        assert verdict(found(procedure, Nature(top=0.7))) is FAIL, "of one that does not say so"


def test_of_an_end_that_is_never_told_no_energy_beyond_it_is_claimed() -> None:
    names = [finding.what for finding in found(at_full, Nature(gauge=0.5))]
    assert "charge told at full" in names
    assert not [name for name in names if name.startswith("energy after")]


def test_a_battery_that_never_stops_fails_and_no_cycle_is_made_of_it() -> None:
    endless = Nature(top=9.0)
    assert verdict(found(at_full, endless)) is FAIL
    with pytest.raises(NotPassed, match="does not stop by itself when it should be full") as caught:
        found(round_trip, endless)
    assert caught.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("efficiency", "stated", "instrument", "wanted"),
    [
        (0.881, STATED, EXACT, PASS),  # stated are 90 %, and 2 % may be missing
        (0.879, STATED, EXACT, FAIL),
        (0.882, STATED, QUARTER_PCT, INCONCLUSIVE),
        (0.601, Stated(), EXACT, PASS),
        (0.599, Stated(), EXACT, FAIL),
    ],
)
def test_a_round_trip_has_the_efficiency_that_is_stated(
    efficiency: float, stated: Stated, instrument: InstrumentClass, wanted: Verdict
) -> None:
    for nature in (Nature(in_pu=efficiency), Nature(in_pu=efficiency**0.5, out_pu=efficiency**0.5)):
        findings = found(round_trip, nature, instrument, stated)
        assert verdict(findings) is wanted, told(findings)
        assert findings[0].response.value == pytest.approx(efficiency, abs=5e-4)


def test_more_energy_out_than_in_is_the_instruments_doing() -> None:
    with pytest.raises(InstrumentError, match="come out as go in"):
        found(round_trip, Nature(in_pu=1.1))


@pytest.mark.parametrize(("kept", "wanted"), [(0.018, PASS), (0.022, FAIL), (-0.018, PASS), (-0.022, FAIL)])
def test_a_reserve_has_to_be_kept(kept: float, wanted: Verdict) -> None:
    """More than the reserve may stay within the accuracy and the losses, and less within the accuracy alone."""
    findings = found(reserve, Nature(above_reserve=kept), stated=LOSSLESS)
    assert verdict(findings) is wanted, told(findings)


@pytest.mark.parametrize(
    ("loss", "instrument", "wanted"),
    [
        (0.55, EXACT, PASS),  # 0.1 % a day are stated, and known to 0.5 %
        (0.65, EXACT, FAIL),
        (0.55, QUARTER_PCT, INCONCLUSIVE),
        (1.30, QUARTER_PCT, FAIL),
    ],
)
def test_what_is_lost_at_rest_is_missing_in_the_next_discharge(
    loss: float, instrument: InstrumentClass, wanted: Verdict
) -> None:
    findings = found(standby, Nature(loss_pct_per_day=loss), instrument)
    assert verdict(findings) is wanted, told(findings)
    assert findings[-1].response.value == pytest.approx(loss, abs=0.03)


def test_a_battery_that_gives_nothing_loses_nothing_and_proves_nothing() -> None:
    with pytest.raises(NotPassed, match="too little to miss any of it") as caught:
        found(standby, Nature(discharging=0.0))
    assert caught.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize(("share", "wanted"), [(0.89, PASS), (0.88, FAIL), (0.0, FAIL), (-1.0, FAIL)])
def test_vars_have_to_be_absorbed_as_well(share: float, wanted: Verdict) -> None:
    findings = found(quadrants, Nature(absorbing=share))  # 5 % of rated VA are 11.4 % of 44 %
    assert verdict(findings) is wanted, told(findings)


@pytest.mark.parametrize(
    ("procedure", "nature", "told_of"),
    [(ramps, Nature(has_ramp=False), "no ramp rate"), (reserve, Nature(has_reserve=False), "no reserve")],
)
def test_what_a_battery_has_not_is_not_run(procedure: Procedure, nature: Nature, told_of: str) -> None:
    with pytest.raises(NotPassed, match=told_of) as caught:
        found(procedure, nature)
    assert caught.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize(("service_s", "serves"), [(0.0, True), (600.0, True), (2000.0, False)])
def test_a_battery_is_waited_for_until_it_is_in_service_and_not_for_ever(service_s: float, serves: bool) -> None:
    battery = SyntheticBattery(Nature(service_s=service_s))
    on = storage_rig(battery)
    on.come_into_service()
    assert battery.power_pu == 0.0, "it has to be at rest when a test begins"
    assert on.rig.clock.now_s == pytest.approx(min(service_s, 900.0), abs=60.0)
    assert (verdict(list(symmetry(on, FIGURES))) is PASS) == serves


def test_a_command_is_given_again_before_it_ends_by_itself() -> None:
    on = storage_rig(SyntheticBattery())
    on.command(0.1)
    looks = on.hold(4.0 * FIGURES.command.reversion_s, 100.0)
    assert min(look.p_pu for look in looks) == pytest.approx(0.1), "it must not fall back in the middle of a leg"


def test_settings_are_what_they_were_when_a_procedure_ends_early() -> None:
    battery = SyntheticBattery()
    battery.ramp_pct_per_s, battery.reserve = 500.0, 0.05
    on = storage_rig(battery)
    for procedure in (ramps, reserve, quadrants):
        findings = procedure(on, FIGURES)
        next(findings)
        findings.close()  # type: ignore[attr-defined]
    assert (battery.ramp_pct_per_s, battery.reserve, battery.q_pu) == (500.0, 0.05, 0.0)
