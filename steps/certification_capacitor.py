"""What a type test does to a capacitor control: the words of the features under features/certification/capacitor."""

from pytest_bdd import parsers, then, when

from bench.certification.capacitor import protections, supervision, thresholds, times
from bench.certification.capacitor.bank_test import CapacitorTest


@when("it is asked who it is")
def asked_who(capacitor_test: CapacitorTest) -> None:
    """Read its identity."""
    capacitor_test.carry_out(supervision.identification)


@when("it is set as the suite wants it, and then as cannot work")
def set_and_crossed(capacitor_test: CapacitorTest) -> None:
    """Write and read settings."""
    capacitor_test.carry_out(supervision.settings)


@when("voltage, current and their angle go through the states of the suite")
def through_states(capacitor_test: CapacitorTest) -> None:
    """Compare its readings with the source's."""
    capacitor_test.carry_out(supervision.readings)


@when("the voltage goes in steps beyond each threshold of the voltage mode")
def voltage_beyond(capacitor_test: CapacitorTest) -> None:
    """Find where it closes and where it opens."""
    capacitor_test.carry_out(thresholds.voltage_mode)


@when(parsers.parse("vars at {angle_deg:g} degrees go in steps beyond each threshold of the VAR mode"))
def vars_beyond(capacitor_test: CapacitorTest, angle_deg: float) -> None:
    """Find where it closes and where it opens."""
    capacitor_test.carry_out(thresholds.var_mode, angle_deg)


@when("the temperature goes in steps beyond each threshold of the temperature mode")
def temperature_beyond(capacitor_test: CapacitorTest) -> None:
    """Find where it closes and where it opens."""
    capacitor_test.carry_out(thresholds.temperature_mode)


@when("the voltage goes in steps beyond each threshold of the override")
def override_beyond(capacitor_test: CapacitorTest) -> None:
    """Find where the override closes and opens, and after what time."""
    capacitor_test.carry_out(thresholds.override_thresholds)


@when(parsers.parse("the voltage asks for one thing and the {mode} mode for the other"))
def override_against(capacitor_test: CapacitorTest, mode: str) -> None:
    """Let the override decide against a mode."""
    capacitor_test.carry_out(protections.override_before_mode, mode)


@when("the clock comes to each moment of a schedule within the day")
def schedule_in_a_day(capacitor_test: CapacitorTest) -> None:
    """Set the clock before each moment of a week."""
    capacitor_test.carry_out(times.schedule_in_a_day)


@when("the clock comes to each moment of a schedule over midnight")
def schedule_over_midnight(capacitor_test: CapacitorTest) -> None:
    """Set the clock before the evening, midnight and the morning."""
    capacitor_test.carry_out(times.schedule_over_midnight)


@when("a whole day passes by its own clock")
def whole_day(capacitor_test: CapacitorTest) -> None:
    """Let the schedule run."""
    capacitor_test.carry_out(times.whole_day)


@when("the voltage leaves the band, returns, and leaves it again")
def delays(capacitor_test: CapacitorTest) -> None:
    """Time its delays."""
    capacitor_test.carry_out(times.delays)


@when("SCADA closes and opens the bank in automatic")
def commands(capacitor_test: CapacitorTest) -> None:
    """Send commands, also against the mode."""
    capacitor_test.carry_out(supervision.commands)


@when("it is left to SCADA, and then to itself again")
def remote_manual(capacitor_test: CapacitorTest) -> None:
    """Switch automatic off and on."""
    capacitor_test.carry_out(supervision.remote_manual)


@when("SCADA commands and sets it while its panel is on local")
def local(capacitor_test: CapacitorTest) -> None:
    """Turn the panel's switch."""
    capacitor_test.carry_out(supervision.local)


@when("it is blocked, commanded by SCADA, and freed")
def block(capacitor_test: CapacitorTest) -> None:
    """Block its own logic."""
    capacitor_test.carry_out(supervision.block)


@when("SCADA tries to close the bank while it discharges")
def scada_closes_discharging(capacitor_test: CapacitorTest) -> None:
    """Command a close that has to be refused."""
    capacitor_test.carry_out(protections.no_close_by_scada)


@when("the mode wants the bank open and at once closed again")
def mode_closes_discharging(capacitor_test: CapacitorTest) -> None:
    """Let the own logic want a close that has to wait."""
    capacitor_test.carry_out(protections.no_close_by_mode)


@when("the mode wants one operation more than the daily limit allows")
def daily_limit(capacitor_test: CapacitorTest) -> None:
    """Use the limit up, and let midnight come."""
    capacitor_test.carry_out(protections.daily_limit)


@when("a current flows in the neutral of the bank, and ends")
def neutral_current(capacitor_test: CapacitorTest) -> None:
    """Raise the neutral current in steps."""
    capacitor_test.carry_out(protections.neutral_current)


@when("the potential is lost and comes back")
def lost_potential(capacitor_test: CapacitorTest) -> None:
    """Take the voltage away."""
    capacitor_test.carry_out(protections.lost_potential)


@when("the bank is operated by the mode, and by hand")
def status_and_counters(capacitor_test: CapacitorTest) -> None:
    """Compare its registers with contacts and switch."""
    capacitor_test.carry_out(supervision.status_and_counters)


@then("what was seen of it is inside its limits")
def inside(capacitor_test: CapacitorTest) -> None:
    """Judge all that was found."""
    capacitor_test.require_all()
