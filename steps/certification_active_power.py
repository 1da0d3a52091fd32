"""What a type test of active power does to the device: words of the features under features/certification."""

from pytest_bdd import parsers, when

from bench.certification.type_test import TypeTest


@when(parsers.parse('frequency rises from {level_pct:g} % of rated power with droop "{characteristic}"'))
def frequency_rises(type_test: TypeTest, characteristic: str, level_pct: float) -> None:
    """Ramp frequency above nominal step by step, and let the analyzer look."""
    type_test.raise_frequency(characteristic, level_pct)


@when(parsers.parse('frequency falls with droop "{characteristic}"'))
def frequency_falls(type_test: TypeTest, characteristic: str) -> None:
    """Ramp frequency below nominal step by step, and let the analyzer look."""
    type_test.lower_frequency(characteristic)


@when(parsers.parse("voltage and frequency change while volt-watt, frequency-droop, a limit and {mode} are in force"))
def functions_meet(type_test: TypeTest, mode: str) -> None:
    """Take the grid through the states in which functions ask for different things."""
    type_test.prioritize(mode)
