"""What a type test does to a tap-changer control: the words of the features under features/certification/ltc."""

from pytest_bdd import parsers, then, when

from bench.certification.controls.control_test import ControlTest
from bench.certification.ltc.band import band_edges
from bench.certification.ltc.closed_loop import closed_loop
from bench.certification.ltc.compensation import line_drop
from bench.certification.ltc.figures import TapChangerFigures
from bench.certification.ltc.limits import lost_potential, run_back, tap_limits, voltage_limit
from bench.certification.ltc.orders import block, counter, local, manual
from bench.certification.ltc.reduction import voltage_reduction
from bench.certification.ltc.reverse_power import reverse_power
from bench.certification.ltc.statements import readings, settings
from bench.certification.ltc.timing import definite_delay, inter_tap_delay, inverse_delay

LtcTest = ControlTest[TapChangerFigures]


@when(parsers.parse('the voltage goes to both edges of the band "{case}"'))
def to_both_edges(ltc_test: LtcTest, case: str) -> None:
    """Find where it raises and where it lowers, and stay inside."""
    ltc_test.take(band_edges(ltc_test.rig, ltc_test.figures, case))


@when(parsers.parse('the voltage leaves the band under the definite delay "{case}"'))
def leaves_definite(ltc_test: LtcTest, case: str) -> None:
    """Time the first closure on both sides, and after a return."""
    ltc_test.take(definite_delay(ltc_test.rig, ltc_test.figures, case))


@when(parsers.parse('the voltage leaves the band under the inverse delay "{case}"'))
def leaves_inverse(ltc_test: LtcTest, case: str) -> None:
    """Time the first closure on both sides, far from the band."""
    ltc_test.take(inverse_delay(ltc_test.rig, ltc_test.figures, case))


@when(parsers.parse('the voltage stays outside of the band under the inter-tap delay "{case}"'))
def stays_outside(ltc_test: LtcTest, case: str) -> None:
    """Time operations from closure to closure."""
    ltc_test.take(inter_tap_delay(ltc_test.rig, ltc_test.figures, case))


@when(parsers.parse('the current turns under the compensation "{case}"'))
def current_turns(ltc_test: LtcTest, case: str) -> None:
    """Find the edge of the band with a current at each angle."""
    ltc_test.take(line_drop(ltc_test.rig, ltc_test.figures, case))


@when(parsers.parse('the taps come to the limits "{case}"'))
def taps_come(ltc_test: LtcTest, case: str) -> None:
    """Have it operate to its limits, and want to go on."""
    ltc_test.take(tap_limits(ltc_test.rig, ltc_test.figures, case))


@when(parsers.parse('the voltage passes the "{case}"'))
def passes_level(ltc_test: LtcTest, case: str) -> None:
    """Find the level from which on it stays although it wants to operate."""
    ltc_test.take(voltage_limit(ltc_test.rig, ltc_test.figures, case))


@when("the voltage goes beyond the level of run-back")
def runs_back(ltc_test: LtcTest) -> None:
    """See it lower at once."""
    ltc_test.take(run_back(ltc_test.rig, ltc_test.figures))


@when(parsers.parse('the sensed voltage is lost below the "{case}"'))
def loses_potential(ltc_test: LtcTest, case: str) -> None:
    """Take the voltage away, and find where it counts as lost."""
    ltc_test.take(lost_potential(ltc_test.rig, ltc_test.figures, case))


@when("SCADA blocks the control outside of its band")
def blocks(ltc_test: LtcTest) -> None:
    """Block it where it wants to operate, and free it."""
    ltc_test.take(block(ltc_test.rig, ltc_test.figures))


@when("SCADA takes the taps over")
def takes_over(ltc_test: LtcTest) -> None:
    """Go to SCADA-manual, order taps, and go back."""
    ltc_test.take(manual(ltc_test.rig, ltc_test.figures))


@when("its panel is switched to local")
def switches_to_local(ltc_test: LtcTest) -> None:
    """Keep SCADA out by the switch on the panel."""
    ltc_test.take(local(ltc_test.rig, ltc_test.figures))


@when("it operates by itself and by SCADA")
def is_counted(ltc_test: LtcTest) -> None:
    """Read its counter before and after."""
    ltc_test.take(counter(ltc_test.rig, ltc_test.figures))


@when("its readings are compared with the source")
def is_compared(ltc_test: LtcTest) -> None:
    """Read the control and the source side by side."""
    ltc_test.take(readings(ltc_test.rig, ltc_test.figures))


@when("each of its settings is written twice")
def is_written(ltc_test: LtcTest) -> None:
    """Write all settings, then read all."""
    ltc_test.take(settings(ltc_test.rig, ltc_test.figures))


@when(parsers.parse('the loop is closed upon "{case}"'))
def closes_loop(ltc_test: LtcTest, case: str) -> None:
    """Let each operation move what the control senses."""
    ltc_test.take(closed_loop(ltc_test.rig, ltc_test.figures, case))


@when(parsers.parse("SCADA reduces the voltage by stage {stage:d}"))
def reduces(ltc_test: LtcTest, stage: int) -> None:
    """Put a stage of reduction into force, and end it."""
    ltc_test.take(voltage_reduction(ltc_test.rig, ltc_test.figures, stage))


@when(parsers.parse('power is reversed in the mode "{mode}"'))
def reversed_power(ltc_test: LtcTest, mode: str) -> None:
    """Turn the current round, and see what the mode makes of it."""
    ltc_test.take(reverse_power(ltc_test.rig, ltc_test.figures, mode))


@then("everything that was taken at its contacts is inside its limits")
def all_inside(ltc_test: LtcTest) -> None:
    """Judge all that was found."""
    ltc_test.require_all()
