"""What the grid does to a device that has to ride through it: the words of the features on abnormal conditions."""

from collections.abc import Iterator

from pytest_bdd import given, parsers, then, when

from bench.certification.abnormal import (
    change_frequency,
    disturb_frequency,
    disturb_voltage,
    keep_others_out,
    require_angles_seen,
    require_represented,
    turn_angles,
)
from bench.certification.session import Trial
from bench.certification.type_test import TypeTest
from instruments.errors import BenchError


@given("its trips are as wide as they go")
def trips_out(type_test: TypeTest, trial: Trial) -> Iterator[None]:
    """Keep trips, and power that follows frequency, out of the test; when that is over, bring the trips back."""
    bring_back = keep_others_out(type_test)
    yield
    try:
        bring_back()
    except BenchError as error:
        trial.take_failure("trips could not be set as they were", error)


@when(parsers.parse("voltage {name} as its category has to ride through, at {level_pct:g} % of rated power"))
def voltage_disturbed(type_test: TypeTest, name: str, level_pct: float) -> None:
    """Let voltage leave the range of continuous operation, and come back."""
    disturb_voltage(type_test, name, level_pct)


@when(parsers.parse("frequency is {name} for as long as it has to ride through, again and again"))
def frequency_disturbed(type_test: TypeTest, name: str) -> None:
    """Let frequency leave the range of continuous operation, and come back."""
    disturb_frequency(type_test, name)


@when("frequency changes as fast as its category has to stand, again and again")
def frequency_changed(type_test: TypeTest) -> None:
    """Let frequency run from one end of continuous operation to the other."""
    change_frequency(type_test)


@when("the voltages' angles change by steps, again and again")
def angles_turned(type_test: TypeTest) -> None:
    """Turn the angle of each phase, and of all of them."""
    turn_angles(type_test)


@then(parsers.parse("the device under test is one that could have failed at a {what}"))
def could_have_failed(type_test: TypeTest, what: str) -> None:
    """Tell a device from a model of one that has nothing of what was tested."""
    require_represented(type_test, what)


@then("the analyzer has seen all angles change")
def angles_seen(type_test: TypeTest) -> None:
    """Tell what was measured from what was only set."""
    require_angles_seen(type_test)
