"""One type test of a device on its rig: what the steps of a certification feature do and judge."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.certification.criteria import after_response_time, within_response_time
from bench.certification.figures import CharacteristicFigures, CurveFigures, SuiteFigures
from bench.certification.findings import Finding
from bench.certification.functions import FunctionTest, function_named
from bench.certification.inside import Judged
from bench.certification.mapped import require_mapped
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.cease_to_energize import cease_to_energize
from bench.certification.procedures.configuration import configure_ratings
from bench.certification.procedures.enter_service import enter_service_case
from bench.certification.procedures.frequency_droop import droop_above, droop_below
from bench.certification.procedures.in_service import ENDING, stayed_in_service
from bench.certification.procedures.limit_power import limit_power
from bench.certification.procedures.monitoring import compare_readings
from bench.certification.procedures.nameplate import examine_nameplate
from bench.certification.procedures.prioritization import prioritization
from bench.certification.procedures.reactive_commands import (
    THREE_PHASES,
    constant_power_factor,
    constant_reactive_power,
)
from bench.certification.procedures.settings import write_settings
from bench.certification.procedures.states import compare_states
from bench.certification.procedures.trips import TripTest
from bench.certification.procedures.volt_var_reference import autonomous_reference, unbalanced_voltages
from bench.certification.refusals import RatingsError
from bench.certification.rig import Rig
from bench.certification.service import await_service
from bench.certification.sweep import Characteristic, sweep
from instruments.der_labels import CATEGORIES
from instruments.errors import ConfigError
from reports.verdict import Verdict

PCT = 100.0


@dataclass(frozen=True)
class InForce:
    """The function that the device follows, with its characteristic for the device's category."""

    function: FunctionTest
    found: CharacteristicFigures
    curve: CurveFigures


class TypeTest(Judged):
    """A device under test. Methods raise NotPassed, and what the drivers raise."""

    def __init__(self, rig: Rig, figures: SuiteFigures, tell: Callable[[Finding], None]) -> None:
        """Take whom to tell of findings; raises RatingsError for a device that does not say of which category it is.

        Raises NotPassed where its point map has no point for that.
        """
        if rig.nameplate.category not in {"A", "B"} or not rig.nameplate.abnormal:
            require_mapped(rig, *CATEGORIES)
        if rig.nameplate.category not in {"A", "B"}:
            raise RatingsError(f"{rig.device} states no normal operating category, but {rig.nameplate.category!r}")
        super().__init__(tell)
        self.rig, self.figures = rig, figures
        self._in_force: InForce | None = None
        self._level_pct = PCT

    def enter_service(self) -> None:
        """Offer rated power at rated voltage and frequency, and wait until the analyzer sees the device deliver it."""
        self.rig.supply(1.0)
        self.rig.set_grid(1.0)
        self.rig.functions.enter_service()
        await_service(self.rig, self.figures.service)

    def switch_off_functions(self) -> None:
        """Switch every function off that follows a characteristic, and every command of active power."""
        self.rig.functions.disable_functions()

    def follow(self, function_name: str, characteristic: str) -> None:
        """Switch all functions off and put a characteristic of the device's category into force."""
        function = function_named(function_name)
        found = function.figures(self.figures).named(characteristic)
        curve = found.of(self.rig.nameplate.category, *self._rated_vars_pu())
        require_mapped(self.rig, *function.timed)
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
        begun = len(self.rig.samples)
        self.take(sweep(self.rig, under_test, steps))
        if not force.function.limits_power:
            offered_pu = min(steps) if force.function.by_power else self._level_pct / PCT
            self._require_service(begun, offered_pu, under_test)

    def raise_frequency(self, characteristic: str, level_pct: float) -> None:
        """Put a frequency-droop into force and judge it above nominal; raises ConfigError for a level it has not."""
        if level_pct / PCT not in self.figures.frequency_droop.named(characteristic).levels_pu:
            raise ConfigError(f"frequency-droop {characteristic} is not tested at {level_pct:g} % of rated power")
        self.take(droop_above(self.rig, self.figures, characteristic, level_pct / PCT))

    def lower_frequency(self, characteristic: str) -> None:
        """Put a frequency-droop into force and judge it below nominal."""
        self.take(droop_below(self.rig, self.figures, characteristic))

    def hold_power_factor(self, setting: str) -> None:
        """Command a power factor, disturb power and voltage, and judge the vars."""
        self._rated_vars_pu()
        found = self.figures.constant_power_factor.named(setting)
        self.take(constant_power_factor(self.rig, self.figures, found))

    def hold_reactive_power(self, setting: str) -> None:
        """Command a share of rated vars, disturb power and voltage, and judge the vars."""
        self._rated_vars_pu()
        found = self.figures.constant_reactive_power.named(setting)
        self.take(constant_reactive_power(self.rig, self.figures, found))

    def unbalance(self) -> None:
        """Put unbalanced voltages in front of the device while it follows the curve in force, and judge the vars."""
        if self.rig.phases != THREE_PHASES:
            raise NotPassed(f"{self.rig.device} has not three phases to be unbalanced", Verdict.NOT_RUN)
        of = replace(self._under_test(self._required()), clause=self.figures.unbalance.clause)
        begun = len(self.rig.samples)
        self.take(unbalanced_voltages(self.rig, self.figures, of))
        self._require_service(begun, self._level_pct / PCT, of)

    def follow_voltage(self, time_constant_s: float) -> None:
        """Let the reference voltage follow the voltage, and judge the vars after a step up and one down."""
        section = self.figures.autonomous_reference
        if time_constant_s not in section.time_constants_s:
            raise ConfigError(f"clause {section.clause} is not tested with a time constant of {time_constant_s:g} s")
        found = self.figures.volt_var.named(section.characteristic)
        curve = found.of(self.rig.nameplate.category, *self._rated_vars_pu())
        self.take(autonomous_reference(self.rig, self.figures, curve, time_constant_s))

    def prioritize(self, mode: str) -> None:
        """Put functions of active power and a mode of reactive power into force together, and judge what comes."""
        self.take(prioritization(self.rig, self.figures, mode))

    def limit_power(self) -> None:
        """Command each limit of active power, and judge what comes after it."""
        self.take(limit_power(self.rig, self.figures))

    def try_enter_service(self, case: str) -> None:
        """Take the device through a case of entering service, and judge when it delivers and when it stops."""
        self.take(enter_service_case(self.rig, self.figures, self.figures.enter_service.named(case)))

    def cease(self) -> None:
        """Withdraw the permit while the device delivers, and judge how soon it ceases, what is left, how it returns."""
        self._rated_vars_pu()
        self.take(cease_to_energize(self.rig, self.figures))

    def compare_readings(self) -> None:
        """Bring the device into each state of the suite, and judge its own readings by the analyzer's."""
        self.take(compare_readings(self.rig, self.figures))

    def compare_states(self) -> None:
        """Bring the device out of service and into it, and judge what it says of that by what the analyzer sees."""
        self.take(compare_states(self.rig, self.figures))

    def examine_nameplate(self) -> None:
        """Read all that it states of itself, and judge whether it is whole, fits together, and is true."""
        self.take(examine_nameplate(self.rig, self.figures))

    def configure_ratings(self) -> None:
        """Configure each rating to less than it is, and back, and judge what is held and what is delivered."""
        self.take(configure_ratings(self.rig, self.figures))

    def write_settings(self) -> None:
        """Set each function at each point of the suite, and judge what is read back."""
        self.take(write_settings(self.rig, self.figures))

    def trip(self, stage: str, setting: str) -> None:
        """Set a stage of a trip alone in the way, go just inside and just beyond its level, and judge what comes."""
        figures = self.figures.trips
        found = figures.stage(stage)
        self.take(TripTest(self.rig, self.figures, found, found.setting(self.rig.nameplate.abnormal, setting)).run())

    def require_service(self) -> None:
        """Raise NotPassed unless the device was seen to deliver active power all the time."""
        self.require_all(ENDING)

    def _require_service(self, begun: int, offered_pu: float, of: Characteristic) -> None:
        """Judge whether the device delivered in all samples since one."""
        looks, share = self.rig.samples[begun:], self.figures.service.delivers_share.value
        self.take([stayed_in_service(self.rig, looks, offered_pu, share, of.name, of.clause)])

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
            responded=within_response_time if function.at_latest else after_response_time,
        )

    def _rated_vars_pu(self) -> tuple[float, float]:
        """Return rated vars, injected and absorbed, per unit of rated VA; NOT_RUN for a device that states none."""
        plate = self.rig.nameplate
        if min(plate.q_max_injected_var, plate.q_max_absorbed_var) <= 0.0:
            raise NotPassed(f"{self.rig.device} states no rated vars to be tested with", Verdict.NOT_RUN)
        return plate.q_max_injected_var / plate.va_max_va, plate.q_max_absorbed_var / plate.va_max_va

    def _required(self) -> InForce:
        if self._in_force is None:
            raise ConfigError("no characteristic was put into force: a step before this one has to do that")
        return self._in_force
