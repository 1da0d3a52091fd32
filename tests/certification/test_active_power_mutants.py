"""Clauses of active power on the emulated inverter: it passes them, with each defect the clauses fail that look there.

The same defects end so with `bench certify`, as the lines of `mutants.csv` say.
"""

from collections.abc import Callable, Iterator

import pytest

from bench.certification.figures import SuiteFigures, load_figures
from bench.certification.findings import Finding
from bench.certification.procedures.enter_service import enter_service_case
from bench.certification.procedures.frequency_droop import droop_above, droop_below
from bench.certification.procedures.limit_power import limit_power
from bench.certification.procedures.prioritization import prioritization
from bench.certification.rig import Rig
from bench.measurement import worded
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.inverter import InverterEmulator
from reports.verdict import Verdict, worst
from tests.certification.emulated_rig import rig_of

FIGURES = load_figures()
ONCE = FIGURES.model_copy(
    update={"limit_active_power": FIGURES.limit_active_power.model_copy(update={"repetitions": 1})}
)
Procedure = Callable[[Rig, SuiteFigures], Iterator[Finding]]


def entering(case: str) -> Procedure:
    return lambda rig, figures: enter_service_case(rig, figures, figures.enter_service.named(case))


CLAUSES: dict[str, Procedure] = {
    "5.6": entering("default"),
    "5.6 drawn": entering("drawn"),
    "5.6 shortest": entering("shortest"),
    "5.13": limit_power,
    "5.15.2": lambda rig, figures: droop_above(rig, figures, "1", 0.66),
    "5.15.3": lambda rig, figures: droop_below(rig, figures, "1"),
    "5.16": lambda rig, figures: prioritization(rig, figures, "volt-var"),
}


def played(inverter: InverterEmulator, clause: str, battery: BatteryEmulator | None = None) -> tuple[Verdict, str]:
    """Play a clause; return its verdict, and in words what was not inside."""
    with rig_of(inverter, battery) as rig:
        findings = list(CLAUSES[clause](rig, ONCE))
    broken = [worded(found.measurement) for found in findings if found.verdict is not Verdict.PASS]
    return worst(found.verdict for found in findings), "\n".join(broken[:4])


def make(**options: object) -> InverterEmulator:
    return InverterEmulator("pv", 25.0, v_nom_v=208.0, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("clause", ["5.6 shortest", "5.15.2", "5.16"])
def test_a_sound_inverter_passes(clause: str) -> None:
    verdict, told = played(make(), clause)
    assert verdict is Verdict.PASS, told


@pytest.mark.long
@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize(("category", "abnormal"), [("A", "I"), ("B", "II")])
def test_a_sound_inverter_of_another_category_passes(clause: str, category: str, abnormal: str) -> None:
    verdict, told = played(make(category=category, abnormal=abnormal), clause)
    assert verdict is Verdict.PASS, told


@pytest.mark.long
@pytest.mark.parametrize("clause", CLAUSES)
def test_sound_storage_passes(clause: str) -> None:
    battery = BatteryEmulator("battery", 25.0, 100.0)
    verdict, told = played(make(dc_source=battery), clause, battery)
    assert verdict is Verdict.PASS, told


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "clauses"),
    [
        ("early-entry", "5.6"),
        ("wrong-ramp-rate", "5.6"),
        ("ignores-entry-voltage", "5.6"),
        ("ignores-entry-frequency", "5.6 drawn"),
        ("overlooks-interruptions", "5.6"),
        ("ignores-permit", "5.6"),
        ("ignores-power-limit", "5.13|5.16"),
        ("wrong-priority", "5.13|5.15.3|5.16"),
        ("droop-wrong-slope", "5.13|5.15.2|5.15.3|5.16"),
        ("droop-from-the-wrong-base", "5.13|5.15.2|5.15.3|5.16"),
    ],
)
def test_a_defect_fails_at_its_clauses(kind: str, clauses: str) -> None:
    for clause in clauses.split("|"):
        inverter = make()
        inverter.inject(kind)
        verdict, _ = played(inverter, clause)
        assert verdict is Verdict.FAIL, f"{kind} in {clause}"


@pytest.mark.long
def test_volt_watt_left_out_at_low_frequency_stays_in_the_band_and_shows_in_the_raw_error() -> None:
    inverter = make()
    inverter.inject("droop-before-volt-watt")
    with rig_of(inverter) as rig:
        findings = list(CLAUSES["5.16"](rig, FIGURES))
    assert worst(found.verdict for found in findings) is Verdict.PASS, "at 1.09 pu anything from 0.1 to 0.7 may be owed"
    assert max(found.criterion.error(found.response) for found in findings) == pytest.approx(0.2, abs=0.01)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "clauses"),
    [
        ("early-entry", "5.13|5.15.2"),
        ("ignores-permit", "5.15.2|5.16"),
        ("ignores-power-limit", "5.6 shortest|5.15.2"),
        ("wrong-priority", "5.6 shortest|5.15.2"),
        ("droop-before-volt-watt", "5.6 shortest|5.13|5.15.2|5.15.3"),
        ("droop-wrong-slope", "5.6"),
        ("droop-from-the-wrong-base", "5.6"),
    ],
)
def test_a_defect_leaves_other_clauses_alone(kind: str, clauses: str) -> None:
    for clause in clauses.split("|"):
        inverter = make()
        inverter.inject(kind)
        verdict, told = played(inverter, clause)
        assert verdict is Verdict.PASS, f"{kind} in {clause}: {told}"
