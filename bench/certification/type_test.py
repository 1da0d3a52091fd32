"""One type test of a device on its rig: what the steps of a certification feature do and judge."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.certification.figures import CharacteristicFigures, CurveFigures, SuiteFigures
from bench.certification.findings import Finding
from bench.certification.functions import FunctionTest, function_named
from bench.certification.procedures.enter_service import enter_service_case
from bench.certification.procedures.limit_power import limit_power
from bench.certification.procedures.monitoring import compare_readings
from bench.certification.rig import Rig
from bench.certification.sweep import Characteristic, sweep
from bench.measurement import worded
from instruments.errors import ConfigError
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


@dataclass(frozen=True)
class InForce:
    """The function that the device follows, with its characteristic for the device's category."""

    function: FunctionTest
    found: CharacteristicFigures
    curve: CurveFigures


class NotInside(NotPassed):
    """Findings that are not inside their limits: who judges them again by others does not need this."""


class TypeTest:
    """A device under test. Methods raise NotPassed, and what the drivers raise."""

    def __init__(self, rig: Rig, figures: SuiteFigures, tell: Callable[[Finding], None]) -> None:
        """Take whom to tell of findings; raises ConfigError for a device that does not say of which category it is."""
        if rig.nameplate.category not in {"A", "B"}:
            raise ConfigError(f"{rig.device} states no normal operating category, but {rig.nameplate.category!r}")
        self.rig, self.figures, self._tell = rig, figures, tell
        self.findings: list[Finding] = []
        self._in_force: InForce | None = None
        self._level_pct = PCT

    def enter_service(self) -> None:
        """Offer rated power at rated voltage and frequency, and wait until the analyzer sees the device deliver it."""
        self.rig.supply(1.0)
        self.rig.set_grid(1.0)
        self.rig.functions.enter_service()
        deadline_s = self.rig.clock.now_s + ENTER_SERVICE_S
        while self.rig.hold(1.0, 1.0)[-1].p_pu < IN_SERVICE_SHARE:
            if self.rig.clock.now_s > deadline_s:
                raise NotPassed(f"{self.rig.device} did not enter service in {ENTER_SERVICE_S:g} s", Verdict.NOT_RUN)

    def switch_off_functions(self) -> None:
        """Switch every function off that follows a characteristic, and every command of active power."""
        self.rig.functions.disable_functions()

    def follow(self, function_name: str, characteristic: str) -> None:
        """Switch all functions off and put a characteristic of the device's category into force."""
        function = function_named(function_name)
        found = function.figures(self.figures).named(characteristic)
        curve = found.A if self.rig.nameplate.category == "A" else found.B
        self.switch_off_functions()
        function.put(self.rig.functions, curve)
        self._in_force = InForce(function, found, curve)

    def offer(self, level_pct: float) -> None:
        """Offer a share of rated power at the device's DC side; raises ConfigError for one the suite does not have."""
        force = self._required()
        if level_pct / PCT not in force.found.levels_pu:
            raise ConfigError(f"characteristic {force.found.name} is not tested at {level_pct:g} % of rated power")
        self._level_pct = level_pct
        self.rig.supply(level_pct / PCT)
        self.rig.hold(2.0 * force.curve.response_s, force.curve.response_s / 10.0)

    def step_through(self) -> None:
        """Step the stimulus through the characteristic in force, and judge every answer."""
        force, figures = self._required(), self.figures
        span = (figures.range_v_pu.lowest.value, figures.range_v_pu.highest.value)
        under_test = self._under_test(force)
        steps = force.function.steps(force.curve.curve, force.curve.reference_v_pu, span, under_test.accuracy.x)
        self.take(sweep(self.rig, under_test, steps))

    def limit_power(self) -> None:
        """Command each limit of active power, and judge what comes after it."""
        self.take(limit_power(self.rig, self.figures))

    def try_enter_service(self, case: str) -> None:
        """Take the device through a case of entering service, and judge when it delivers and when it stops."""
        self.take(enter_service_case(self.rig, self.figures, self.figures.enter_service.named(case)))

    def compare_readings(self) -> None:
        """Bring the device into each state of the suite, and judge its own readings by the analyzer's."""
        self.take(compare_readings(self.rig, self.figures))

    def take(self, findings: Iterable[Finding]) -> None:
        """Keep findings as they come, and tell them."""
        for finding in findings:
            self.findings.append(finding)
            self._tell(finding)

    def require_all(self, ending: str = "") -> None:
        """Raise NotPassed unless every finding, of those whose name ends so, is inside its limits."""
        chosen = [finding for finding in self.findings if finding.what.endswith(ending)]
        if not chosen:
            raise NotPassed(f"nothing was measured {ending}".rstrip(), Verdict.NOT_RUN)
        self._require(chosen)

    def _require(self, findings: Sequence[Finding]) -> None:
        broken = [f for f in findings if f.verdict is not Verdict.PASS]
        if not broken:
            return
        told = [worded(finding.measurement) for finding in broken[:SHOWN]]
        more = [f"and {len(broken) - SHOWN} more"] if len(broken) > SHOWN else []
        verdict = worst(finding.verdict for finding in broken)
        raise NotInside("\n".join([f"{len(broken)} of {len(findings)} are not inside:", *told, *more]), verdict)

    def _under_test(self, force: InForce) -> Characteristic:
        function, rig = force.function, self.rig
        return Characteristic(
            clause=function.figures(self.figures).clause,
            name=f"{function.answer}, {function.name} {force.found.name} at {self._level_pct:g} %",
            curve=function.expected(force.curve.curve, self._level_pct / PCT),
            response_s=force.curve.response_s,
            accuracy=function.accuracy(self.figures.accuracy),
            apply=function.apply(rig),
            stimulus=function.stimulus(rig),
            answer=function.response(rig),
        )

    def _required(self) -> InForce:
        if self._in_force is None:
            raise ConfigError("no characteristic was put into force: a step before this one has to do that")
        return self._in_force
