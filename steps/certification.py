"""What a type test does to the device, and what it judges: the words of the features under features/certification."""

from pytest_bdd import given, parsers, then, when

from bench.certification.type_test import TypeTest


@given("the device under test in service at rated voltage and frequency")
def in_service(type_test: TypeTest) -> None:
    """Offer rated power and wait until the analyzer sees it."""
    type_test.enter_service()


@given(parsers.parse('every function is off but volt-var with characteristic "{name}"'))
def only_volt_var(type_test: TypeTest, name: str) -> None:
    """Have the device adopt a characteristic of its category, over its own interface."""
    type_test.follow_volt_var(name)


@given(parsers.parse("{level_pct:g} % of rated power is offered"))
def offered(type_test: TypeTest, level_pct: float) -> None:
    """Let the DC side offer a share of rated power."""
    type_test.offer(level_pct)


@when("the source steps through the voltages of the characteristic")
def step_through(type_test: TypeTest) -> None:
    """Step the voltage, and let the analyzer look."""
    type_test.step_through_voltages()


@then("each response is inside its band when the response time is over")
def responds_in_time(type_test: TypeTest) -> None:
    """Judge the 90 % rule at the open-loop response time."""
    type_test.require_inside("s")


@then("each response is inside its band at rest")
def rests_inside(type_test: TypeTest) -> None:
    """Judge the steady state."""
    type_test.require_inside("at rest")
