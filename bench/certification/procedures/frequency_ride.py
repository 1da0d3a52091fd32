"""Riding through frequencies outside of continuous operation, and through fast changes: IEEE 1547.1-2020 clause 5.5.

A device that has tripped delivers nothing; one that has not delivers at least what the widest droop leaves of its
power. Frequency goes from one value to another at the rate that the device's category has to stand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from bench.certification.figures import SuiteFigures
from bench.certification.figures_ride_through import Abnormal, FrequencyRideThrough
from bench.certification.findings import Finding
from bench.certification.played import require_frequency
from bench.certification.riding import Watched, delivers
from bench.certification.rig import NOMINAL_HZ, Rig, Sample
from bench.certification.source_needs import SourceNeeds

RAMP_STEP_S = 0.02
"""How often the source is told a new frequency while it changes, s: about once a cycle."""
SETTLE_S = 5.0
COARSE_S = 1.0


def ride_through_frequency(
    rig: Rig, figures: SuiteFigures, section: FrequencyRideThrough, name: str
) -> Iterator[Finding]:
    """Go to the frequency, hold it, and come back, again and again; yield what was delivered meanwhile and after."""
    mover = _Mover(rig, figures, section.clause)
    mover.require(section.f_hz.value)
    for repetition in range(1, section.repetitions + 1):
        place = f"{name}, repetition {repetition}"
        yield from mover.undisturbed(f"before it, {place}")
        begun_s = rig.clock.now_s
        samples = [*mover.go_to(section.f_hz.value), *rig.hold(section.hold_s.value, COARSE_S)]
        yield from mover.judged(samples, begun_s, section.f_hz.value, place)
        mover.go_to(NOMINAL_HZ)
        yield from mover.undisturbed(f"after it, {place}")


def ride_through_rate(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Change frequency at the rate of the category, all over the range of continuous operation and back."""
    section = figures.ride_through.fast_frequency
    mover = _Mover(rig, figures, section.clause)
    mover.require(*section.turns_hz)
    for repetition in range(1, section.repetitions + 1):
        yield from mover.undisturbed(f"before repetition {repetition}")
        for turn_hz in section.turns_hz:
            begun_s = rig.clock.now_s
            place = f"at {mover.rate_hz_per_s:g} Hz/s to {turn_hz:g} Hz, repetition {repetition}"
            farthest_hz = max(turn_hz, mover.at_hz)
            yield from mover.judged(mover.go_to(turn_hz), begun_s, farthest_hz, place)
        yield from mover.undisturbed(f"after repetition {repetition}")


@dataclass
class _Mover:
    """Moves the source's frequency, and judges what the device delivers."""

    rig: Rig
    figures: SuiteFigures
    clause: str
    at_hz: float = NOMINAL_HZ

    @property
    def rate_hz_per_s(self) -> float:
        """The rate of the device's category."""
        rates = self.figures.ride_through.fast_frequency.rate_hz_per_s
        return rates[cast("Abnormal", self.rig.nameplate.abnormal)].value

    def require(self, *turns_hz: float) -> None:
        """Raise NotPassed, NOT_RUN, where the source cannot go there and back at the rate, or not in small steps."""
        hertz = (NOMINAL_HZ, *turns_hz)
        span_hz = (min(hertz), max(hertz))
        self.rig.require(SourceNeeds(frequency_hz=span_hz, rate_hz_per_s=self.rate_hz_per_s, every_s=RAMP_STEP_S))

    def go_to(self, f_hz: float) -> list[Sample]:
        """Change frequency in steps of about a cycle; return the looks, one a step."""
        start_hz, samples = self.at_hz, list[Sample]()
        count = max(1, round(abs(f_hz - start_hz) / (self.rate_hz_per_s * RAMP_STEP_S)))
        for number in range(1, count + 1):
            self.rig.set_grid(1.0, start_hz + (f_hz - start_hz) * number / count)
            samples += self.rig.hold(RAMP_STEP_S, RAMP_STEP_S)
        self.at_hz = f_hz
        tolerance_hz = self.figures.ride_through.margin.value * self.figures.accuracy.frequency_hz.value
        require_frequency(self.rig, samples[-1], f_hz, tolerance_hz, f"a change of frequency to {f_hz:g} Hz")
        return samples

    def undisturbed(self, place: str) -> list[Finding]:
        """Let it settle at nominal frequency, and judge that it delivers what is offered."""
        self.rig.supply(self.figures.ride_through.offered_pu.value)
        begun_s = self.rig.clock.now_s
        self.rig.set_grid(1.0, self.at_hz)
        return self.judged(self.rig.hold(SETTLE_S, COARSE_S), begun_s, NOMINAL_HZ, place, from_s=SETTLE_S)

    def judged(
        self, samples: list[Sample], begun_s: float, f_hz: float, place: str, from_s: float = 0.0
    ) -> list[Finding]:
        """Judge that what the widest droop leaves is there; below nominal, that is all of it."""
        accuracy, asked = self.figures.accuracy, self.figures.ride_through
        left_pu = asked.droop.left_pu(asked.offered_pu.value, f_hz - NOMINAL_HZ, NOMINAL_HZ)
        uncertainty = self.rig.instrument.power_pu
        watched = Watched(place, self.clause, self.rig.analyzer_name, begun_s, samples, uncertainty)
        return delivers(watched, left_pu, accuracy.widening.value * accuracy.power_pu.value, from_s)
