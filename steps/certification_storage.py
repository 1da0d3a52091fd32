"""What a performance test does to a battery: the words of the features under features/certification/storage."""

from pytest_bdd import given, parsers, then, when

from bench.certification.storage.storage_test import StorageTest


@given("the battery under test at rest at rated voltage and frequency")
def at_rest(storage_test: StorageTest) -> None:
    """Command nothing, and let it come into service."""
    storage_test.come_into_service()


@when(parsers.parse("its set-point steps {case}"))
def set_point_steps(storage_test: StorageTest, case: str) -> None:
    """Step the set-point, and look at what comes."""
    storage_test.step(case)


@when(parsers.parse("its {what} is tried"))
def tried(storage_test: StorageTest, what: str) -> None:
    """Carry out the procedure of a clause."""
    storage_test.try_out(what)


@then("everything that was measured of it is inside its limits")
def all_inside(storage_test: StorageTest) -> None:
    """Judge all that was found."""
    storage_test.require_all()
