"""Which function comes first: IEEE 1547.1-2020 clause 5.16.

Volt-watt, frequency-droop, a limit of active power and one mode of reactive power are in force at once, while voltage
and frequency go through the states of the suite. Power is held against what all of them together leave of it, vars
against what their mode asks for at the voltage or the power of that moment.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bench.certification.active_power import Owed
from bench.certification.criteria import Accuracy, Reading, steady_state
from bench.certification.curves import Curve
from bench.certification.figures import CharacteristicFigures, CurveFigures, SuiteFigures
from bench.certification.figures_active_power import PrioritySection
from bench.certification.findings import Finding
from bench.certification.functions import function_named
from bench.certification.owed_power import OwedPower, accuracies, put_droop, put_volt_watt
from bench.certification.procedures.reactive_commands import power_factor_curve
from bench.certification.rig import Rig, Sample
from instruments.errors import ConfigError

PCT = 100.0
LIMITED_S = 7200.0
"""A limit ends by itself if the bench does not end it."""


@dataclass(frozen=True)
class ReactiveMode:
    """A mode of reactive power: what puts it into force, and what it asks for over what is measured."""

    name: str
    put: Callable[[], None]
    curve: Curve
    stimulus: Callable[[Sequence[Sample]], Reading]
    accuracy: Accuracy


def prioritization(rig: Rig, figures: SuiteFigures, mode_name: str) -> Iterator[Finding]:
    """Put everything into force, take the grid through its states, and judge power and vars in each."""
    section = figures.prioritization
    mode = reactive_mode(rig, figures, mode_name)
    states = _in_force(rig, figures, mode)
    for number, step in enumerate(section.steps, start=1):
        place = f"with {mode.name}, step {number} at {step.v_pu:.2f} pu and {step.f_hz:.2f} Hz"
        samples = states.go_to(step.v_pu, step.f_hz)
        yield states.judged(samples, f"active power {place}")
        yield _vars(rig, mode, samples, f"reactive power {place}", section.clause)


def reactive_mode(rig: Rig, figures: SuiteFigures, name: str) -> ReactiveMode:
    """Return a mode by its name; raises ConfigError naming the known ones."""
    section = figures.prioritization
    characteristics = {"volt-var": section.volt_var, "watt-var": section.watt_var}
    if name in characteristics:
        return _by_curve(rig, figures, name, characteristics[name])
    y = figures.accuracy.widening.value * figures.accuracy.power_pu.value
    commands = {"constant reactive power": _constant_vars, "constant power factor": _constant_power_factor}
    if name not in commands:
        raise ConfigError(f"no mode of reactive power {name!r}; known: {', '.join([*characteristics, *commands])}")
    put, line = commands[name](rig, section)
    return ReactiveMode(name, put, line, rig.active_power, Accuracy(y, y))


def _by_curve(rig: Rig, figures: SuiteFigures, name: str, characteristic: str) -> ReactiveMode:
    function = function_named(name)
    curve = _curve_of(rig, function.figures(figures).named(characteristic))
    put = partial(function.put, rig.functions, curve)
    return ReactiveMode(name, put, curve.curve, function.stimulus(rig), function.accuracy(figures.accuracy))


def _constant_vars(rig: Rig, section: PrioritySection) -> tuple[Callable[[], None], Curve]:
    asked_pu = min(section.constant_q_pu.value, rig.nameplate.q_max_injected_var / rig.nameplate.va_max_va)
    return partial(rig.functions.set_reactive_power, asked_pu), Curve((0.0,), (asked_pu,))


def _constant_power_factor(rig: Rig, section: PrioritySection) -> tuple[Callable[[], None], Curve]:
    factor = section.constant_pf.value
    return partial(rig.functions.set_power_factor, factor, True), power_factor_curve(factor, injects=True)


def _curve_of(rig: Rig, figures: CharacteristicFigures) -> CurveFigures:
    plate = rig.nameplate
    rated_pu = (plate.q_max_injected_var / plate.va_max_va, plate.q_max_absorbed_var / plate.va_max_va)
    return figures.of(plate.category, *rated_pu)


def _in_force(rig: Rig, figures: SuiteFigures, mode: ReactiveMode) -> OwedPower:
    """Put all functions into force at rated voltage and frequency, with rated power offered."""
    section = figures.prioritization
    volt_watt = put_volt_watt(rig, figures, section.volt_watt)
    droop = put_droop(rig, figures, section.droop)
    mode.put()
    rig.supply(1.0)
    rig.functions.limit_power_pct(section.limit_pu.value * PCT, LIMITED_S)
    return OwedPower(
        rig=rig,
        owed=Owed(droop, volt_watt, section.limit_pu.value),
        accuracy=accuracies(figures.accuracy),
        clause=section.clause,
        settle_s=section.settle_s,
        rocof_hz_per_s=figures.frequency_droop.rocof_hz_per_s.of(rig.nameplate.abnormal),
    )


def _vars(rig: Rig, mode: ReactiveMode, samples: Sequence[Sample], what: str, clause: str) -> Finding:
    stimulus, response = mode.stimulus(samples), rig.reactive_power(samples)
    criterion = steady_state(mode.curve, stimulus, response, mode.accuracy)
    return Finding(what, stimulus, response, criterion, samples[-1].time_s, rig.analyzer_name, clause)
