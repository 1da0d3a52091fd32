"""One type test of a device on its rig: what the steps of a certification feature do and judge."""

from collections.abc import Callable, Sequence

from bench.certification.figures import CharacteristicFigures, CurveFigures, SuiteFigures
from bench.certification.findings import Finding
from bench.certification.rig import Rig
from bench.certification.sweep import Characteristic, sweep
from bench.certification.volt_var import voltage_steps_pu
from bench.measurement import worded
from instruments.errors import ConfigError
from instruments.readings import VoltVarCurve
from reports.verdict import Verdict, worst

ENTER_SERVICE_S = 900.0
"""How long a device may take to be in service: the default delay and ramp of IEEE 1547-2018, 300 s each, and half."""
IN_SERVICE_SHARE = 0.9
"""Of the power that is offered, what a device that is in service delivers at least."""
PCT = 100.0
SHOWN = 6


class NotPassed(AssertionError):  # noqa: N818 - a finding about the device, not an error of the bench
    """A clause that is not passed; `verdict` says whether the device failed or whether that could not be told."""

    def __init__(self, text: str, verdict: Verdict) -> None:
        super().__init__(text)
        self.verdict = verdict


class TypeTest:
    """A device under test. Methods raise NotPassed, and what the drivers raise."""

    def __init__(self, rig: Rig, figures: SuiteFigures, tell: Callable[[Finding], None]) -> None:
        """Take whom to tell of findings; raises ConfigError for a device that does not say of which category it is."""
        category = rig.nameplate.category
        if category not in ("A", "B"):
            raise ConfigError(f"{rig.device} states no normal operating category, but {category!r}")
        self.rig, self._figures, self._tell = rig, figures, tell
        self.category: str = category
        self.findings: list[Finding] = []
        self._chosen: tuple[CharacteristicFigures, CurveFigures] | None = None
        self._level_pct = PCT

    def enter_service(self) -> None:
        """Offer rated power at rated voltage and frequency, and wait until the analyzer sees the device deliver it."""
        self.rig.supply(1.0)
        self.rig.set_grid(1.0)
        self.rig.inverter.enter_service()
        deadline_s = self.rig.clock.now_s + ENTER_SERVICE_S
        while self.rig.hold(1.0, 1.0)[-1].p_pu < IN_SERVICE_SHARE:
            if self.rig.clock.now_s > deadline_s:
                raise NotPassed(f"{self.rig.device} did not enter service in {ENTER_SERVICE_S:g} s", Verdict.NOT_RUN)

    def follow_volt_var(self, name: str) -> None:
        """Switch all functions off and put a volt-var characteristic of the device's category into force."""
        found = self._figures.volt_var.named(name)
        curve = found.A if self.category == "A" else found.B
        self.rig.inverter.disable_functions()
        self.rig.inverter.set_volt_var(VoltVarCurve(curve.x, curve.y, curve.response_s))
        self._chosen = found, curve

    def offer(self, level_pct: float) -> None:
        """Offer a share of rated power at the device's DC side; raises ConfigError for one the suite does not have."""
        found, curve = self._required_characteristic()
        if level_pct / PCT not in found.levels_pu:
            raise ConfigError(f"characteristic {found.name} is not tested at {level_pct:g} % of rated power")
        self._level_pct = level_pct
        self.rig.supply(level_pct / PCT)
        self.rig.hold(2.0 * curve.response_s, curve.response_s / 10.0)

    def step_through_voltages(self) -> None:
        """Step the source through the voltages of the characteristic in force, and judge every answer."""
        found, curve = self._required_characteristic()
        figures, accuracy = self._figures, self._figures.accuracy.of_voltage_and_power()
        span = (figures.range_v_pu.lowest.value, figures.range_v_pu.highest.value)
        voltages = voltage_steps_pu(curve.curve, curve.reference_v_pu, span, accuracy.x)
        name = f"reactive power, volt-var {found.name} at {self._level_pct:g} %"
        clause = figures.volt_var.clause
        under_test = Characteristic(clause, name, curve.curve, curve.response_s, accuracy, self.rig.reactive_power)
        for finding in sweep(self.rig, under_test, voltages):
            self.findings.append(finding)
            self._tell(finding)

    def require_inside(self, ending: str) -> None:
        """Raise NotPassed unless every finding of one kind, by the end of its name, is inside its band."""
        chosen = [finding for finding in self.findings if finding.what.endswith(ending)]
        if not chosen:
            raise NotPassed(f"nothing was measured {ending}", Verdict.NOT_RUN)
        self._require(chosen)

    def _require(self, findings: Sequence[Finding]) -> None:
        broken = [f for f in findings if f.verdict is not Verdict.PASS]
        if not broken:
            return
        told = [worded(finding.measurement) for finding in broken[:SHOWN]]
        more = [f"and {len(broken) - SHOWN} more"] if len(broken) > SHOWN else []
        verdict = worst(finding.verdict for finding in broken)
        raise NotPassed("\n".join([f"{len(broken)} of {len(findings)} are not inside:", *told, *more]), verdict)

    def _required_characteristic(self) -> tuple[CharacteristicFigures, CurveFigures]:
        if self._chosen is None:
            raise ConfigError("no characteristic was put into force: a step before this one has to do that")
        return self._chosen
