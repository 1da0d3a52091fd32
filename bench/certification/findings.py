"""What a criterion found: a measurement with its verdict, and the points that decided it."""

from dataclasses import dataclass
from typing import Any

from bench.certification.criteria import Criterion, Reading
from bench.measurement import Measurement
from reports.verdict import Verdict


class NotPassed(AssertionError):  # noqa: N818 - a finding about the device, not an error of the bench
    """A clause that is not passed; `verdict` says whether the device failed or whether that could not be told."""

    def __init__(self, text: str, verdict: Verdict) -> None:
        super().__init__(text)
        self.verdict = verdict


@dataclass(frozen=True)
class Finding:
    """A response held against its criterion at a moment of the test."""

    what: str
    stimulus: Reading
    response: Reading
    criterion: Criterion
    time_s: float
    source: str
    clause: str
    unit: str = "pu"
    details: tuple[str, ...] = ()

    @property
    def measurement(self) -> Measurement:
        """The finding as a measurement; powers are per unit of rated apparent power."""
        return Measurement(
            quantity=self.what,
            value=self.response.value,
            unit=self.unit,
            uncertainty=self.criterion.uncertainty,
            time_s=self.time_s,
            source=self.source,
            limits=self.criterion.limits,
            clause=self.clause,
        )

    @property
    def verdict(self) -> Verdict:
        """PASS, FAIL, or INCONCLUSIVE where the uncertainty decides."""
        return self.measurement.verdict

    def entry(self) -> dict[str, Any]:
        """Return what a record keeps of it."""
        return {
            "what": self.what,
            "unit": self.unit,
            "time_s": round(self.time_s, 6),
            "stimulus": self.stimulus.value,
            "response": self.response.value,
            "target": self.criterion.target,
            "error": self.criterion.error(self.response),
            "lower": self.criterion.limits.lower,
            "upper": self.criterion.limits.upper,
            "uncertainty": self.criterion.uncertainty,
            "verdict": self.verdict.value,
            "details": list(self.details),
        }
