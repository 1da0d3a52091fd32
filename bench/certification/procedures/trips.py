"""Voltage and frequency trips: IEEE 1547.1-2020 clauses 5.4.2, 5.4.3, 5.5.1 and 5.5.2.

Just inside the level nothing may trip. Beyond it the device has to cease to energize in its clearing time and stay out
when the grid comes back. Where it ceases at once without having tripped (momentary cessation, IEEE 1547-2018 6.4.2),
power does not show the trip: then the grid comes back once before the trip may come, and the device has to be there,
and once when it has to have come, and the device has to be out.
"""

from collections.abc import Iterator, Sequence
from statistics import fmean

from bench.certification.criteria import Criterion, Reading, at_least, at_most
from bench.certification.crossing import Lines, Stepper
from bench.certification.figures import SuiteFigures
from bench.certification.figures_trips import StageFigures, TripSetting
from bench.certification.findings import Finding
from bench.certification.moments import Crossing
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.widening import held_trips
from bench.certification.rig import Rig, Sample
from bench.certification.trip_plan import trip_plan
from instruments.errors import InstrumentError
from instruments.readings import EnterServiceSettings, Trip, TripKind
from reports.verdict import Verdict

RETURN_S = 1.5
"""How long the device is watched when the grid is back, s: IEEE 1547-2018 6.4.2 gives 0.4 s to restore output."""
LOOKS_A_RETURN = 15
RESTING = 5
"""Looks at the end of it that are judged."""
PATIENCE = 3.0
"""Of delay and ramp, after which a device that has not come back into service is not waited for any more."""


class TripTest:
    """One stage of a trip at one setting. `run` yields findings; it raises NotPassed and what the drivers raise."""

    def __init__(self, rig: Rig, figures: SuiteFigures, stage: StageFigures, setting: TripSetting) -> None:
        self._rig, self._figures, self._trips = rig, figures, figures.trips
        self._restored_share = figures.ride_through.restored_share.value
        self._plan = trip_plan(figures, stage, setting, rig.nameplate.abnormal)
        self._stepper = Stepper(rig, self._plan, self._plan.beyond, self._trips.rise_s.value)
        self._name = f"{stage.name} {setting.name}"

    def run(self) -> Iterator[Finding]:
        """Set the stage, take the device just inside and beyond its level, and put the settings back in the end."""
        before = held_trips(self._rig, self._plan.in_force)
        try:
            self._prepare()
            for what, lines in self._selections():
                yield from self._just_inside(what, lines)
                yield from self._beyond(what, lines, self._trips.repetitions)
                yield from self._just_beyond(what, lines)
        finally:
            for kind, trip in before.items():
                self._set(kind, trip)

    def _prepare(self) -> None:
        """Bring all other functions out of the way, and the device into service at the power of the test."""
        device, criteria = self._rig.functions, self._figures.enter_service.named("default")
        device.disable_frequency_droop()
        for kind, trip in self._plan.in_force.items():
            self._set(kind, trip)
        delay_s, ramp_s = self._trips.return_delay_s.value, self._trips.return_ramp_s.value
        device.set_enter_service(EnterServiceSettings(criteria.v_pu, criteria.f_hz, delay_s, ramp_s))
        self._rig.supply(self._trips.power_pu.value)
        self._await_service()
        self._stepper.require_timing()

    def _set(self, kind: TripKind, trip: Trip) -> None:
        """Set a trip; a device that refuses what it has to be adjustable to fails."""
        try:
            self._rig.functions.set_trip(kind, trip)
        except InstrumentError as error:
            raise NotPassed(f"a setting within the range of adjustment is not taken: {error}", Verdict.FAIL) from error

    def _selections(self) -> list[tuple[str, Lines]]:
        """Return what is stepped: frequency, or the voltage of all phases and that of each by itself."""
        if not self._plan.by_voltage:
            return [("frequency", ())]
        lines = range(self._rig.phases)
        each = [(f"phase {line + 1}", (line,)) for line in lines] if self._rig.phases > 1 else []
        return [("all phases", tuple(lines)), *each]

    def _await_service(self) -> list[Sample]:
        """Wait at rated voltage and frequency until the device delivers; return the last look."""
        self._stepper.nominal()
        wanted_pu = self._figures.service.delivers_share.value * self._trips.power_pu.value
        longest_s = PATIENCE * (self._trips.return_delay_s.value + self._trips.return_ramp_s.value)
        deadline_s = self._rig.clock.now_s + longest_s
        while (samples := self._rig.hold(1.0, 1.0))[-1].p_pu < wanted_pu:
            if self._rig.clock.now_s > deadline_s:
                raise NotPassed(
                    f"{self._rig.device} did not come back into service in {longest_s:g} s", Verdict.NOT_RUN
                )
        return samples

    def _just_inside(self, what: str, lines: Lines) -> Iterator[Finding]:
        held_s = self._plan.setting.time_s + 2.0 * self._plan.tolerance_s
        before_pu = self._await_service()[-1].p_pu
        stimulus = self._stepper.inside(lines, held_s)
        self._stepper.nominal()
        place = f"active power after {held_s:.4g} s, {what}, {self._name}: just inside"
        yield self._there(place, stimulus, self._watch(), before_pu)

    def _just_beyond(self, what: str, lines: Lines) -> Iterator[Finding]:
        """Cross the level once more, by no more than it has to be known."""
        if self._plan.just_beyond is not None:
            self._stepper = Stepper(self._rig, self._plan, self._plan.just_beyond, self._trips.rise_s.value)
            yield from self._beyond(f"{what} just beyond", lines, 1)

    def _beyond(self, what: str, lines: Lines, repetitions: int) -> Iterator[Finding]:
        """Cross the level again and again; where power hides the trip, look where the device is afterwards."""
        hidden = False
        for repetition in range(1, repetitions + 1):
            place = f"{what}, {self._name}, repetition {repetition}"
            before_pu = self._await_service()[-1].p_pu
            if hidden:
                yield from self._bracketed(place, lines, before_pu)
                continue
            crossing = self._stepper.cross(lines, before_pu)
            early = self._is_early(crossing)
            if not early:
                self._stepper.stay(crossing)
            self._stepper.nominal()
            back = self._watch()
            hidden = early and _mean_p(back) >= self._restored_share * before_pu
            yield from self._bracketed(place, lines, before_pu) if hidden else self._cleared(place, crossing, back)

    def _is_early(self, crossing: Crossing) -> bool:
        """Tell whether power ceased before a trip may come; then the grid comes back at once, to see what it was."""
        if crossing.ceased is None or self._plan.limits.lower is None:
            return False
        return crossing.taken.value < self._plan.limits.lower

    def _cleared(self, place: str, crossing: Crossing, back: Sequence[Sample]) -> Iterator[Finding]:
        """Judge a clearing time that power shows, and that the device stays out when the grid is back."""
        taken = crossing.taken
        criterion = Criterion(self._plan.setting.time_s, self._plan.limits, taken.uncertainty)
        time_s = crossing.last.time_s
        yield self._found(f"clearing time, {place}", crossing.stimulus, taken, criterion, time_s, "s")
        yield from self._out(place, crossing.stimulus, back)

    def _bracketed(self, place: str, lines: Lines, before_pu: float) -> Iterator[Finding]:
        """Let the grid come back before the trip may come, and when it has to have come."""
        earliest_s, latest_s = self._plan.limits.lower or 0.0, self._plan.limits.upper or 0.0
        self._await_service()
        stimulus = self._stepper.dwell(lines, earliest_s)
        yield self._there(f"active power after {earliest_s:.4g} s beyond, {place}", stimulus, self._watch(), before_pu)
        self._await_service()
        stimulus = self._stepper.dwell(lines, latest_s)
        yield from self._out(f"{latest_s:.4g} s beyond, {place}", stimulus, self._watch())

    def _watch(self) -> list[Sample]:
        """Watch what comes when the grid is back; return the looks at the end."""
        return self._rig.hold(RETURN_S, RETURN_S / LOOKS_A_RETURN)[-RESTING:]

    def _there(self, what: str, stimulus: Reading, samples: Sequence[Sample], before_pu: float) -> Finding:
        response = self._rig.active_power(samples)
        return self._found(
            what, stimulus, response, at_least(self._restored_share * before_pu, response), samples[-1].time_s
        )

    def _out(self, place: str, stimulus: Reading, samples: Sequence[Sample]) -> Iterator[Finding]:
        """Judge that nothing comes: no active power, and no more vars than passive parts may draw."""
        active, reactive = (
            Reading(abs(r.value), r.uncertainty)
            for r in (self._rig.active_power(samples), self._rig.reactive_power(samples))
        )
        service = self._figures.service
        most_pu, nothing_pu = service.vars_left_pu(self._rig.nameplate.va_max_va), service.nothing_pu.value
        time_s = samples[-1].time_s
        yield self._found(
            f"active power when it has tripped, {place}", stimulus, active, at_most(nothing_pu, active), time_s
        )
        yield self._found(
            f"reactive power when it has tripped, {place}", stimulus, reactive, at_most(most_pu, reactive), time_s
        )

    def _found(
        self, what: str, stimulus: Reading, response: Reading, criterion: Criterion, time_s: float, unit: str = "pu"
    ) -> Finding:
        source, clause = self._rig.analyzer_name, self._plan.stage.clause
        return Finding(what, stimulus, response, criterion, time_s, source, clause, unit)


def _mean_p(samples: Sequence[Sample]) -> float:
    return fmean(sample.p_pu for sample in samples)
