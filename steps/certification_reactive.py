"""What a type test of reactive power does to the device: words of the features under features/certification."""

from pytest_bdd import parsers, when

from bench.certification.type_test import TypeTest


@when(parsers.parse('power and voltage are disturbed at the power factor "{setting}"'))
def disturbed_at_power_factor(type_test: TypeTest, setting: str) -> None:
    """Command a power factor of the suite, and disturb what the device is in front of."""
    type_test.hold_power_factor(setting)


@when(parsers.parse('power and voltage are disturbed at the reactive power "{setting}"'))
def disturbed_at_reactive_power(type_test: TypeTest, setting: str) -> None:
    """Command a share of rated vars, and disturb what the device is in front of."""
    type_test.hold_reactive_power(setting)


@when("the voltages are unbalanced and balanced again")
def unbalanced(type_test: TypeTest) -> None:
    """Step the source to each case of unbalance, and back to balance."""
    type_test.unbalance()


@when(parsers.parse("the voltage steps up and down while its reference follows with {time_constant_s:g} s"))
def reference_follows(type_test: TypeTest, time_constant_s: float) -> None:
    """Let the device adjust its reference voltage by itself."""
    type_test.follow_voltage(time_constant_s)
