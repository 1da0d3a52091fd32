"""Riding through frequencies outside of continuous operation, and through fast changes: IEEE 1547.1-2020 clause 5.5.

A device that has tripped delivers nothing; one that has not delivers at least what the widest droop leaves of its
power. Frequency goes from one value to another at the rate that the device's category has to stand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from bench.certification.figures import SuiteFigures
from bench.certification.figures_ride_through import Abnormal, FrequencyRideThrough
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.played import require_frequency
from bench.certification.riding import Watched, delivers
from bench.certification.rig import NOMINAL_HZ, GridStage, Rig, Sample
from bench.certification.source_needs import SourceNeeds
from reports.verdict import Verdict

RAMP_STEP_S = 0.02
"""How often the source is told a new frequency while it changes, s: about once a cycle."""
SETTLE_S = 5.0
COARSE_S = 1.0
RATE_SHARE = 0.95
"""Of its rate that a change of frequency has to have: a slower one is another test."""
NEAR = 1e-9
HOME_S = 0.5
"""How long nominal frequency is held at the end of what a source plays by itself, s."""


def ride_through_frequency(
    rig: Rig, figures: SuiteFigures, section: FrequencyRideThrough, name: str
) -> Iterator[Finding]:
    """Go to the frequency, hold it, and come back, again and again; yield what was delivered meanwhile and after."""
    mover = _Mover(rig, figures, section.clause)
    rig.require(SourceNeeds(frequency_hz=_span_hz(section.f_hz.value)))  # going there more slowly tests the same
    for repetition in range(1, section.repetitions + 1):
        place = f"{name}, repetition {repetition}"
        yield from mover.undisturbed(f"before it, {place}")
        there, _ = mover.travel([(section.f_hz.value, section.hold_s.value), (NOMINAL_HZ, 0.0)])
        yield from mover.judged(there.samples, there.begun_s, section.f_hz.value, place)
        yield from mover.undisturbed(f"after it, {place}")


def ride_through_rate(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Change frequency at the rate of the category, all over the range of continuous operation and back."""
    section = figures.ride_through.fast_frequency
    mover = _Mover(rig, figures, section.clause)
    span_hz, rate = _span_hz(*section.turns_hz), mover.rate_hz_per_s
    rig.require(SourceNeeds(frequency_hz=span_hz, rate_hz_per_s=rate, ramp_step_s=RAMP_STEP_S))
    for repetition in range(1, section.repetitions + 1):
        yield from mover.undisturbed(f"before repetition {repetition}")
        for leg in mover.travel([(turn_hz, 0.0) for turn_hz in section.turns_hz]):
            if leg.rate_hz_per_s < RATE_SHARE * rate:
                raise NotPassed(
                    f"the source changed frequency at {leg.rate_hz_per_s:.3g} Hz/s, not at {rate:g}", Verdict.NOT_RUN
                )
            place = f"at {rate:g} Hz/s to {leg.to_hz:g} Hz, repetition {repetition}"
            yield from mover.judged(leg.samples, leg.begun_s, max(leg.from_hz, leg.to_hz), place)
        yield from mover.undisturbed(f"after repetition {repetition}")


@dataclass(frozen=True)
class Leg:
    """A change of frequency and what was held after it: from where to where, since when and for how long, s, and looks.

    `ramp_s` is how long the change took, and not how long it should have taken.
    """

    from_hz: float
    to_hz: float
    begun_s: float
    ramp_s: float
    samples: list[Sample]

    @property
    def rate_hz_per_s(self) -> float:
        """How fast frequency changed."""
        return abs(self.to_hz - self.from_hz) / self.ramp_s


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

    def travel(self, turns: Sequence[tuple[float, float]]) -> list[Leg]:
        """Change frequency to each value and hold it for its time, s; the last is nominal frequency.

        The source does it by itself where it can and steps over its wire take their time.
        """
        if self.rig.plays_ramps:
            return self._play(turns)
        return [self._go_to(f_hz, hold_s) for f_hz, hold_s in turns]

    def _go_to(self, f_hz: float, hold_s: float) -> Leg:
        """Change frequency in steps of about a cycle, as time passes, with one look a step; then hold it."""
        start_hz, begun_s, samples, done = self.at_hz, self.rig.clock.now_s, list[Sample](), 0.0
        lasts_s = max(RAMP_STEP_S, abs(f_hz - start_hz) / self.rate_hz_per_s)
        while done < 1.0:
            self.rig.clock.catch_up()
            done = min(1.0, (self.rig.clock.now_s - begun_s + RAMP_STEP_S) / lasts_s + NEAR)
            self.rig.set_grid(1.0, start_hz + (f_hz - start_hz) * done)
            samples += self.rig.hold(RAMP_STEP_S, RAMP_STEP_S)
        self.at_hz = f_hz
        ramp_s = self.rig.clock.now_s - begun_s
        require_frequency(self.rig, samples[-1], f_hz, self._tolerance_hz, f"a change of frequency to {f_hz:g} Hz")
        return Leg(start_hz, f_hz, begun_s, ramp_s, [*samples, *(self.rig.hold(hold_s, COARSE_S) if hold_s else ())])

    def _play(self, turns: Sequence[tuple[float, float]]) -> list[Leg]:
        ramps_s = [abs(to - was) / self.rate_hz_per_s for was, (to, _) in zip(self._from(turns), turns, strict=True)]
        stages = [
            stage
            for (f_hz, hold_s), ramp_s in zip(turns, ramps_s, strict=True)
            for stage in (GridStage(ramp_s, f_hz=f_hz, ramp=True), GridStage(hold_s, f_hz=f_hz))
        ]
        self.rig.play([stage for stage in [*stages, GridStage(HOME_S)] if stage.duration_s > 0.0])
        legs = [self._leg(*leg) for leg in zip(self._from(turns), turns, ramps_s, strict=True)]
        self.rig.hold(HOME_S, HOME_S)
        self.rig.end_play()
        return legs

    def _leg(self, from_hz: float, turn: tuple[float, float], ramp_s: float) -> Leg:
        """Look at a part of what the source plays, and whether frequency is where it should be all the way."""
        (f_hz, hold_s), begun_s = turn, self.rig.clock.now_s
        ramp = self.rig.hold(ramp_s, RAMP_STEP_S)
        late_hz = self.rate_hz_per_s * (self.rig.update_s + RAMP_STEP_S) + self._tolerance_hz
        for sample in ramp:
            due_hz = from_hz + (f_hz - from_hz) * min(1.0, (sample.time_s - begun_s) / ramp_s)
            require_frequency(self.rig, sample, due_hz, late_hz, f"a change of frequency to {f_hz:g} Hz")
        held = self.rig.hold(hold_s, COARSE_S) if hold_s else []
        for sample in held[-1:]:
            require_frequency(self.rig, sample, f_hz, late_hz, f"{f_hz:g} Hz")
        return Leg(from_hz, f_hz, begun_s, ramp_s, [*ramp, *held])

    def _from(self, turns: Sequence[tuple[float, float]]) -> list[float]:
        return [self.at_hz, *(f_hz for f_hz, _ in turns[:-1])]

    @property
    def _tolerance_hz(self) -> float:
        return self.figures.ride_through.margin.value * self.figures.accuracy.frequency_hz.value

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


def _span_hz(*turns_hz: float) -> tuple[float, float]:
    """Return the lowest and the highest frequency on the way from nominal to others and back."""
    return min(NOMINAL_HZ, *turns_hz), max(NOMINAL_HZ, *turns_hz)
