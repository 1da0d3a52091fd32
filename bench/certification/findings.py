"""What a criterion found: a measurement with its verdict, and the points that decided it."""

import math
from dataclasses import dataclass
from typing import Any

from bench.certification.criteria import Criterion, Reading
from bench.measurement import Measurement
from reports.verdict import Verdict


@dataclass(frozen=True)
class Finding:
    """A response held against its criterion at a moment of the test; `stimulus_unit` where the stimulus has one."""

    what: str
    stimulus: Reading
    response: Reading
    criterion: Criterion
    time_s: float
    source: str
    clause: str
    unit: str = "pu"
    details: tuple[str, ...] = ()
    stimulus_unit: str = ""

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

    @property
    def worded(self) -> str:
        """Say what was measured and what was wanted, with as many digits as tell them apart."""
        value, limits, unit = self.response.value, self.criterion.limits, self.unit
        ends = [f"from {limits.lower:.4g}" if limits.lower is not None else ""]
        ends.append(f"up to {limits.upper:.4g}" if limits.upper is not None else "")
        wanted = " ".join(filter(None, ends))
        return f"{self.what} {value:.4g} +- {self.criterion.uncertainty:.2g} {unit}, wanted {wanted} {unit}"

    def entry(self) -> dict[str, Any]:
        """Return what a record keeps of it; what was not measured is None."""
        return {
            "what": self.what,
            "unit": self.unit,
            "stimulus_unit": self.stimulus_unit,
            "time_s": round(self.time_s, 6),
            "stimulus": _told(self.stimulus.value),
            "response": _told(self.response.value),
            "target": _told(self.criterion.target),
            "error": _told(self.criterion.error(self.response)),
            "lower": self.criterion.limits.lower,
            "upper": self.criterion.limits.upper,
            "uncertainty": self.criterion.uncertainty,
            "verdict": self.verdict.value,
            "details": list(self.details),
        }


def _told(value: float) -> float | None:
    return value if math.isfinite(value) else None
