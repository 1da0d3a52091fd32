"""What a conformance test examines of an interface: the words of the features under features/certification/sunspec."""

from pytest_bdd import given, parsers, then, when

from bench.certification.sunspec.conformance import ConformanceTest


@given("the device under test with an interface to be examined")
def interface(conformance: ConformanceTest) -> None:
    """Put voltage on the device, and offer it power."""
    conformance.energize()


@when(parsers.parse("it is examined for its {aspect}"))
def examine(conformance: ConformanceTest, aspect: str) -> None:
    """Examine one aspect."""
    conformance.examine(aspect)


@then("nothing is found against it")
def nothing_found(conformance: ConformanceTest) -> None:
    """Judge what was found."""
    conformance.require_nothing()
