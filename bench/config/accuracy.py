"""The part of the bench file that says how far an instrument may be off, as its maker states it."""

from typing import Annotated

from pydantic import Field, model_validator

from bench.config.section import Section

Share = Annotated[float, Field(ge=0, le=100)]
Positive = Annotated[float, Field(gt=0)]


class QuantityAccuracy(Section):
    """Limit of error of one phase: percent of the reading plus percent of the range, which is in V, A or W and var."""

    reading_pct: Share
    range_pct: Share = 0.0
    range: Positive | None = None

    @model_validator(mode="after")
    def _has_the_range_it_is_of(self) -> "QuantityAccuracy":
        if self.range_pct and self.range is None:
            raise ValueError("range_pct: of which `range`?")
        return self

    @property
    def fixed(self) -> float:
        """The part that does not depend on the reading, in the quantity's own unit."""
        return self.range_pct / 100.0 * (self.range or 0.0)


class PowerAccuracy(QuantityAccuracy):
    """As of any quantity, for active and for reactive power.

    `zero_factor_pct` is the influence of the power factor as makers state it: percent of the apparent power by which
    active power may be off where the power factor is 0. It is the error of phase between voltage and current, in
    hundredths of a radian, and so puts as much of the active power on the reactive.
    """

    zero_factor_pct: Share = 0.0


class Accuracy(Section):
    """Limits of error of an instrument that sources or measures AC; `bench.accuracy` makes uncertainties of them.

    `power` is left out for a source of PT and CT secondaries: there it follows from the other two. `frequency_hz` is
    that of a frequency, `time_s` that of a time between two of its own time stamps.
    """

    voltage: QuantityAccuracy
    current: QuantityAccuracy
    power: PowerAccuracy | None = None
    frequency_hz: Annotated[float, Field(ge=0)] | None = None
    time_s: Annotated[float, Field(ge=0)] | None = None

    @property
    def worded(self) -> str:
        """Say it in a line, as a certificate does."""
        parts = [_worded("voltage", self.voltage, "V"), _worded("current", self.current, "A")]
        parts += [] if self.power is None else [self._power_worded(self.power)]
        parts += [] if self.frequency_hz is None else [f"frequency {self.frequency_hz:g} Hz"]
        parts += [] if self.time_s is None else [f"time {self.time_s:g} s"]
        return "; ".join(parts)

    @staticmethod
    def _power_worded(power: PowerAccuracy) -> str:
        across = f" + {power.zero_factor_pct:g} % of the power across" if power.zero_factor_pct else ""
        return _worded("power", power, "VA") + across


def _worded(name: str, accuracy: QuantityAccuracy, unit: str) -> str:
    of_range = f" + {accuracy.range_pct:g} % of {accuracy.range:g} {unit}" if accuracy.range_pct else ""
    return f"{name} {accuracy.reading_pct:g} % of reading{of_range}"
