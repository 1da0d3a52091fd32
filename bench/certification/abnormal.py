"""Type tests of riding through abnormal voltages, frequencies and angles, as the steps of a feature ask for them.

Functions raise NotPassed where they cannot tell, ConfigError for what the suite does not have, and what drivers raise.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast, get_args

from bench.certification.figures_ride_through import Abnormal
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.frequency_ride import ride_through_frequency, ride_through_rate
from bench.certification.procedures.phase_angle import change_phase_angle
from bench.certification.procedures.ride_through import VoltageRide, ride_through_voltage
from bench.certification.procedures.widening import keep_power, put_back, widen_trips
from bench.certification.type_test import TypeTest
from instruments.errors import ConfigError
from reports.verdict import Verdict

PCT = 100.0
T = TypeVar("T")


def keep_others_out(test: TypeTest) -> Callable[[], None]:
    """Let frequency leave active power alone and set trips as wide as they go; return what sets them as they were."""
    widest = test.figures.trips.widest_trips(_category(test))
    keep_power(test.rig)
    return partial(put_back, test.rig, widen_trips(test.rig, widest))


def disturb_voltage(test: TypeTest, name: str, level_pct: float) -> None:
    """Play the sags or swells of the device's abnormal operating category at a level of power; judge each stage."""
    asked = test.figures.ride_through
    section = _known({"sags": asked.low_voltage, "swells": asked.high_voltage}, name, "disturbances of voltage")
    if level_pct / PCT not in section.levels_pu:
        raise ConfigError(f"clause {section.clause} is not tested at {level_pct:g} % of rated power")
    disturbances = section.disturbances[_category(test)]
    ride = VoltageRide(f"{name} at {level_pct:g} %", section, disturbances, level_pct / PCT)
    test.take(ride_through_voltage(test.rig, test.figures, ride))


def disturb_frequency(test: TypeTest, name: str) -> None:
    """Hold a low or a high frequency, and judge what is delivered."""
    asked = test.figures.ride_through
    section = _known({"low": asked.low_frequency, "high": asked.high_frequency}, name, "frequencies")
    _category(test)
    test.take(ride_through_frequency(test.rig, test.figures, section, f"{name} frequency"))


def change_frequency(test: TypeTest) -> None:
    """Change frequency at the rate of the device's abnormal operating category, and judge what is delivered."""
    _category(test)
    test.take(ride_through_rate(test.rig, test.figures))


def turn_angles(test: TypeTest) -> None:
    """Turn the angles of the voltages, and judge what is delivered."""
    test.take(change_phase_angle(test.rig, test.figures))


def require_represented(test: TypeTest, what: str) -> None:
    """Raise NotPassed where the model behind emulated equipment has nothing that could have failed."""
    if what in test.rig.unrepresented:
        raise NotPassed(f"{what}: {test.rig.unrepresented[what]}, and passing proves nothing", Verdict.NOT_RUN)


def require_angles_seen(test: TypeTest) -> None:
    """Raise NotPassed: an analyzer that tells angles against its first phase does not see all phases turn together."""
    reason = f"{test.rig.analyzer_name} tells angles against the first phase: nobody saw all phases turn together"
    raise NotPassed(reason, Verdict.INCONCLUSIVE)


def _category(test: TypeTest) -> Abnormal:
    stated = test.rig.nameplate.abnormal
    if stated not in get_args(Abnormal):
        reason = f"{test.rig.device} states no abnormal operating category, but {stated!r}"
        raise NotPassed(reason, Verdict.NOT_RUN)
    return cast("Abnormal", stated)


def _known(found: Mapping[str, T], name: str, what: str) -> T:
    if name not in found:
        raise ConfigError(f"the suite has no {what} {name!r}; known: {', '.join(found)}")
    return found[name]
