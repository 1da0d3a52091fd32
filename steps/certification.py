"""What a type test does to the device, and what it judges: the words of the features under features/certification."""

from collections.abc import Iterator

from pytest_bdd import given, parsers, then, when

from bench.certification.as_found import remember
from bench.certification.session import Trial
from bench.certification.type_test import TypeTest
from instruments.errors import BenchError


@given("the device under test in service at rated voltage and frequency")
def in_service(type_test: TypeTest, trial: Trial) -> Iterator[None]:
    """Offer rated power and wait until the analyzer sees it.

    When the test is over, on every way out, its droop and its way of entering service are again as they were found.
    """
    put_back = remember(type_test.rig.functions)
    try:
        type_test.enter_service()
        yield
    finally:
        try:
            put_back()
        except BenchError as error:
            trial.take_failure("droop and enter-service settings could not be set as they were", error)


@given("every function is off")
def functions_off(type_test: TypeTest) -> None:
    """Switch off what follows a characteristic, and what commands power."""
    type_test.switch_off_functions()


@given(parsers.parse('every function is off but {function} with characteristic "{name}"'))
def only_one_function(type_test: TypeTest, function: str, name: str) -> None:
    """Have the device adopt a characteristic of its category, over its own interface."""
    type_test.follow(function, name)


@given(parsers.parse("{level_pct:g} % of rated power is offered"))
def offered(type_test: TypeTest, level_pct: float) -> None:
    """Let the DC side offer a share of rated power."""
    type_test.offer(level_pct)


@when("the stimulus steps through the characteristic")
def step_through(type_test: TypeTest) -> None:
    """Step voltage or active power, and let the analyzer look."""
    type_test.step_through()


@when("active power is limited to each level, again and again")
def limit_power(type_test: TypeTest) -> None:
    """Command the limits of the suite."""
    type_test.limit_power()


@when(parsers.parse('the grid comes and goes as in the case "{case}"'))
def comes_and_goes(type_test: TypeTest, case: str) -> None:
    """Keep the device out by permit and grid, let it in, interrupt it, stop it."""
    type_test.try_enter_service(case)


@when("its permit is withdrawn while it delivers, and given back")
def permit_withdrawn(type_test: TypeTest) -> None:
    """Withdraw the permit beside active power and vars, watch, and let the device come back."""
    type_test.cease()


@when("its readings are compared in each state of the suite")
def compare_readings(type_test: TypeTest) -> None:
    """Read the device and the analyzer side by side."""
    type_test.compare_readings()


@when("its state is compared out of service and in it")
def compare_states(type_test: TypeTest) -> None:
    """Read whether the device says that it runs, is connected, has an alarm."""
    type_test.compare_states()


@when("its nameplate is read")
def read_nameplate(type_test: TypeTest) -> None:
    """Read all that the device states of itself."""
    type_test.examine_nameplate()


@when("each of its ratings is configured to less and back")
def configure_ratings(type_test: TypeTest) -> None:
    """Configure the ratings over the device's own interface."""
    type_test.configure_ratings()


@when("each of its functions is set at each point of the suite")
def write_settings(type_test: TypeTest) -> None:
    """Write settings, and read the settings file."""
    type_test.write_settings()


@when(parsers.parse("the grid goes just inside and beyond {stage} at its {setting} setting"))
def goes_beyond(type_test: TypeTest, stage: str, setting: str) -> None:
    """Set one stage of a trip with all others out of its way, and go to both sides of its level."""
    type_test.trip(stage, setting)


@then("nothing trips just inside the level")
def nothing_trips(type_test: TypeTest) -> None:
    """Judge that the device is still there."""
    type_test.require_all("just inside")


@then("each response is inside its band when the response time is over")
def responds_in_time(type_test: TypeTest) -> None:
    """Judge the 90 % rule at the open-loop response time."""
    type_test.require_all(" s")


@then("each response is inside its band at rest")
def rests_inside(type_test: TypeTest) -> None:
    """Judge the steady state."""
    type_test.require_all("at rest")


@then("it has delivered active power all the time")
def stayed_in_service(type_test: TypeTest) -> None:
    """Judge that the device did not trip meanwhile: it would give no vars, which many a band allows."""
    type_test.require_service()


@then("everything that was measured is inside its limits")
def all_inside(type_test: TypeTest) -> None:
    """Judge all that was found."""
    type_test.require_all()
