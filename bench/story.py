"""One scenario while it runs: time, plant, actors and matcher together, moved on by the steps of a feature."""

from collections.abc import Callable, Sequence

from bench.bus import Bus, Delivery
from bench.clock import Clock
from bench.evidence import Evidence
from bench.measurement import Limits, Measurement, worded
from bench.messages.customers import OverrideRefused
from bench.messages.names import Information, Party
from bench.messages.resources import ResponseTracking
from bench.operator import Operator, turn_of
from bench.plant.pace import Pace
from bench.plant.plant import Plant
from bench.stage import (
    TRY_OVERRIDE,
    Cast,
    Check,
    Moment,
    NotOnThisBench,
    NotReached,
    Proofs,
    RowNotMet,
    Stimuli,
    Timing,
    Trials,
)
from bench.truth.concurrency import under_way_together
from bench.use_case.conformance import Conformance
from bench.use_case.grammar import wording
from bench.use_case.model import Row
from bench.use_case.row_watch import PASSED, RowWatch
from instruments.errors import ConfigError
from reports.verdict import Verdict

SHOWN = 6
"""Reasons that an explanation lists before it only counts."""

GUARDS = frozenset({Party.CUSTOMER_DISPLAY, Party.CUSTOMER_ENERGY})
"""Who has to refuse it."""
ANSWER_S = 30.0
"""How long the answers to it may take, s."""
RECENT = 50
"""Messages that are looked through for those that a reader or an operator is shown."""
MOMENT_S = 0.1
"""For how long the world goes on in wall time between two looks at the operator's answer, s."""

REST_S = 10.0
"""How long nothing happens before an operator begins to try the controls, s."""

RowListener = Callable[[RowWatch, float], None]


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
        stimuli: Stimuli,
        proofs: Proofs,
        trials: Trials,
        timing: Timing,
        pace: Pace,
    ) -> None:
        self.clock, self.plant, self.bus, self.conformance = clock, plant, bus, conformance
        self._cast, self._evidence = cast, evidence
        self._stimulus, self._grid, self._timing, self._pace = stimuli.weather, stimuli.grid, timing, pace
        self._range_a, self._positions, self.resources = proofs.range_a, proofs.positions, proofs.resources
        self.controls, self.isolation, self.volt_var = trials.controls, trials.isolation, trials.volt_var
        self._unasked: list[Check] = [proofs.resources.commands, *proofs.always]
        self._acted_s = 0.0
        self.measurements: list[Measurement] = []
        self.moments: list[Moment] = []
        self.row_listeners: list[RowListener] = []
        self.operator: Operator | None = None
        """Who is asked before a person's row is done; without one the test plays the people."""
        self._closed: list[Delivery] = []
        self._ended: list[Delivery] = []
        self._refused: list[Delivery] = []
        bus.listeners += [conformance.hear, self._note_closing]
        clock.start(pace.run(conformance.tick))
        for process in [*(actor.run() for actor in cast.actors), *cast.processes]:
            clock.start(process)

    def mark(self, label: str) -> None:
        """Note a moment for the report."""
        self.moments.append(Moment(label, self.clock.now_s))

    def rest(self) -> None:
        """Let the bench run for a moment with nothing happening."""
        self._run_until(self.clock.now_s + REST_S)

    def calm(self) -> None:
        """Let the bench come to rest; raises RowNotMet where a tap changer or a bank finds none."""
        self._run_until(self.clock.now_s + self._timing.calm_s)
        self._judge(self._positions.measure_rest(self.clock.now_s), "the feeder does not come to rest")

    def release_cloud(self) -> None:
        """Let the cloud front of the bench file begin now."""
        self.mark("before the cloud")
        self._pace.wake()
        self._stimulus.release_cloud(self.clock.now_s)

    def await_closing(self) -> None:
        """Wait until the AMI has closed the present event; raises RowNotMet when it does not come to that."""
        closed = len(self._closed)
        if not self.clock.run_until(self._timing.horizon_s, lambda: len(self._closed) > closed):
            raise NotReached("the event was not closed: not every meter that alerted found itself back in Range A")
        self.mark("when the event was closed")

    def release_heat(self) -> None:
        """Let the load of the bench file's heat rise now; what follows is an occurrence of its own.

        Raises RowNotMet where the bench file has no heat: what it calls for cannot happen on this bench.
        """
        if not self._stimulus.has_heat:
            raise NotOnThisBench(
                "the bench file's environment has no `heat`: nothing on this bench goes beyond the cloud"
            )
        self.mark("before the heat")
        self.conformance.begin_occurrence()
        self._pace.wake()
        self._stimulus.release_heat(self.clock.now_s)

    def take_line_out(self) -> None:
        """Take the bench file's transmission line out of service; raises RowNotMet where it names none."""
        if self._grid.line_out is None:
            raise NotOnThisBench("the bench file's environment has no `line_out`: nothing constrains the grid here")
        self.mark("before the line is out")
        self._pace.wake()
        self._grid.take_out(self.clock.now_s)

    def raise_load(self) -> None:
        """Let the load of the bench file's heat rise at its time: more than anybody has forecast.

        Raises RowNotMet where the bench file has no heat.
        """
        if not self._stimulus.has_heat:
            raise NotOnThisBench("the bench file's environment has no `heat`: the load stays as it was forecast")
        self._stimulus.release_heat(self.clock.now_s)

    def await_response(self) -> None:
        """Wait until the DRAACS calls nobody any more, and all that it began has come to its end; raises RowNotMet."""
        done = self.clock.run_until(
            self._timing.horizon_s, lambda: bool(self._ended) and not self.conformance.unsettled_further
        )
        if not self._ended:
            raise NotReached("the DRAACS has neither reached the authorized reduction nor run out of customers")
        if wrong := self.conformance.unsettled_further if not done else self.conformance.failed_further:
            raise NotReached("\n".join(["a further request did not go as the first:", *map(_further, wrong)]))
        self._acted_s = self.clock.now_s

    def try_override(self) -> None:
        """Let a customer try to decline where nobody may, and measure that display and home controller both refuse."""
        before = len(self._refused)
        self._cast.people[TRY_OVERRIDE]()
        self.clock.run_until(self.clock.now_s + ANSWER_S, lambda: len(self._refused) >= before + len(GUARDS))
        refusing = {delivery.message.producer for delivery in self._refused[before:]}
        found = Measurement(
            quantity="places at which an override is refused that is not allowed",
            value=float(len(refusing & GUARDS)),
            unit="places",
            uncertainty=0.0,
            time_s=self.clock.now_s,
            source="refusals on the bus: " + ", ".join(d.citation for d in self._refused[before:]),
            limits=Limits(lower=float(len(GUARDS))),
            clause="precondition: customers cannot override in this scenario",
        )
        self.require([found], "an override was not refused")

    def prove_concurrent(self, branch: str) -> None:
        """Measure in how many sequences of a branch DER were under way at the same time; raises RowNotMet."""
        self.require([under_way_together(self.conformance, branch, self.clock.now_s)], "sequences did not overlap")

    def prove_sufficient(self) -> None:
        """Run on to the horizon: nobody is to ask for less load, and the reason for that is in the rows."""
        self._run_until(self._timing.horizon_s)

    def require_wording(self, number: str, sentence: str) -> None:
        """Raise ConfigError when a step's sentence is not the one that the table gives to its row."""
        row = self.conformance.watches[number].row
        if wording(row) != f"row {number}: {sentence}":
            raise ConfigError(f"the step for row {number} has to read {wording(row)!r}, not {sentence!r}")

    def perform(self, number: str) -> None:
        """Let a person do what a driven row says, and wait until it is on the bus.

        Raises ConfigError for a row that nobody on this bench performs, RowNotMet when it comes to nothing, Interrupted
        when the operator stops the run.
        """
        act = self._cast_member(number)
        if self._is_to_act(number):
            act()
        self.observe(number)

    def observe(self, number: str) -> None:
        """Wait until a row is met for all it concerns, or never can be; raises RowNotMet with what is known."""
        self.clock.run_until(self._timing.horizon_s, lambda: self.conformance.is_settled(number))
        watch = self.conformance.watches[number]
        for listener in self.row_listeners:
            listener(watch, self.clock.now_s)
        if watch.state not in PASSED:
            raise RowNotMet(self.explain(number))
        self._acted_s = self.clock.now_s
        if watch.row.limit_from == "stimulus":
            self.mark(f"at row {number}")

    def prove_range_a(self) -> None:
        """Run on to the horizon and measure that every meter stayed in Range A; raises RowNotMet where it did not."""
        self._run_until(self._timing.horizon_s)
        found = self._range_a.measure(self._acted_s + self._timing.recover_s, self.clock.now_s)
        self.require(found, "the meters are not back in Range A")

    def prove_recovery(self) -> None:
        """Measure that taps and banks are where they were put, and that since then every meter has been in Range A."""
        self._pace.catch_up()
        since_s, now_s = self._acted_s + self._timing.recover_s, self.clock.now_s
        self.require(self._positions.measure(now_s), "taps or banks are not where they were put")
        self.require(self._range_a.measure(since_s, now_s), "the meters have not been back in Range A")

    def prove_positions(self) -> None:
        """Run on to the horizon and measure that taps and banks are where they were put; raises RowNotMet."""
        self._run_until(self._timing.horizon_s)
        self.require(self._positions.measure(self.clock.now_s), "taps or banks are not where they were put")

    def prove_commands(self) -> None:
        """Measure that every resource has held its commands while they were in force; raises RowNotMet."""
        self._unasked = [check for check in self._unasked if check is not self.resources.commands]
        self.require(self.resources.commands.measure(self.clock.now_s), "resources are not where they were commanded")

    def prove_energy(self) -> None:
        """Measure that batteries have given and stored what flowed at their terminals; raises RowNotMet."""
        self.require(self.resources.energy.measure(self.clock.now_s), "the energy of a battery does not balance")

    def prove_load_affected(self) -> None:
        """Measure how wrong the total load affected is that the MDMS has computed; raises RowNotMet."""
        self.require(self.resources.affected.measure(), "the total load affected is not what the loads lack")

    def prove_relief(self) -> None:
        """Measure that resources and customers spare the grid what is required; raises RowNotMet."""
        self.require(self.resources.relief.measure(self.clock.now_s), "the grid is not relieved by what is required")

    def note_head_power(self) -> None:
        """Note the power at the feeder's head, for a reduction that is to come."""
        self.resources.head.note(self.clock.now_s)

    def prove_head_reduction(self, required_kw: float) -> None:
        """Measure that so much less flows into the feeder than when it was noted; raises RowNotMet."""
        found = self.resources.head.measure(required_kw, self.clock.now_s)
        self.require(found, "the feeder does not take less by what was required")

    def require(self, found: Sequence[Measurement], otherwise: str) -> None:
        """Record measurements; raises RowNotMet with those that do not pass, and where there was nothing to measure."""
        nothing = Measurement("what the step asks for", None, "", 0.0, self.clock.now_s, "anything on this bench")
        self._judge(found or [nothing], otherwise)

    def _judge(self, found: Sequence[Measurement], otherwise: str) -> None:
        for measurement in found:
            self._evidence.measurement(measurement)
        self.measurements += found
        broken = [worded(m) for m in found if m.verdict is not Verdict.PASS]
        if broken:
            raise RowNotMet("\n".join([f"{otherwise}:", *broken]))

    def finish(self) -> None:
        """Run on to the horizon, so that the record shows every row, and close it; without rows it ends here."""
        if self.conformance.watches:
            self._run_until(self._timing.horizon_s)
            self._measure_unasked()
        self.mark("at the end")
        self.conformance.finish()

    def _measure_unasked(self) -> None:
        """Measure what holds over a whole scenario and no step has asked for: one that failed may not have got there.

        What was not measured then is no finding.
        """
        found = [m for check in self._unasked for m in check.measure(self.clock.now_s) if m.is_measured]
        for measurement in found:
            self._evidence.measurement(measurement)
        self.measurements += found

    def explain(self, number: str) -> str:
        """Say what was awaited, since when, what came last on the way there, and what the device last answered."""
        watch = self.conformance.watches[number]
        reasons = _reasons(watch)
        lines = [f"{wording(watch.row)}: {watch.state}", *(f"  {reason}" for reason in reasons[:SHOWN])]
        if len(reasons) > SHOWN:
            lines.append(f"  ... and {len(reasons) - SHOWN} more")
        if watch.row.limit_from == "stimulus":
            lines.append(f"  {self._range_a.summary()}")
        lines += [f"  last on the bus: {_told(d)}" for d in self._relevant(watch.row)]
        for name in _failing_first(watch)[:3]:
            lines += [f"  last on the wire: {exchange}" for exchange in self._evidence.last_exchanges(name)]
        return "\n".join(lines)

    def _is_to_act(self, number: str) -> bool:
        """Ask the operator where there is one; in virtual time nothing happens until the answer."""
        if self.operator is None:
            return True
        turn = turn_of(self.conformance.watches[number].row, self.clock.now_s, self.bus.recent(RECENT))
        return self.operator.ask(turn, None if self.clock.slip is None else self._go_on)

    def _go_on(self) -> bool:
        """Let the world go on while a person thinks, in wall time; False when the scenario is over."""
        self.clock.run_until(min(self.clock.now_s + MOMENT_S, self._timing.horizon_s))
        return self.clock.now_s < self._timing.horizon_s

    def _note_closing(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message.payload, ResponseTracking) and message.payload.decision != "further request":
            self._ended.append(delivery)
        if isinstance(message.payload, OverrideRefused) and not message.payload.allowed:
            self._refused.append(delivery)
        if message.information is Information.EVENT_CLOSED and message.receiver is Party.DMS:
            self._closed.append(delivery)

    def _cast_member(self, number: str) -> Callable[[], None]:
        if number not in self._cast.people:
            raise ConfigError(f"row {number} is driven by a person, and nobody on this bench plays it")
        return self._cast.people[number]

    def _relevant(self, row: Row) -> list[Delivery]:
        """Return the last messages that the row's actors sent or got."""
        parties = {row.producer, row.receiver}
        recent = self.bus.recent(RECENT)
        return [d for d in recent if {d.message.producer.value, d.message.receiver.value} & parties][-5:]

    def _run_until(self, time_s: float) -> None:
        """Run on to a time, with the plant brought to it."""
        self.clock.run_until(time_s)
        self._pace.catch_up()


def _further(watch: RowWatch) -> str:
    return f"{watch.occurrence} {wording(watch.row)}: " + "; ".join(_reasons(watch)[:SHOWN])


def _failing_first(watch: RowWatch) -> list[str]:
    """Name the instances, those that are not met before the others."""
    return sorted(watch.instances, key=lambda name: watch.instances[name].state in PASSED)


def _reasons(watch: RowWatch) -> list[str]:
    waiting = [
        f"{name or 'it'} is awaited by {instance.due_s:.1f} s"
        for name, instance in watch.instances.items()
        if not instance.decided and instance.due_s is not None
    ]
    given = [i.reason for i in watch.instances.values() if i.state not in PASSED and i.reason]
    nothing = [] if watch.instances else ["nothing on the feeder called for it"]
    return given + waiting + watch.notes[-3:] + nothing


def _told(delivery: Delivery) -> str:
    message = delivery.message
    return (
        f"{delivery.citation} at {delivery.time_s:.1f} s {message.producer.value} -> {message.receiver.value}: "
        f"{message.information.value} ({message.correlation})"
    )
