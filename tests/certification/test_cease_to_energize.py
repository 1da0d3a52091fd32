"""Ceasing to energize on a device that is a formula: at the figures, just inside and just beyond each."""

import math
from dataclasses import dataclass

import pytest
from rigs import rig_around

from bench.certification.figures import load_figures
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.cease_to_energize import cease_to_energize
from bench.certification.rig import InstrumentClass, Rig
from instruments.readings import AcMeasurement, EnterServiceSettings, Nameplate
from reports.verdict import Verdict

FIGURES = load_figures()
PHASES, V_NOM = 3, 480.0
EXACT = InstrumentClass(0.0, 0.0)


@dataclass
class Ceasing:
    """Ceases `late_s` after its permit was withdrawn and leaves shares of its rating; `flares_s` after it, it is on.

    `delay` and `ramp`: shares of what entering service is set to. `gives` is the share of commanded vars.
    """

    late_s: float = 0.5
    left: tuple[float, float] = (0.0, 0.0)
    flares_s: float = math.inf
    delay: float = 1.0
    ramp: float = 1.0
    gives: float = 1.0
    va: float = 100e3
    permitted: bool = True
    since_s: float = 1e6
    offered_pu: float = 1.0
    vars_pu: float = 0.0
    service: EnterServiceSettings | None = None

    def set_enter_service(self, settings: EnterServiceSettings) -> None:
        self.service = settings

    def set_reactive_power(self, share_pu: float) -> None:
        self.vars_pu = self.gives * share_pu

    def cease_to_energize(self) -> None:
        self.permitted, self.since_s = False, 0.0

    def enter_service(self) -> None:
        self.permitted, self.since_s = True, 0.0

    def supply(self, level_pu: float) -> None:
        self.offered_pu = level_pu

    def absorb(self, share_pu: float) -> None:
        self.permitted, self.since_s, self.offered_pu = True, 1e6, -share_pu

    def advance(self, dt_s: float) -> None:
        self.since_s += dt_s

    @property
    def on(self) -> float:
        if not self.permitted:
            flares = self.flares_s <= self.since_s < self.flares_s + 1.0
            return 1.0 if self.since_s < self.late_s - 1e-9 or flares else 0.0
        assert self.service is not None, "it is told how to come back before it has to cease"
        waited_s = self.since_s - self.delay * self.service.delay_s
        return min(max(waited_s / (self.ramp * self.service.ramp_s), 0.0), 1.0)

    def measure(self) -> AcMeasurement:
        most_pu = math.sqrt(1.0 - self.vars_pu**2)
        p_pu = min(max(self.offered_pu * self.on, -most_pu), most_pu)
        p_left, q_left = (0.0, 0.0) if self.permitted or self.on else self.left
        p_w, q_var = (p_pu + p_left) * self.va / PHASES, (self.vars_pu * self.on + q_left) * self.va / PHASES
        volts = (V_NOM / math.sqrt(3.0),) * PHASES
        return AcMeasurement(volts, (0.0,) * PHASES, (p_w,) * PHASES, (q_var,) * PHASES, 60.0)


def rig_of(device: Ceasing, charge_pu: float = 0.0, instrument: InstrumentClass = EXACT) -> Rig:
    va = device.va
    nameplate = Nameplate(va, va, 0.44 * va, 0.44 * va, charge_pu * va, V_NOM, "B", "III")
    return rig_around(device, nameplate, instrument, PHASES, absorb=device.absorb)


def broken(device: Ceasing, charge_pu: float = 0.0) -> dict[str, Verdict]:
    """Return what did not pass, each kind of finding once, whatever the run."""
    findings = list(cease_to_energize(rig_of(device, charge_pu), FIGURES))
    assert len({finding.what for finding in findings}) == len(findings)
    return {f.what.partition(",")[0]: f.verdict for f in findings if f.verdict is not Verdict.PASS}


def test_an_ideal_device_passes_in_each_run_that_it_can_be_in() -> None:
    for charge_pu, runs in ((0.0, 2), (1.0, 3)):
        findings = list(cease_to_energize(rig_of(Ceasing(), charge_pu), FIGURES))
        assert {finding.verdict for finding in findings} == {Verdict.PASS}
        assert sum(finding.what.startswith("time until it ceases") for finding in findings) == runs


@pytest.mark.parametrize(
    ("late_s", "verdict"),
    [(2.0, None), (2.02, Verdict.INCONCLUSIVE), (2.1, Verdict.FAIL), (math.inf, Verdict.FAIL)],
)
def test_it_has_to_cease_in_two_seconds(late_s: float, verdict: Verdict | None) -> None:
    found = broken(Ceasing(late_s=late_s))
    assert found.get("time until it ceases to energize") is verdict
    if verdict is None:
        assert found == {}


@pytest.mark.parametrize(
    ("left", "va", "what"),
    [
        ((0.019, 0.0), 100e3, ""),
        ((0.021, 0.0), 100e3, "active power once it has ceased to energize"),
        ((-0.021, 0.0), 100e3, "active power once it has ceased to energize"),
        ((0.0, 0.099), 100e3, ""),
        ((0.0, -0.101), 100e3, "reactive power once it has ceased to energize"),
        ((0.0, 0.029), 500e3, ""),
        ((0.0, 0.031), 500e3, "reactive power once it has ceased to energize"),
        ((0.0, 0.031), 499e3, ""),
    ],
)
def test_what_may_be_left(left: tuple[float, float], va: float, what: str) -> None:
    found = broken(Ceasing(left=left, va=va))
    assert found.get(what, Verdict.PASS) is (Verdict.FAIL if what else Verdict.PASS)
    assert set(found) <= {what, "time until it ceases to energize"}, "for what is left it has not ceased"


def test_one_that_comes_on_again_by_itself_has_not_ceased() -> None:
    assert set(broken(Ceasing(flares_s=20.0))) == {
        "time until it ceases to energize",
        "active power once it has ceased to energize",
        "reactive power once it has ceased to energize",
    }


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"delay": 0.99}, set()),
        ({"delay": 0.9, "ramp": 1.1}, {"time until power comes"}),
        ({"ramp": 0.99}, set()),
        ({"ramp": 0.95}, {"time until rated power"}),
    ],
)
def test_it_comes_back_by_the_rules_of_entering_service(changed: dict[str, float], what: set[str]) -> None:
    assert set(broken(Ceasing(**changed))) == what  # type: ignore[arg-type]


def test_vars_that_are_not_there_cannot_be_seen_to_cease() -> None:
    with pytest.raises(NotPassed, match="no vars that could be seen to cease") as ended:
        broken(Ceasing(gives=0.0))
    assert ended.value.verdict is Verdict.NOT_RUN


def test_one_that_delivers_nothing_fails_before() -> None:
    class Idle(Ceasing):
        def supply(self, level_pu: float) -> None:
            self.offered_pu = 0.0 * level_pu

    assert broken(Idle())["active power before"] is Verdict.FAIL
