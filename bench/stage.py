"""What a story is played with: who takes part, what the test may let happen, what is proven, and how steps fail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from bench.actors.base import Actor
from bench.clock import Process
from bench.measurement import Measurement
from bench.truth.control_trial import ControlTrial
from bench.truth.isolation_trial import IsolationTrial
from bench.truth.resource_proof import ResourceProof
from bench.truth.volt_var_trial import VoltVarTrial
from reports.verdict import Verdict

TRY_OVERRIDE = "try an override where none is allowed"
"""What a customer does by a step that is no row."""


class RowNotMet(AssertionError):  # noqa: N818  a finding about equipment, not an error of the bench
    """A row of the use case did not come as it should; the text says what was awaited and what came instead.

    `verdict` is what the step that raised it adds to the scenario's, beyond its rows and measurements.
    """

    verdict: ClassVar[Verdict | None] = None


class NotReached(RowNotMet):
    """What a step waited for did not come, and neither a row nor a measurement says so."""

    verdict = Verdict.FAIL


class NotOnThisBench(RowNotMet):
    """What a step calls for cannot happen on this bench, so that what would follow it is not tried."""

    verdict = Verdict.NOT_RUN


@dataclass(frozen=True)
class Cast:
    """Who takes part: actors with a mailbox, processes of their own, and what each driven row makes a person do."""

    actors: Sequence[Actor]
    processes: Sequence[Process]
    people: Mapping[str, Callable[[], None]]


@dataclass(frozen=True)
class Moment:
    """A point in time that reports show the voltage profile of."""

    label: str
    time_s: float


@dataclass(frozen=True)
class Timing:
    """Calm before the stimulus, time to settle after the last action, and when the scenario ends, s."""

    calm_s: float
    recover_s: float
    horizon_s: float


class Proof(Protocol):
    """Physical proof from the feeder and the meters."""

    def measure(self, since_s: float, now_s: float) -> list[Measurement]:
        """Measure what has to hold since a time."""
        ...

    def summary(self) -> str:
        """Say how far the services have gone since the beginning."""
        ...


class Positions(Protocol):
    """Physical proof that taps and banks are where they were put."""

    def measure_rest(self, now_s: float) -> list[Measurement]:
        """Measure that nothing operated without a command or a cause."""
        ...

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure that everything is where it was commanded, and reported so."""
        ...


class Check(Protocol):
    """Physical proof over the whole of a scenario."""

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure what has to hold."""
        ...


class Stimulus(Protocol):
    """What the test lets happen to the feeder."""

    def release_cloud(self, time_s: float) -> None:
        """Let a cloud front begin at a time."""
        ...

    @property
    def has_heat(self) -> bool:
        """Whether there is a load rise to let loose."""
        ...

    def release_heat(self, time_s: float) -> None:
        """Let the load rise from a time on."""
        ...


class GridStimulus(Protocol):
    """What the test lets happen to the transmission grid."""

    @property
    def line_out(self) -> str | None:
        """The branch that the bench file would take out."""
        ...

    def take_out(self, time_s: float) -> None:
        """Take it out of service at a time."""
        ...


@dataclass(frozen=True)
class Stimuli:
    """What the test may let happen: to sun and load, and to the transmission grid."""

    weather: Stimulus
    grid: GridStimulus


@dataclass(frozen=True)
class Proofs:
    """What is proven physically: service voltages, positions, and what resources did.

    `always`: what is measured at the end of every scenario of the use case, whatever its steps ask for.
    """

    range_a: Proof
    positions: Positions
    resources: ResourceProof
    always: Sequence[Check] = ()


@dataclass(frozen=True)
class Trials:
    """What can be tried on single equipment."""

    controls: ControlTrial
    isolation: IsolationTrial
    volt_var: VoltVarTrial
