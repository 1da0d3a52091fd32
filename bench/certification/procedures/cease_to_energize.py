"""Ceasing to energize on command: IEEE 1547-2018 4.5 and 4.6.1. Its permit is withdrawn while it delivers.

Active power and vars have to be gone in the time that there is, and to stay gone. Permitted again, the device enters
service as it is set to: not before its delay, and with its ramp.
"""

import math
from collections.abc import Iterator, Sequence

from bench.certification.criteria import Criterion, Reading, at_least, at_most
from bench.certification.figures import EnterServiceCase, SuiteFigures
from bench.certification.figures_service import CeaseRun
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.owed_power import absorbs
from bench.certification.procedures.enter_service import Teller, entered
from bench.certification.riding import Watched, settled_after
from bench.certification.rig import Rig, Sample
from instruments.readings import EnterServiceSettings
from reports.verdict import Verdict

LOOK_S = 0.05
"""Distance of two looks while it has to cease."""
SPAN = 2.0
"""For how long it is looked at that often, in times that it has."""
SETTLE_RESPONSES = 4.0
"""How long vars that are commanded are waited for, in their longest response times."""
COARSE_S = 1.0
GONE = 2.0
"""How many times what may be left of vars has to be there before, so that they are seen to cease."""


def cease_to_energize(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Have the device cease from each of the runs; one that cannot absorb active power is not asked to."""
    case = _return_of(figures)
    times = EnterServiceSettings(case.v_pu, case.f_hz, case.delay_s, case.ramp_s)
    rig.functions.set_enter_service(times)
    for run in figures.cease_to_energize.runs:
        if absorbs(rig) or not run.absorbs:
            yield from _Run(rig, figures, run, case).findings()


def _return_of(figures: SuiteFigures) -> EnterServiceCase:
    """Return the default criteria of entering service with the times of this clause."""
    delay_s, ramp_s = figures.cease_to_energize.returns_s
    default = figures.enter_service.named("default")
    return default.model_copy(update={"delay_s": delay_s, "ramp_s": ramp_s})


class _Run:
    """One run: what the device gives before, and what is found when its permit is withdrawn."""

    def __init__(self, rig: Rig, figures: SuiteFigures, run: CeaseRun, case: EnterServiceCase) -> None:
        self._rig, self._figures, self._run, self._case = rig, figures, run, case
        self._service, self._clause = figures.service, figures.cease_to_energize.clause
        self._tell = Teller(rig, self._clause, run.name, self._service.nothing_pu.value)
        self._vars_left_pu = self._service.vars_left_pu(rig.nameplate.va_max_va)

    def findings(self) -> Iterator[Finding]:
        """Bring it to the power of the run, withdraw the permit, watch, and let it come back."""
        yield self._delivered()
        yield from self._ceased()
        if not self._run.absorbs:
            self._rig.functions.enter_service()
            beside_vars_pu = math.sqrt(1.0 - self._vars_pu**2)
            yield from entered(self._rig, self._figures, self._case, self._tell, beside_vars_pu)

    def _delivered(self) -> Finding:
        """Command vars beside active power; raises NotPassed without vars, which could not be seen to cease then."""
        rig, plate = self._rig, self._rig.nameplate
        if self._run.absorbs:
            rig.absorb(plate.charge_max_w / plate.p_max_w)
        else:
            rig.supply(1.0)
        rig.functions.set_reactive_power(self._vars_pu)
        rig.hold(SETTLE_RESPONSES * self._figures.constant_reactive_power.within_s.value, COARSE_S)
        held = rig.hold(COARSE_S, COARSE_S / 10.0)
        if abs(rig.reactive_power(held).value) < GONE * self._vars_left_pu:
            raise NotPassed(f"{rig.device} gives no vars that could be seen to cease", Verdict.NOT_RUN)
        power = _size(rig.active_power(held))
        owed_pu = GONE * self._service.nothing_pu.value
        return self._tell.found("active power before", power, at_least(owed_pu, power), held[-1].time_s)

    @property
    def _vars_pu(self) -> float:
        plate, share = self._rig.nameplate, self._run.q_share
        rated_var = plate.q_max_injected_var if share > 0.0 else plate.q_max_absorbed_var
        return share * rated_var / plate.va_max_va

    def _ceased(self) -> Iterator[Finding]:
        """Judge how soon both are gone for good, and the most of each that is left after that."""
        rig, within_s = self._rig, self._service.cease_within_s.value
        rig.clock.catch_up()
        before_s = rig.clock.now_s
        rig.functions.cease_to_energize()
        rig.clock.catch_up()
        sent_s = rig.clock.now_s - before_s
        looks = rig.hold(SPAN * within_s, max(LOOK_S, rig.timing_s))
        looks += rig.hold(self._figures.cease_to_energize.watched_s, COARSE_S)
        begun_s, known_s = before_s + sent_s / 2.0, rig.timing_s + sent_s / 2.0
        power_pu = rig.instrument.power_pu
        watched = Watched(self._run.name, self._clause, rig.analyzer_name, begun_s, looks, power_pu, known_s)
        taken = settled_after(watched, self._is_gone, within_s)
        time_s = begun_s + taken.value
        yield self._tell.found("time until it ceases to energize", taken, at_most(within_s, taken), time_s, "s")
        yield from self._left(watched.since(within_s + LOOK_S))

    def _is_gone(self, sample: Sample) -> bool:
        return abs(sample.p_pu) <= self._service.nothing_pu.value and abs(sample.q_pu) <= self._vars_left_pu

    def _left(self, looks: Sequence[Sample]) -> Iterator[Finding]:
        yield self._tell.silent(looks, "once it has ceased to energize")
        most = max(looks, key=lambda sample: abs(sample.q_pu))
        response = _size(self._rig.reactive_power([most]))
        criterion: Criterion = at_most(self._vars_left_pu, response)
        yield self._tell.found("reactive power once it has ceased to energize", response, criterion, most.time_s)


def _size(reading: Reading) -> Reading:
    return Reading(abs(reading.value), reading.uncertainty)
