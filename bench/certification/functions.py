"""The functions of IEEE 1547-2018 that follow a characteristic: how each is put into force, stepped and observed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.certification.criteria import Accuracy, Reading
from bench.certification.curves import Curve
from bench.certification.figures import AccuracyFigures, CurveFigures, FunctionFigures, SuiteFigures
from bench.certification.rig import Rig, Sample
from bench.certification.stimuli import volt_var_steps, volt_watt_steps, watt_var_steps
from instruments.errors import ConfigError
from instruments.readings import Characteristic as Setting
from instruments.readings import VoltVarCurve
from instruments.roles import DerFunctions

Steps = Callable[[Curve, float, tuple[float, float], float], list[float]]


@dataclass(frozen=True)
class FunctionTest:
    """One function. `by_power`: active power is what is stepped, not voltage; `limits_power`: it answers with power.

    `at_latest`: the response time is the longest that IEEE 1547-2018 allows, and not one that was set.
    """

    name: str
    answer: str
    figures: Callable[[SuiteFigures], FunctionFigures]
    put: Callable[[DerFunctions, CurveFigures], None]
    steps: Steps
    by_power: bool = False
    limits_power: bool = False
    at_latest: bool = False
    timed: tuple[str, ...] = ()
    """Label of its response time, without which nobody can set the one that it is judged by."""

    def accuracy(self, figures: AccuracyFigures) -> Accuracy:
        """Return the widened accuracies of what is stepped and of what answers."""
        stimulus = figures.power_pu if self.by_power else figures.voltage_pu
        return Accuracy(figures.widening.value * stimulus.value, figures.widening.value * figures.power_pu.value)

    def expected(self, curve: Curve, level_pu: float) -> Curve:
        """Return what the device has to do when so much power is offered."""
        return curve.capped(level_pu) if self.limits_power else curve

    def apply(self, rig: Rig) -> Callable[[float], None]:
        """Return what puts a stimulus in front of the device."""
        return rig.supply if self.by_power else rig.set_grid

    def stimulus(self, rig: Rig) -> Callable[[Sequence[Sample]], Reading]:
        """Return what measures the stimulus."""
        return rig.active_power if self.by_power else rig.voltage

    def response(self, rig: Rig) -> Callable[[Sequence[Sample]], Reading]:
        """Return what measures the response."""
        return rig.active_power if self.limits_power else rig.reactive_power


def _put_volt_var(device: DerFunctions, curve: CurveFigures) -> None:
    device.set_volt_var(VoltVarCurve(curve.x, curve.y, curve.response_s, curve.reference_v_pu))


def _put_volt_watt(device: DerFunctions, curve: CurveFigures) -> None:
    device.set_volt_watt(Setting(curve.x, curve.y, curve.response_s))


def _put_watt_var(device: DerFunctions, curve: CurveFigures) -> None:
    device.set_watt_var(Setting(curve.x, curve.y, 0.0))


FUNCTIONS = {
    test.name: test
    for test in (
        FunctionTest(
            "volt-var", "reactive power", lambda f: f.volt_var, _put_volt_var, volt_var_steps, timed=("QV_OLRT",)
        ),
        FunctionTest(
            "volt-watt", "active power", lambda f: f.volt_watt, _put_volt_watt, volt_watt_steps, limits_power=True
        ),
        FunctionTest(
            "watt-var",
            "reactive power",
            lambda f: f.watt_var,
            _put_watt_var,
            watt_var_steps,
            by_power=True,
            at_latest=True,
        ),
    )
}


def function_named(name: str) -> FunctionTest:
    """Return a function; raises ConfigError naming the known ones."""
    if name not in FUNCTIONS:
        raise ConfigError(f"no function {name!r} follows a characteristic; known: {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]
