"""Whole procedures of active power on a device that is a formula: an ideal one passes, each wrong one is found."""

from collections.abc import Iterator
from dataclasses import fields

import pytest

from bench.certification.figures import EnterServiceCase, load_figures
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.enter_service import enter_service_case
from bench.certification.procedures.frequency_droop import droop_above, droop_below
from bench.certification.procedures.limit_power import limit_power
from bench.certification.rig import InstrumentClass, Rig
from reports.verdict import Verdict, worst
from tests.certification.synthetic_power import ActivePowerDevice, Wrong, rig_of

FIGURES = load_figures()
ONCE = FIGURES.model_copy(
    update={"limit_active_power": FIGURES.limit_active_power.model_copy(update={"repetitions": 1})}
)
COARSE = InstrumentClass(voltage_pu=0.0, power_pu=0.2)


def verdict(findings: Iterator[Finding]) -> Verdict:
    return worst(finding.verdict for finding in findings)


def above(device: ActivePowerDevice, name: str = "1", level_pu: float = 0.66) -> Verdict:
    return verdict(droop_above(rig_of(device), FIGURES, name, level_pu))


def below(device: ActivePowerDevice, name: str = "1") -> Verdict:
    return verdict(droop_below(rig_of(device), FIGURES, name))


def limited(device: ActivePowerDevice) -> Verdict:
    return verdict(limit_power(rig_of(device), ONCE))


def short(name: str) -> EnterServiceCase:
    """A case of the suite in a tenth of its time."""
    found = FIGURES.enter_service.named(name)
    times = {key: getattr(found, key) / 10.0 for key in ("delay_s", "ramp_s", "random_s")}
    return found.model_copy(update=times)


def entered(device: ActivePowerDevice, case: str) -> Verdict:
    return verdict(enter_service_case(rig_of(device), FIGURES, short(case)))


@pytest.mark.parametrize(
    ("name", "lowest_pu"),
    [
        ("1", -1.0),
        *(pytest.param(name, 0.0, marks=pytest.mark.long) for name in ("1", "2", "least")),
        *(pytest.param(name, -1.0, marks=pytest.mark.long) for name in ("2", "least")),
    ],
)
def test_an_ideal_device_passes_its_droops(name: str, lowest_pu: float) -> None:
    assert above(ActivePowerDevice(lowest_pu=lowest_pu), name, 1.0) is Verdict.PASS
    assert below(ActivePowerDevice(lowest_pu=lowest_pu), name) is Verdict.PASS


@pytest.mark.long
def test_an_ideal_device_passes_from_every_level() -> None:
    for level_pu in FIGURES.frequency_droop.named("1").levels_pu:
        assert above(ActivePowerDevice(), "1", level_pu) is Verdict.PASS


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(slope=0.5),
        Wrong(slope=1.5),
        Wrong(slope=-1.0),
        Wrong(base_pu=1.0),
        Wrong(base_pu=0.0),
        Wrong(slowness=60.0),
    ],
    ids=str,
)
def test_a_wrong_droop_is_found_on_both_sides(wrong: Wrong) -> None:
    assert above(ActivePowerDevice(wrong)) is Verdict.FAIL
    assert below(ActivePowerDevice(wrong)) is Verdict.FAIL


def test_one_that_holds_the_droop_under_the_limit_is_found_below_nominal() -> None:
    assert below(ActivePowerDevice(Wrong(limit_holds_droop=True))) is Verdict.FAIL


def test_a_device_that_delivers_less_than_the_test_begins_at_is_not_judged() -> None:
    device = ActivePowerDevice()
    rig = rig_of(device)
    rig.supply = lambda _level: device.supply(0.3)
    with pytest.raises(NotPassed, match="nothing can be told") as found:
        list(droop_above(rig, FIGURES, "1", 1.0))
    assert found.value.verdict is Verdict.NOT_RUN


def test_what_instruments_cannot_tell_is_inconclusive() -> None:
    found = verdict(droop_above(rig_of(ActivePowerDevice(), COARSE), FIGURES, "1", 0.66))
    assert found is Verdict.INCONCLUSIVE


def test_an_ideal_device_keeps_its_limits() -> None:
    assert limited(ActivePowerDevice()) is Verdict.PASS


@pytest.mark.parametrize(
    "wrong",
    [Wrong(limits=False), Wrong(limit_holds_droop=True), Wrong(slope=0.5), Wrong(base_pu=1.0)],
    ids=str,
)
def test_what_is_wrong_under_a_limit_is_found(wrong: Wrong) -> None:
    assert limited(ActivePowerDevice(wrong)) is Verdict.FAIL


@pytest.mark.parametrize("case", [case.name for case in FIGURES.enter_service.cases])
def test_an_ideal_device_enters_service_as_it_should(case: str) -> None:
    assert entered(ActivePowerDevice(), case) is Verdict.PASS


@pytest.mark.parametrize(
    ("case", "wrong"),
    [
        ("default", Wrong(delay=0.9)),
        ("default", Wrong(ramp=0.7)),
        ("default", Wrong(stops=False)),
        ("default", Wrong(ramp=3.0)),
        ("drawn", Wrong(drawn_pu=1.2)),
        ("drawn", Wrong(stops=False)),
    ],
    ids=str,
)
def test_a_wrong_way_into_service_is_found(case: str, wrong: Wrong) -> None:
    assert entered(ActivePowerDevice(wrong), case) is Verdict.FAIL


def test_a_drawn_delay_that_equipment_does_not_have_is_not_run() -> None:
    with pytest.raises(NotPassed, match="no randomised delay") as found:
        list(enter_service_case(rig_of(ActivePowerDevice(Wrong(drawn_pu=None))), FIGURES, short("drawn")))
    assert found.value.verdict is Verdict.NOT_RUN


def test_equipment_that_nothing_has_absorb_is_not_run() -> None:
    rig = rig_of(ActivePowerDevice(lowest_pu=-1.0))
    bare = {f.name: getattr(rig, f.name) for f in fields(Rig) if f.init}
    findings = droop_below(Rig(**{name: value for name, value in bare.items() if name != "absorb"}), FIGURES, "1")
    with pytest.raises(NotPassed, match="nothing on this bench has the device absorb") as found:
        list(findings)
    assert found.value.verdict is Verdict.NOT_RUN
