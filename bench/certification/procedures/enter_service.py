"""Entering service: IEEE 1547.1-2020 clause 5.6, Table 11.

The device is kept out by its permit and by a grid outside of its criteria. Once the grid is inside, nothing may come
before the delay, an interruption starts the delay anew, and power may not be there before the ramp allows it. Where the
delay is drawn in place of a ramp, power has to come before the longest that may be drawn is over.
"""

import math
from collections.abc import Callable, Iterator, Sequence

from bench.certification.criteria import Criterion, Reading, at_least, at_most
from bench.certification.figures import EnterServiceCase, GridState, SuiteFigures
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig, Sample
from instruments.readings import EnterServiceSettings
from reports.verdict import Verdict

LEAST_WAIT_S = 60.0
INTERRUPTION_S = 0.1
PATIENCE = 1.3
"""Of delay and ramp together, after which a device that has not arrived is not waited for any more."""
PERMIT_S = 5.0
LOOKS_A_RAMP = 500


def enter_service_case(rig: Rig, figures: SuiteFigures, case: EnterServiceCase) -> Iterator[Finding]:
    """Take the device through one case; yield what was found at each stage."""
    tell = Teller(rig, figures.enter_service.clause, f"case {case.name}", figures.service.nothing_pu.value)
    _require_drawing(rig, case)
    rig.functions.cease_to_energize()
    rig.functions.set_enter_service(_settings(case))
    yield tell.silent(_wait(rig, case), "without permit")
    _set(rig, case.outside)
    rig.functions.enter_service()
    yield tell.silent(_wait(rig, case), "outside of the criteria")
    if case.delay_s:
        yield from _interrupted(rig, case, tell)
    _set(rig, case.inside)
    yield from entered(rig, figures, case, tell)
    rig.functions.cease_to_energize()
    within_s = figures.service.cease_within_s.value
    rig.hold(within_s, within_s / 20.0)
    yield tell.silent(rig.hold(1.0, 0.1), f"{within_s:g} s after the permit was withdrawn")
    if case.delay_s:
        rig.functions.enter_service()
        yield tell.silent(rig.hold(PERMIT_S, 0.5), "just after it was permitted again")


class Teller:
    """Words findings of a clause, of whose cases or runs each has its name; `nothing_pu` may come of no power."""

    def __init__(self, rig: Rig, clause: str, case: str, nothing_pu: float) -> None:
        self._rig, self._clause, self._case, self.nothing_pu = rig, clause, case, nothing_pu

    def silent(self, samples: Sequence[Sample], when: str) -> Finding:
        """Judge that nothing comes, by the sample with the most."""
        most = max(samples, key=lambda sample: abs(sample.p_pu))
        response = Reading(abs(most.p_pu), self._rig.instrument.power_pu)
        return self.found(f"active power {when}", response, at_most(self.nothing_pu, response), most.time_s)

    def duration(self, what: str, taken_s: float, criterion: Callable[[Reading], Criterion], time_s: float) -> Finding:
        """Judge how long something took."""
        response = Reading(taken_s, self._rig.last_step_s + self._rig.timing_s)
        return self.found(what, response, criterion(response), time_s, "s")

    def found(self, what: str, response: Reading, criterion: Criterion, time_s: float, unit: str = "pu") -> Finding:
        """Hold a response against a criterion."""
        name = f"{what}, {self._case}"
        return Finding(name, Reading(0.0), response, criterion, time_s, self._rig.analyzer_name, self._clause, unit)


def _interrupted(rig: Rig, case: EnterServiceCase, tell: Teller) -> Iterator[Finding]:
    """Let the grid be inside for a quarter of the delay, then outside for a moment: the delay has to begin anew."""
    _set(rig, case.inside)
    yield tell.silent(rig.hold(case.delay_s / 4.0, 1.0), "in the first quarter of the delay")
    _set(rig, case.outside)
    rig.hold(INTERRUPTION_S, INTERRUPTION_S / 2.0)


def entered(
    rig: Rig, figures: SuiteFigures, case: EnterServiceCase, tell: Teller, whole_pu: float = 1.0
) -> Iterator[Finding]:
    """Measure when power begins and when the whole of it is there, from the moment on at which the device may enter.

    `whole_pu` is what the device delivers in the end, per unit of rated.
    """
    rig.clock.catch_up()  # the command that let it in took its time
    since_s, section = rig.clock.now_s, figures.enter_service
    arrived_pu = section.arrived_share.value * whole_pu
    rising_s = case.random_s or case.ramp_s
    longest_s = max(LEAST_WAIT_S, PATIENCE * (case.delay_s + rising_s))
    step_s = min(1.0, rising_s / LOOKS_A_RAMP)
    begun_s = _until(rig, tell.nothing_pu, longest_s, step_s)
    arrived_s = _until(rig, arrived_pu, longest_s, step_s)
    if begun_s is None or arrived_s is None:
        missing = Reading(0.0, rig.instrument.power_pu)
        yield tell.found("active power at the end", missing, at_least(arrived_pu, missing), rig.clock.now_s)
        return
    begun, arrived = begun_s - since_s, arrived_s - since_s
    earliest_s = section.early_pu.value * case.delay_s
    if earliest_s:
        yield tell.duration("time until power comes", begun, lambda r: at_least(earliest_s, r), begun_s)
    if case.random_s:
        latest_s = (1.0 + _share_of_time(figures)) * (case.delay_s + case.random_s)
        yield tell.duration("longest time until power comes", begun, lambda r: at_most(latest_s, r), begun_s)
        return
    whole_s = section.early_pu.value * (case.delay_s + arrived_pu * case.ramp_s)
    yield tell.duration("time until rated power", arrived, lambda r: at_least(whole_s, r), arrived_s)


def _share_of_time(figures: SuiteFigures) -> float:
    """Return how well the device has to know a time, as a share of it."""
    return figures.accuracy.widening.value * figures.accuracy.duration_pu.value


def _require_drawing(rig: Rig, case: EnterServiceCase) -> None:
    """Raise NotPassed for a case with a drawn delay where the device has none: large equipment need not (4.10.3)."""
    if case.random_s and math.isnan(rig.functions.read_enter_service().random_s):
        raise NotPassed(f"{rig.device} has no randomised delay of entering service", Verdict.NOT_RUN)


def _until(rig: Rig, level_pu: float, longest_s: float, step_s: float) -> float | None:
    """Wait for a power; return when it was there, None when it did not come."""
    deadline_s = rig.clock.now_s + longest_s
    while rig.clock.now_s < deadline_s:
        sample = rig.hold(step_s, step_s)[-1]
        if sample.p_pu > level_pu:
            return sample.time_s
    return None


def _wait(rig: Rig, case: EnterServiceCase) -> list[Sample]:
    """Wait as long as clause 5.6 has it, and return what was seen after the device has had time to stop."""
    rig.hold(3.0, 0.5)
    return rig.hold(max(LEAST_WAIT_S, 2.0 * case.delay_s + case.random_s), 1.0)


def _set(rig: Rig, state: GridState) -> None:
    rig.set_grid(state.v_pu, state.f_hz)


def _settings(case: EnterServiceCase) -> EnterServiceSettings:
    return EnterServiceSettings(case.v_pu, case.f_hz, case.delay_s, case.ramp_s, case.random_s)
