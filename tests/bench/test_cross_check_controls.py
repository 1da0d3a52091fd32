"""What a control senses, by three who can say: its source's set-point, the source's own measurement, the control."""

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.accuracy import ByShare
from bench.measurement import Measurement
from bench.plant.contacts import SourcedSensing
from bench.truth.cross_check_controls import measured, reported, told
from bench.truth.cross_check_site import SiteCheck
from instruments.readings import SecondaryReading
from reports.verdict import Verdict

LIMITS = ByShare(0.001)
LAG_DEG = -30.0


def secondary(voltage_v: float, current_a: float, angle_deg: float) -> SecondaryReading:
    apparent, lag_rad = voltage_v * current_a, math.radians(-angle_deg)
    return SecondaryReading(voltage_v, current_a, apparent * math.cos(lag_rad), apparent * math.sin(lag_rad))


@dataclass
class Bench:
    """A source that makes of its set-point what the test says, and a control that makes of that what the test says."""

    gain: float = 1.0
    turned: bool = False
    own_gain: float = 1.0
    control_gain: float = 1.0
    shows_watts: bool = True
    _output: SecondaryReading = field(default=SecondaryReading(0.0, 0.0, 0.0, 0.0), init=False)

    def set_sensing(self, voltage_v: float, current_a: float, angle_deg: float, _frequency_hz: float) -> None:
        angle_deg += 180.0 if self.turned else 0.0
        self._output = secondary(self.gain * voltage_v, self.gain * current_a, angle_deg)

    def measure(self) -> SecondaryReading:
        return _scaled(self._output, self.own_gain)

    def read_sensed(self) -> SecondaryReading:
        shown = _scaled(self._output, self.control_gain)
        p_w = shown.p_w if self.shows_watts else math.nan
        return SecondaryReading(round(shown.voltage_v, 2), round(shown.current_a, 3), p_w, shown.q_var)

    def findings(self, voltage_v: float = 121.0, current_a: float = 2.5) -> list[Measurement]:
        sensing = SourcedSensing("ltc_source", self)  # type: ignore[arg-type]
        voices = [told(sensing, LIMITS), measured(sensing, LIMITS), reported("ltc", self.read_sensed)]
        check = SiteCheck("substation", 600.0, voices, lambda: (sensing.told.p_w, sensing.told.q_var), 30.0)
        for second in range(90):
            sensing(voltage_v + 0.01 * second, current_a, LAG_DEG)
            check.take(float(second))
        return check.measure(90.0)

    def wrong(self) -> list[Measurement]:
        return [found for found in self.findings() if found.verdict is not Verdict.PASS]


def _scaled(reading: SecondaryReading, gain: float) -> SecondaryReading:
    square = gain * gain
    return SecondaryReading(
        gain * reading.voltage_v, gain * reading.current_a, square * reading.p_w, square * reading.q_var
    )


@given(st.floats(0.999, 1.001), st.floats(0.996, 1.004), st.floats(100.0, 135.0), st.floats(0.0, 8.0))
def test_a_source_and_a_control_within_their_class_agree(
    gain: float, control_gain: float, voltage_v: float, current_a: float
) -> None:
    found = Bench(gain=gain, control_gain=control_gain).findings(voltage_v, current_a)
    assert {m.unit for m in found} == {"V", "A", "W", "var"}
    assert [m.verdict for m in found] == [Verdict.PASS] * 4


@pytest.mark.parametrize(
    ("bench", "quantities"),
    [
        (Bench(gain=0.5), {"voltage", "current", "active power", "reactive power"}),
        (Bench(gain=1.01), {"voltage"}),
        (Bench(gain=0.99), {"voltage"}),
        (Bench(turned=True), {"active power", "reactive power"}),
        (Bench(turned=True, shows_watts=False), {"reactive power"}),
        (Bench(own_gain=1.05), {"voltage", "current"}),
    ],
    ids=[
        "half the range",
        "drifted up",
        "drifted down",
        "current turned round",
        "turned, only vars shown",
        "its meter",
    ],
)
def test_a_source_that_does_not_do_what_it_was_told_is_an_error_of_the_bench(
    bench: Bench, quantities: set[str]
) -> None:
    wrong = bench.wrong()
    assert {found.verdict for found in wrong} == {Verdict.ERROR}
    told_of = {found.quantity.partition(" at ")[0].removeprefix("secondary ") for found in wrong}
    assert told_of >= quantities
    assert all("disagreement of ltc_source" in found.quantity for found in wrong), [found.quantity for found in wrong]


@pytest.mark.parametrize("gain", [0.97, 1.03])
def test_a_control_that_senses_wrong_is_a_finding_about_the_control(gain: float) -> None:
    wrong = Bench(control_gain=gain).wrong()
    assert {found.verdict for found in wrong} == {Verdict.FAIL}
    assert all("disagreement of ltc with" in found.quantity for found in wrong), [found.quantity for found in wrong]
