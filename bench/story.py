"""One scenario while it runs: time, plant, actors and matcher together, moved on by the steps of a feature."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.actors.base import Actor
from bench.bus import Bus, Delivery
from bench.clock import Clock, Process
from bench.evidence import Evidence
from bench.plant import Plant
from bench.use_case.conformance import Conformance, RowWatch
from bench.use_case.model import Row
from instruments.errors import ConfigError
from reports.verdict import RowState

RowListener = Callable[[RowWatch, float], None]


class RowNotMet(AssertionError):
    """A row of the use case did not come as it should; the text says what was awaited and what came instead."""


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


class Story:
    """Runs a scenario step by step; the matcher and the plant go on whatever a step waits for."""

    def __init__(
        self,
        clock: Clock,
        plant: Plant,
        bus: Bus,
        cast: Cast,
        conformance: Conformance,
        evidence: Evidence,
        step_s: float,
        horizon_s: float,
    ) -> None:
        self.clock, self.plant, self.bus, self.conformance = clock, plant, bus, conformance
        self._cast, self._evidence = cast, evidence
        self._step_s, self.horizon_s = step_s, horizon_s
        self.moments: list[Moment] = []
        self.row_listeners: list[RowListener] = []
        bus.listeners.append(conformance.hear)
        clock.start(self._run_plant())
        for process in [*(actor.run() for actor in cast.actors), *cast.processes]:
            clock.start(process)

    def mark(self, label: str) -> None:
        """Note a moment for the report."""
        self.moments.append(Moment(label, self.clock.now_s))

    def run_for(self, duration_s: float) -> None:
        """Let time pass."""
        self.clock.run_until(self.clock.now_s + duration_s)

    def perform(self, number: str) -> None:
        """Let a person do what a driven row says, and wait until it is on the bus.

        Raises ConfigError for a row that nobody on this bench performs, RowNotMet when it comes to nothing.
        """
        self._cast_member(number)()
        self.observe(number)

    def observe(self, number: str) -> None:
        """Wait until a row is met for all it concerns, or never can be; raises RowNotMet with what is known."""
        self.clock.run_until(self.horizon_s, lambda: self.conformance.is_settled(number))
        watch = self.conformance.watches[number]
        for listener in self.row_listeners:
            listener(watch, self.clock.now_s)
        if watch.state is not RowState.MET:
            raise RowNotMet(self.explain(number))

    def finish(self) -> None:
        """Run on to the horizon, so that the record shows every row, and close it."""
        self.clock.run_until(self.horizon_s)
        self.mark("at the end")
        self.conformance.finish()

    def explain(self, number: str) -> str:
        """Say what was awaited, since when, what came last on the way there, and what the device last answered."""
        watch = self.conformance.watches[number]
        reasons = _reasons(watch)
        lines = [f"row {number}: {describe(watch.row)}: {watch.state}", *(f"  {reason}" for reason in reasons[:6])]
        if len(reasons) > 6:
            lines.append(f"  ... and {len(reasons) - 6} more")
        lines += [f"  last on the bus: {_told(d)}" for d in self._relevant(watch.row)]
        for name in list(watch.instances)[:3]:
            lines += [f"  last on the wire: {exchange}" for exchange in self._evidence.last_exchanges(name)]
        return "\n".join(lines)

    def _cast_member(self, number: str) -> Callable[[], None]:
        if number not in self._cast.people:
            raise ConfigError(f"row {number} is driven by a person, and nobody on this bench plays it")
        return self._cast.people[number]

    def _relevant(self, row: Row) -> list[Delivery]:
        """Return the last messages that the row's actors sent or got."""
        parties = {row.producer, row.receiver}
        recent = self.bus.recent(50)
        return [d for d in recent if {d.message.producer.value, d.message.receiver.value} & parties][-5:]

    def _run_plant(self) -> Process:
        while True:
            yield self.clock.timeout(self._step_s)
            self.plant.step(self.clock.now_s, self._step_s)
            self.conformance.tick()


def describe(row: Row) -> str:
    """Word a row as a feature does."""
    target = "" if row.is_own else f" to the {row.receiver}"
    return f"the {row.producer} {row.verb} the {row.information}{target}"


def _reasons(watch: RowWatch) -> list[str]:
    waiting = [
        f"{name or 'it'} is awaited by {instance.due_s:.1f} s"
        for name, instance in watch.instances.items()
        if not instance.decided and instance.due_s is not None
    ]
    given = [i.reason for i in watch.instances.values() if i.state is not RowState.MET and i.reason]
    nothing = [] if watch.instances else ["nothing on the feeder called for it"]
    return given + waiting + watch.notes[-3:] + nothing


def _told(delivery: Delivery) -> str:
    message = delivery.message
    return (
        f"{delivery.citation} at {delivery.time_s:.1f} s {message.producer.value} -> {message.receiver.value}: "
        f"{message.information.value} ({message.correlation})"
    )
