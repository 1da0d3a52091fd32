"""The proof of Range A: from the feeder model and from the meters, and not from those that do not answer."""

from dataclasses import dataclass

import numpy as np

from bench.truth.proof import RangeAProof
from bench.truth.range_a import RangeASettings, ServiceVoltages
from instruments.errors import InstrumentError
from reports.verdict import Verdict


@dataclass
class Reader:
    """A meter that reads these legs, or does not answer."""

    legs_v: tuple[float, float] | None

    def read_voltage_v(self) -> tuple[float, float]:
        if self.legs_v is None:
            raise InstrumentError("gateway target failed to respond")
        return self.legs_v


def verdicts(**meters: Reader) -> dict[str, Verdict]:
    """Measure two healthy services with these meters; return verdicts by quantity, without the model's."""
    voltages = ServiceVoltages(("m1", "m2"), RangeASettings(interval_s=10.0, guard_v=0.3))
    for second in range(31):
        voltages.take(float(second), np.full((2, 2), 120.0))
    found = RangeAProof(voltages, meters, reading_uncertainty_v=0.3).measure(0.0, 30.0)  # type: ignore[arg-type]
    return {m.quantity: m.verdict for m in found if m.source != "feeder model"}


def test_healthy_readings_pass() -> None:
    found = verdicts(m1=Reader((119.0, 121.0)), m2=Reader((118.0, 120.0)))
    assert found == {"lowest reading": Verdict.PASS, "highest reading": Verdict.PASS}


def test_a_meter_that_does_not_answer_is_not_measured_and_hides_nobody_else() -> None:
    found = verdicts(m1=Reader(None), m2=Reader((112.0, 120.0)))
    assert found["reading of m1"] is Verdict.NOT_RUN
    assert found["lowest reading"] is Verdict.FAIL


def test_without_any_answer_nothing_is_measured() -> None:
    assert set(verdicts(m1=Reader(None), m2=Reader(None)).values()) == {Verdict.NOT_RUN}
