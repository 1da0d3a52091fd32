"""Matches what happened with the rows of the use case: who sent what to whom, in which order, in time, and true.

The matcher alone knows rows. It listens to the bus and asks the plant; nothing that an actor says of itself is
believed without another source.
"""

from collections.abc import Callable, Collection, Mapping

from bench.bus import Delivery
from bench.clock import Clock
from bench.evidence import Evidence, RowRecord
from bench.measurement import Measurement, worded
from bench.messages.equipment import DeviceTrouble
from bench.messages.occurrences import further_of
from bench.use_case.asking import Judge
from bench.use_case.model import Row
from bench.use_case.row_watch import DECIDED, PASSED, Instance, RowWatch, listed, worst_of_instances
from reports.verdict import RowState, Verdict

EFFECT_HOLD_S = 10.0
"""How long an effect must be inside its limits without a break before it counts as reached, s."""


class Conformance:
    """Keeps the state of every row of one scenario while it runs."""

    def __init__(
        self,
        rows: tuple[Row, ...],
        predecessors: Callable[[str], frozenset[str]],
        judge: Judge,
        evidence: Evidence,
        clock: Clock,
        rivals: Callable[[str], frozenset[str]] = lambda _number: frozenset(),
        absent: Collection[str] = (),
        repeating: Collection[str] = (),
    ) -> None:
        """Take `predecessors` of a row, and its `rivals`: rows of the alternatives to the one that it belongs to.

        `absent` rows are to stay away; `repeating` ones occur again with every further request, each time by itself.
        """
        numbers = {row.number for row in rows}
        self.watches = {row.number: RowWatch(row, predecessors(row.number) & numbers) for row in rows}
        self._absent, self._repeating = frozenset(absent), frozenset(repeating) & numbers
        self._occurrences: dict[str, dict[str, RowWatch]] = {"": self.watches}
        self._before_of: dict[tuple[str, str], list[RowWatch]] = {}
        self._rivals = {number: rivals(number) & numbers for number in numbers}
        self._numbers_of: dict[tuple[str, str, str], list[str]] = {}
        for row in rows:
            if row.kind != "effect":
                self._numbers_of.setdefault((row.producer, row.receiver, row.information), []).append(row.number)
        self._stimuli = [row.number for row in rows if row.limit_from == "stimulus"]
        self._judge = judge
        self._evidence = evidence
        self._clock = clock
        self._holding: dict[tuple[str, str, str], float] = {}
        self._measured: dict[tuple[str, str, str], tuple[Measurement, str]] = {}

    @property
    def all_watches(self) -> list[RowWatch]:
        """The rows, those of further occurrences behind those of the first."""
        return [watch for watches in self._occurrences.values() for watch in watches.values()]

    @property
    def states(self) -> dict[str, RowState]:
        """The state of each row, the worst of its occurrences."""
        return {
            number: worst_of_instances(w[number].state for w in self._occurrences.values() if number in w)
            for number in self.watches
        }

    def hear(self, delivery: Delivery) -> None:
        """Match one delivered message."""
        candidates = self._candidates(delivery)
        if candidates and candidates[0].row.number in self._absent:
            self._refuse(candidates[0], delivery)
            return
        for watch in candidates:
            name = self._judge.instance(watch.row, delivery.message.payload)
            instance = watch.instances.get(name, Instance())
            if not instance.decided and not self._missing(watch, name):
                self._match(watch, name, delivery)
                return
        self._note(candidates, delivery)

    def begin_occurrence(self) -> None:
        """Take what follows a further stimulus for the next row that begins with one, if there is a next."""
        if len(self._stimuli) > 1:
            self._stimuli.pop(0)

    def tick(self) -> None:
        """Take what time brings: new instances, effects, and limits that have passed."""
        for watch in self.all_watches:
            if watch.row.number in self._absent or self._is_at_rest(watch):
                continue
            self._await_begun(watch)
            if not self._is_blocked(watch):
                self._open(watch)
            if watch.row.kind == "effect":
                self._watch_effects(watch)
            self._expire(watch)

    def _is_at_rest(self, watch: RowWatch) -> bool:
        """Whether time can bring nothing to a row any more: it is complete, for all that has begun before it."""
        if watch.row.limit_from == "stimulus" or not watch.is_complete:
            return False
        begun = sum(len(before.instances) for before in self._predecessors(watch))
        if watch.rested_at != begun and not self._begun_before(watch):
            watch.rested_at = begun
        return watch.rested_at == begun

    def is_settled(self, number: str) -> bool:
        """Whether a row is met by every instance that it concerns now, or can no longer be."""
        return self._has_settled(self.watches[number])

    @property
    def unsettled_further(self) -> list[RowWatch]:
        """The rows of further occurrences that are still awaited; people need not do again what they did once."""
        further = [watch for watch in self.all_watches if watch.occurrence and watch.row.kind != "driven"]
        return [watch for watch in further if not (self._has_settled(watch) or self._is_no_ones(watch))]

    @property
    def failed_further(self) -> list[RowWatch]:
        """The rows of further occurrences that were not met."""
        return [watch for watch in self.all_watches if watch.occurrence and watch.state is RowState.NOT_MET]

    def _is_no_ones(self, watch: RowWatch) -> bool:
        """Whether a row of one alternative concerns nobody, as all take the other."""
        return bool(self._rivals[watch.row.number]) and not watch.instances

    def _has_settled(self, watch: RowWatch) -> bool:
        state = watch.state
        if state not in PASSED:
            return state in {RowState.NOT_MET, RowState.INCONCLUSIVE}
        if self._not_awaited_yet(watch):
            return False
        pending = self._judge.pending(watch.row, self._clock.now_s) if self._is_open(watch) else set()
        return not pending - watch.instances.keys()

    def _not_awaited_yet(self, watch: RowWatch) -> set[str]:
        """Return the meters or devices of the rows before a row that shares them, beyond its own: all are to come.

        Of devices only those that the row concerns: a block goes to every bank, a command to those selected.
        """
        further = self._begun_before(watch)
        if further and watch.row.per == "device":
            further &= self._judge.required(watch.row, self._clock.now_s, watch.occurrence).keys()
        return further

    def _begun_before(self, watch: RowWatch) -> set[str]:
        """Return the instances of the rows before a row that shares them, beyond its own.

        Who is to do what a person may do, is the person's business.
        """
        row = watch.row
        if row.kind == "driven" or row.per == "once":
            return set()
        shared = [before for before in self._predecessors(watch) if before.row.per == row.per]
        return {name for before in shared for name in before.instances.keys() - watch.instances.keys() if name}

    def finish(self) -> None:
        """End the scenario: what was never decided is NOT_RUN, or NOT_MET where it was due."""
        for watch in self.all_watches:
            if watch.row.number in self._absent:
                self._close_absent(watch)
                continue
            self._expire(watch)  # between two looks at a slow pace something may have become due
            for name, instance in (watch.instances or {"": Instance()}).items():
                if not instance.decided:
                    self._decide(watch, name, RowState.NOT_RUN, instance.reason or self._why_not_run(watch, name), ())

    def _refuse(self, watch: RowWatch, delivery: Delivery) -> None:
        """Take a message of a row that was to stay away."""
        reason = f"came at {delivery.time_s:.1f} s, although the resources sufficed"
        self._decide(watch, "", RowState.NOT_MET, reason, (delivery.citation,), delivery.message.correlation)

    def _close_absent(self, watch: RowWatch) -> None:
        """End a row that was to stay away: it did so rightly only where everything before it came."""
        if watch.instances:
            return
        if missing := self._missing(watch, ""):
            self._decide(watch, "", RowState.NOT_RUN, f"waited for {', '.join(missing)}", ())
        elif wrong := self._judge.not_rightly_absent(watch.row):
            self._decide(watch, "", RowState.NOT_MET, f"did not come: {wrong}", ())
        else:
            self._decide(watch, "", RowState.ABSENT_AS_REQUIRED, "the resources sufficed", ())

    def _why_not_run(self, watch: RowWatch, name: str) -> str:
        if missing := self._missing(watch, name):
            return f"waited for {', '.join(missing)}" + listed(watch.notes)
        return "the scenario ended before it could happen" + listed(watch.notes)

    def _candidates(self, delivery: Delivery) -> list[RowWatch]:
        message = delivery.message
        key = (message.producer.value, message.receiver.value, message.information.value)
        heard = self._heard_by(message.correlation)
        return [
            watch
            for number in self._numbers_of.get(key, ())
            if (watch := heard.get(number)) is not None
            and self._is_open(watch)
            and not self._is_further(watch, message.correlation)
            and self._judge.selects(watch.row, message.payload)
        ]

    def _heard_by(self, correlation: str) -> Mapping[str, RowWatch]:
        """Return the rows that a message may meet: a further occurrence has its own from its first message on."""
        name = further_of(correlation)
        if not (name and self._repeating):
            return self.watches
        if name not in self._occurrences:
            again = (watch for number, watch in self.watches.items() if number in self._repeating)
            self._occurrences[name] = {w.row.number: RowWatch(w.row, w.predecessors, name) for w in again}
        return self._occurrences[name]

    def _predecessors(self, watch: RowWatch) -> list[RowWatch]:
        """Return the rows directly before a row: those of its own occurrence, and of the first what does not repeat."""
        key = (watch.occurrence, watch.row.number)
        if key not in self._before_of:
            own = self._occurrences[watch.occurrence]
            self._before_of[key] = [own.get(number) or self.watches[number] for number in sorted(watch.predecessors)]
        return self._before_of[key]

    def _is_open(self, watch: RowWatch) -> bool:
        """Whether a row that begins with a stimulus begins with the present one."""
        return watch.row.limit_from != "stimulus" or watch.row.number == self._stimuli[0]

    def _begins_further(self, watch: RowWatch) -> bool:
        """Whether a row begins a further occurrence: the rows before it, long past, start no limit for it."""
        return bool(watch.occurrence) and not any(before.occurrence for before in self._predecessors(watch))

    def _is_further(self, watch: RowWatch, correlation: str) -> bool:
        """Whether a message belongs to a later occurrence than the one that has met a row for all it concerns."""
        known = {instance.occurrence for instance in watch.instances.values()} - {""}
        if watch.row.limit_from == "stimulus":
            return False
        if not known or correlation in known:
            return False
        return watch.state is RowState.MET and not self._not_awaited_yet(watch)

    def _before(self, watch: RowWatch, name: str) -> dict[str, RowWatch | Instance]:
        """Return what comes before an instance: the same meter or device in rows that share it, else the row."""
        shared = watch.row.per != "once"
        return {
            before.row.number: before.instances.get(name, Instance())
            if shared and before.row.per == watch.row.per
            else before
            for before in self._predecessors(watch)
        }

    def _missing(self, watch: RowWatch, name: str) -> list[str]:
        """Return the rows before an instance that are not met."""
        return [number for number, before in self._before(watch, name).items() if not before.has_passed]

    def _is_blocked(self, watch: RowWatch) -> bool:
        """Whether something before a row keeps all of its instances waiting, whichever they are."""
        per = watch.row.per
        return not all(
            before.instances if before.row.per == per != "once" else before.has_passed
            for before in self._predecessors(watch)
        )

    def _match(self, watch: RowWatch, name: str, delivery: Delivery) -> None:
        citations = (delivery.citation, *(c for c in delivery.message.evidence if c.startswith("wire:")))
        objection = self._stranger(watch, delivery) or self._judge.objection(watch.row, delivery)
        due_s = watch.instances.get(name, Instance()).due_s
        if objection is None and due_s is not None and delivery.time_s > due_s:
            objection = f"came at {delivery.time_s:.1f} s, after its limit of {due_s:.1f} s"
        state = RowState.MET if objection is None else RowState.NOT_MET
        occurrence = "" if watch.row.limit_from == "stimulus" else delivery.message.correlation
        reason = self._judge.remark(watch.row, delivery) if objection is None else objection
        self._decide(watch, name, state, reason, citations, occurrence)
        self._name_occurrence(watch, name, occurrence)

    def _stranger(self, watch: RowWatch, delivery: Delivery) -> str | None:
        """Object to a message of another occurrence than the rows before it; a stimulus begins one of its own."""
        if watch.row.limit_from == "stimulus":
            return None
        own = delivery.message.correlation
        for before in (w for w in self._predecessors(watch) if w.occurrence == watch.occurrence):
            for instance in before.instances.values():
                if instance.occurrence and instance.occurrence != own:
                    return f"belongs to {own}, but row {before.row.number} before it to {instance.occurrence}"
        return None

    def _name_occurrence(self, watch: RowWatch, name: str, occurrence: str) -> None:
        """Give what started an occurrence its name: a stimulus has none until the first message that follows."""
        for earlier in self._predecessors(watch):
            before = earlier.instances.get(name)
            if before is not None and before.time_s is not None and not before.occurrence:
                before.occurrence = occurrence

    def _note(self, candidates: list[RowWatch], delivery: Delivery) -> None:
        """Remember a message that counted for no row, with why."""
        came = f"{delivery.citation} came at {delivery.time_s:.1f} s"
        if isinstance(delivery.message.payload, DeviceTrouble):
            self._note_trouble(delivery.citation, delivery.message.producer, delivery.message.payload)
            return
        for watch in candidates:
            name = self._judge.instance(watch.row, delivery.message.payload)
            if missing := self._missing(watch, name):
                watch.notes.append(f"{came}, out of order: {', '.join(missing)} not met yet")
                return
        if not candidates:
            self._note_misdirected(came, delivery)
        else:
            last = candidates[-1]
            state = last.instances[self._judge.instance(last.row, delivery.message.payload)].state
            last.notes.append(
                f"{came}, again" if state is RowState.MET else f"{came}, when the row was {state} already"
            )

    def _note_trouble(self, citation: str, adapter: str, told: DeviceTrouble) -> None:
        """Remember why an adapter goes no further with the rows about devices that are its to send."""
        for watch in self.watches.values():
            if watch.row.producer == adapter and watch.row.per == "device" and watch.state not in PASSED:
                watch.notes.append(f"{citation} tells of {told.device}: {told.trouble}")

    def _note_misdirected(self, came: str, delivery: Delivery) -> None:
        """Remember what no row has between these two, with the rows that await it from, or for, one of them."""
        message = delivery.message
        ends, information = (message.producer.value, message.receiver.value), message.information.value
        alike = [w for w in self.watches.values() if w.row.information == information and w.row.kind != "effect"]
        if any((w.row.producer, w.row.receiver) == ends for w in alike):
            return
        for watch in alike:
            row = watch.row
            if watch.state not in PASSED and (row.producer == ends[0]) != (row.receiver == ends[1]):
                watch.notes.append(f"{came}, from {ends[0]} to {ends[1]} and not from {row.producer} to {row.receiver}")

    def _await_begun(self, watch: RowWatch) -> None:
        """Await every instance that began in the rows before."""
        for name in sorted(self._not_awaited_yet(watch)):
            watch.instances[name] = Instance()

    def _open(self, watch: RowWatch) -> None:
        """Start the limit of the instances that are now required."""
        row = watch.row
        if row.kind == "driven" or row.limit_s is None or not self._is_open(watch) or self._begins_further(watch):
            return
        if not watch.instances and (nobody := self._judge.vacant(row, watch.occurrence)):
            if not self._missing(watch, ""):
                self._decide(watch, "", RowState.NOT_APPLICABLE, nobody, ())
            return
        if watch.is_complete and row.limit_from != "stimulus":
            return
        for name, since_s in self._judge.required(row, self._clock.now_s, watch.occurrence).items():
            instance = watch.instances.get(name, Instance())
            if instance.due_s is None and not self._missing(watch, name):
                opened_s = max((before.time_s or 0.0 for before in self._before(watch, name).values()), default=0.0)
                instance.due_s = (opened_s if since_s is None else since_s) + row.limit_s
                watch.instances[name] = instance

    def _watch_effects(self, watch: RowWatch) -> None:
        for name, instance in watch.instances.items():
            if instance.decided or instance.due_s is None:
                continue
            measurement = self._judge.effect(
                watch.row, name, instance.due_s - (watch.row.limit_s or 0.0), watch.occurrence
            )
            if measurement is not None:
                self._take_effect(watch, name, measurement)

    def _take_effect(self, watch: RowWatch, name: str, measurement: Measurement) -> None:
        key = (watch.occurrence, watch.row.number, name)
        self._measured[key] = (measurement, worded(measurement))
        if measurement.verdict is not Verdict.PASS:
            self._holding.pop(key, None)
        elif self._clock.now_s - self._holding.setdefault(key, self._clock.now_s) >= EFFECT_HOLD_S:
            cited = f"measurement:{self._evidence.measurement(measurement)}"
            self._decide(watch, name, RowState.MET, worded(measurement), (cited,), self._occurrence_before(watch, name))

    def _occurrence_before(self, watch: RowWatch, name: str) -> str:
        """Return the occurrence of what comes before an effect, to which it belongs: a measurement names none."""
        for earlier in (w for w in self._predecessors(watch) if w.occurrence == watch.occurrence):
            for before in (earlier.instances.get(name), *earlier.instances.values()):
                if before is not None and before.occurrence:
                    return before.occurrence
        return ""

    def _expire(self, watch: RowWatch) -> None:
        if watch.is_complete:
            return
        for name, instance in watch.instances.items():
            if not instance.decided and instance.due_s is not None and self._clock.now_s > instance.due_s:
                self._miss(watch, name, instance)

    def _miss(self, watch: RowWatch, name: str, instance: Instance) -> None:
        if watch.row.kind == "effect":
            self._miss_effect(watch, name)
            return
        reason = (
            f"no {watch.row.information} from {watch.row.producer} to {watch.row.receiver}"
            f"{f' for {name}' if name else ''} by {instance.due_s:.1f} s"
        )
        silent, cited = self._silence(watch, name)
        self._decide(watch, name, RowState.NOT_MET, reason + silent + listed(watch.notes), cited)

    def _silence(self, watch: RowWatch, name: str) -> tuple[str, tuple[str, ...]]:
        """Say that the meter or device itself did not answer when it was last asked over its wire, and cite that."""
        last = self._evidence.last_exchanges(name, 1) if watch.row.wire == "wire" else []
        if not last or not last[0].exchange.error:
            return "", ()
        return f"; {name} itself does not answer: {last[0].exchange.error}", (f"wire:{last[0].seq}",)

    def _miss_effect(self, watch: RowWatch, name: str) -> None:
        measurement, worded = self._measured.get(
            (watch.occurrence, watch.row.number, name), (None, "nothing was measured")
        )
        if measurement is None:
            self._decide(watch, name, RowState.INCONCLUSIVE, worded, ())
            return
        cited = f"measurement:{self._evidence.measurement(measurement)}"
        unsure = measurement.verdict is not Verdict.FAIL
        state = RowState.INCONCLUSIVE if unsure else RowState.NOT_MET
        self._decide(watch, name, state, worded, (cited,), self._occurrence_before(watch, name))

    def _decide(
        self, watch: RowWatch, name: str, state: RowState, reason: str, cited: tuple[str, ...], occurrence: str = ""
    ) -> None:
        instance = watch.instances.setdefault(name, Instance())
        instance.state, instance.reason, instance.evidence = state, reason, cited
        instance.occurrence = occurrence
        instance.time_s = self._clock.now_s if state in DECIDED else None
        self._evidence.row(RowRecord(watch.row.number, occurrence, name, state, reason, cited))
        if state is not RowState.NOT_APPLICABLE and state in DECIDED:
            self._rule_out(watch, name)

    def _rule_out(self, watch: RowWatch, name: str) -> None:
        """Whoever takes one alternative takes none of the others."""
        for number in sorted(self._rivals[watch.row.number]):
            rival = self._occurrences[watch.occurrence].get(number) or self.watches[number]
            if not rival.instances.get(name, Instance()).decided:
                reason = f"takes the alternative of row {watch.row.number}"
                self._decide(rival, name, RowState.NOT_APPLICABLE, reason, ())
