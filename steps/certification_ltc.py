"""What a type test does to a tap-changer control: the words of the features under features/certification/ltc."""

from pytest_bdd import parsers, then, when

from bench.certification.controls.control_test import ControlTest
from bench.certification.ltc.band import band_edges
from bench.certification.ltc.figures import TapChangerFigures

LtcTest = ControlTest[TapChangerFigures]


@when(parsers.parse('the voltage goes to both edges of the band "{case}"'))
def to_both_edges(ltc_test: LtcTest, case: str) -> None:
    """Find where it raises and where it lowers, and stay inside."""
    ltc_test.take(band_edges(ltc_test.rig, ltc_test.figures, case))


@then("everything that was taken at its contacts is inside its limits")
def all_inside(ltc_test: LtcTest) -> None:
    """Judge all that was found."""
    ltc_test.require_all()
