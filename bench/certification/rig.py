"""The rig of a type test: an AC source in front of the device under test, a power analyzer between them, DC power.

Everything is per unit of the device's own nameplate, and everything measured is the analyzer's word. The device's own
registers are read only where a clause asks what they say.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any, cast

import numpy as np

from bench.accuracy import USUAL_FREQUENCY_HZ
from bench.certification.criteria import Reading
from bench.certification.not_passed import NotPassed
from bench.certification.source_needs import SourceNeeds, SourceOnRig
from bench.certification.stated_class import StatedClass
from bench.clock import Clock
from instruments.errors import InstrumentError
from instruments.readings import AcMeasurement, CaptureLimits, Nameplate, Segment, SourceCapabilities
from instruments.roles import DerFunctions, GridSimulator, PowerAnalyzer, TransientSource
from reports.verdict import Verdict

NOMINAL_HZ = 60.0
STAMPS_APART_S, STAMPS_APART_SHARE = 2.0, 0.01
"""How far time stamps may be from the bench's clock, s and as a share of the time: links and slip are in it."""
WALL_TIMING_S = 0.05
"""In wall time without time stamps of the analyzer: a round trip, and the time between two of its readings, s."""


@dataclass(frozen=True)
class Sample:
    """One look of the analyzer: time since the start, s; voltage of each phase, power, vars and current per unit.

    `current_pu` is the mean of the phases; `angle_deg` is against the first, empty where the analyzer tells none.
    `stamp_s` is the analyzer's own time, s since a moment of its own; None where it tells none.
    """

    time_s: float
    voltage_pu: tuple[float, ...]
    frequency_hz: float
    p_pu: float
    q_pu: float
    current_pu: float = math.nan
    angle_deg: tuple[float, ...] = ()
    stamp_s: float | None = None

    @property
    def moment_s(self) -> float:
        """When it was, s: by the analyzer where that tells, else by the bench; only differences mean anything."""
        return self.time_s if self.stamp_s is None else self.stamp_s

    @property
    def mean_voltage_pu(self) -> float:
        """Mean of the phases, which multiphase equipment answers to (IEEE 1547-2018 applicable voltages)."""
        return fmean(self.voltage_pu)


@dataclass(frozen=True)
class InstrumentClass:
    """Uncertainty of the analyzer, half width with k = 2: of voltage per unit of the reading, of power of rating.

    `frequency_hz` and `time_s` are those of a frequency and of a time between two of its time stamps, 0 of ones that
    are exact. The simple form:
    `StatedClass` has it by the reading, and the same names.
    """

    voltage_pu: float
    power_pu: float
    frequency_hz: float = USUAL_FREQUENCY_HZ
    time_s: float = 0.0

    def voltage_at(self, voltage_pu: float) -> float:
        """Return that of a voltage, per unit."""
        return self.voltage_pu * voltage_pu

    def active_at(self, _p_pu: float, _q_pu: float) -> float:
        """Return that of the active power where P and Q flow, per unit."""
        return self.power_pu

    def reactive_at(self, _p_pu: float, _q_pu: float) -> float:
        """Return that of the reactive power where P and Q flow, per unit."""
        return self.power_pu


def phase_v(nameplate: Nameplate, phases: int) -> float:
    """Return the rated voltage of a phase to neutral, or across the pair of one-phase equipment, V."""
    return nameplate.v_nom_v / (math.sqrt(3.0) if phases > 1 else 1.0)


def require_same_time(analyzer: str, stamp_s: float, now_s: float, first: tuple[float, float]) -> None:
    """Raise InstrumentError for time stamps that do not go as the bench's clock does, from the `first` pair of them.

    Stamps in another unit, or of a clock that was set meanwhile, would be taken for times of the equipment.
    """
    stamped_s, elapsed_s = stamp_s - first[0], now_s - first[1]
    if abs(stamped_s - elapsed_s) > STAMPS_APART_S + STAMPS_APART_SHARE * abs(elapsed_s):
        raise InstrumentError(
            f"{analyzer} stamps {stamped_s:g} s where {elapsed_s:g} s have passed: its time stamps tell no times here"
        )


@dataclass(frozen=True)
class GridStage:
    """What the grid is for a time, s: voltage of all phases, per unit, and frequency; with `ramp` it goes there."""

    duration_s: float
    voltage_pu: float = 1.0
    f_hz: float = NOMINAL_HZ
    ramp: bool = False


def _nothing_absorbs(share_pu: float) -> None:
    raise NotPassed(f"nothing on this bench has the device absorb {share_pu:g} of rated power", Verdict.NOT_RUN)


@dataclass
class Rig:
    """A device between its source and its supply. Raises what the drivers raise: TransportError, InstrumentError.

    `advance` lets time pass for emulated equipment, s; `supply` makes a share of rated power available at its DC side;
    `absorb` has equipment with storage take a share of rated power from the grid. `unrepresented` names what the
    behaviour model behind emulated equipment has nothing of, and why: a test of that proves nothing by passing.
    Equipment that is real has everything. `capture` is what the analyzer can record by itself.
    """

    clock: Clock
    device: str
    functions: DerFunctions
    source: GridSimulator
    analyzer: PowerAnalyzer
    analyzer_name: str
    nameplate: Nameplate
    instrument: InstrumentClass | StatedClass
    advance: Callable[[float], None]
    supply: Callable[[float], None]
    phases: int = 3
    absorb: Callable[[float], None] = _nothing_absorbs
    samples: list[Sample] = field(default_factory=list)
    unrepresented: Mapping[str, str] = field(default_factory=dict)
    capture: CaptureLimits | None = None
    able: SourceCapabilities | None = None
    """What the source can do; None of one that does whatever it is told."""
    update_s: float = 0.0
    """How long a set-point takes over the source's wire, s; 0 in virtual time."""
    last_step_s: float = 0.0
    """Distance of the last two looks, s: how well a moment is known."""
    _stamped: bool = False
    _first_stamp: tuple[float, float] | None = None

    @property
    def judges(self) -> Sequence[str]:
        """The instruments whose word findings are; the source is only named, for it measures nothing."""
        return (self.analyzer_name,)

    def stated(self) -> Mapping[str, Any]:
        """Return what the device states of its ratings."""
        return asdict(self.nameplate)

    def table(self) -> dict[str, Any]:
        """Return all samples as a series."""
        samples = self.samples
        phases = range(len(samples[0].voltage_pu)) if samples else range(0)
        columns: dict[str, Any] = {f"voltage_{n + 1}_pu": [s.voltage_pu[n] for s in samples] for n in phases}
        for name in ("time_s", "frequency_hz", "p_pu", "q_pu"):
            columns[name] = np.array([getattr(sample, name) for sample in samples])
        return columns

    @property
    def phase_v(self) -> float:
        """Rated voltage of a phase to neutral, or across the pair of one-phase equipment, V."""
        return phase_v(self.nameplate, self.phases)

    def set_grid(
        self,
        voltage_pu: float | Sequence[float],
        frequency_hz: float = NOMINAL_HZ,
        angle_deg: Sequence[float] | None = None,
    ) -> None:
        """Put a voltage on all phases, or one on each; without angles they are symmetric.

        Raises NotPassed, NOT_RUN, for what the source cannot do, and SafetyTrip outside the fences of one that does
        not say what it can do.
        """
        self.clock.catch_up()  # what came before took its time; from here on, what is late counts as slip
        each = [voltage_pu] * self.phases if isinstance(voltage_pu, float) else list(voltage_pu)
        span_pu, span_hz = (min(each), max(each)), (frequency_hz, frequency_hz)
        self.require(SourceNeeds(span_pu, span_hz, unbalanced=len(set(each)) > 1))
        self.source.set_voltage([v * self.phase_v for v in each], frequency_hz, angle_deg)

    def require(self, needs: SourceNeeds) -> None:
        """Raise NotPassed, NOT_RUN, naming what a test needs of the source that it cannot do."""
        if self.able is not None:
            SourceOnRig(self.able, self.phase_v, self.update_s).require(needs)

    def plays(self, shortest_s: float) -> bool:
        """Whether the source is to play a disturbance by itself: over the wire it would last too long, and it can."""
        if self.able is None or self.able.transients is None:
            return False
        return SourceOnRig(self.able, self.phase_v, self.update_s).plays(shortest_s)

    @property
    def plays_ramps(self) -> bool:
        """Whether the source is to ramp by itself: where time passes while steps are told, and it can."""
        return self.update_s > 0.0 and self.able is not None and self.able.transients is not None

    def play(self, stages: Sequence[GridStage]) -> None:
        """Have the source play what the grid does, stage by stage; return when it has begun.

        The last one is what was set before. `end_play` when they are over.
        """
        self._transients.play(
            [
                Segment(stage.duration_s, (stage.voltage_pu * self.phase_v,) * self.phases, stage.f_hz, stage.ramp)
                for stage in stages
            ]
        )
        self.clock.catch_up()

    def end_play(self) -> None:
        """Leave what was played; raises InstrumentError where the source has not come to its end."""
        self._transients.end_play()

    @property
    def _transients(self) -> TransientSource:
        """The source as one that plays transients; `require` says beforehand whether it does."""
        return cast("TransientSource", self.source)

    def hold(self, duration_s: float, every_s: float) -> list[Sample]:
        """Let time pass and look at the analyzer at equal distances, the last time at the end; return the samples."""
        begun_s, count = self.clock.now_s, max(1, round(duration_s / every_s))
        self.last_step_s = duration_s / count
        taken = [self._sample(begun_s + duration_s * number / count) for number in range(1, count + 1)]
        self.samples += taken
        return taken

    def _sample(self, time_s: float) -> Sample:
        passed_s = time_s - self.clock.now_s
        self.clock.run_until(time_s)
        self.advance(passed_s)
        measured = self.analyzer.measure()
        self._stamped = measured.time_s is not None
        if measured.time_s is not None:
            self._first_stamp = self._first_stamp or (measured.time_s, self.clock.now_s)
            require_same_time(self.analyzer_name, measured.time_s, self.clock.now_s, self._first_stamp)
        return self.in_per_unit(measured, self.clock.now_s)

    def in_per_unit(self, measured: AcMeasurement, time_s: float) -> Sample:
        """Return what the analyzer measured at a time of the bench, s, as a look in per unit."""
        voltage_pu = tuple(v / self.phase_v for v in measured.voltage_v)
        rating_va = self.nameplate.va_max_va
        p_pu, q_pu = measured.total_p_w / rating_va, measured.total_q_var / rating_va
        current_pu = fmean(measured.current_a) / (rating_va / self.phases / self.phase_v)
        angles, stamp_s = measured.angle_deg, measured.time_s
        return Sample(time_s, voltage_pu, measured.frequency_hz, p_pu, q_pu, current_pu, angles, stamp_s)

    @property
    def timing_s(self) -> float:
        """How well the moment of a look is known, s: exactly in virtual time and by the analyzer's own time stamps."""
        if self._stamped:
            return self.instrument.time_s
        return self.clock.timing_s(WALL_TIMING_S)

    def voltage(self, samples: Sequence[Sample]) -> Reading:
        """Return the mean voltage over samples with the analyzer's uncertainty."""
        value = fmean(sample.mean_voltage_pu for sample in samples)
        return Reading(value, self.instrument.voltage_at(value))

    def reactive_power(self, samples: Sequence[Sample]) -> Reading:
        """Return the mean reactive power over samples with the analyzer's uncertainty."""
        p_pu, q_pu = self._powers(samples)
        return Reading(q_pu, self.instrument.reactive_at(p_pu, q_pu))

    def active_power(self, samples: Sequence[Sample]) -> Reading:
        """Return the mean active power over samples with the analyzer's uncertainty."""
        p_pu, q_pu = self._powers(samples)
        return Reading(p_pu, self.instrument.active_at(p_pu, q_pu))

    def frequency(self, samples: Sequence[Sample]) -> Reading:
        """Return the mean frequency over samples with the analyzer's uncertainty.

        Raises InstrumentError where there was none: somebody, a protection of the source, has taken the grid away.
        """
        value = fmean(sample.frequency_hz for sample in samples)
        if math.isnan(value):
            raise InstrumentError(f"{self.analyzer_name} measures no frequency: the source's voltage is not there")
        return Reading(value, self.instrument.frequency_hz)

    def _powers(self, samples: Sequence[Sample]) -> tuple[float, float]:
        return fmean(sample.p_pu for sample in samples), fmean(sample.q_pu for sample in samples)
