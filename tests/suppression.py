"""Suppresses a row of the use case at its producer, as a good run has shown it, and says what must come of that."""

from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path

from playing import Record, play

from bench.bus import Message
from bench.config import BenchFile
from bench.story import Story
from bench.use_case.order import RowOrder
from bench.use_case.tables import load as load_use_case
from reports.run_directory import RowItem, TraceLine
from reports.verdict import RowState, Verdict

USE_CASE = load_use_case()
ORDER = RowOrder(USE_CASE)
NOTICED_S = 3.0
"""How long after its limit a missing row is noticed at the latest, s."""
ROUNDED_S = 1e-6
"""How far a time in the trace may lie from the clock's, s."""


def observed(numbers: Sequence[str]) -> list[str]:
    """Keep the rows that nobody drives."""
    return [number for number in numbers if USE_CASE.row(number).kind != "driven"]


class GoodRun:
    """What a run on good equipment shows of each row: what met it, when at first, and by when it was due."""

    def __init__(self, record: Record) -> None:
        self.record = record
        found = record.directory()
        self._items: Sequence[RowItem] = found.run.scenarios[0].items
        self._trace = {line.seq: line for line in found.trace}

    def due_s(self, number: str) -> float:
        """By when every instance of a row's first occurrence was due, with a moment in which that is noticed."""
        return max(item.due_s or 0.0 for item in self.met(number)) + NOTICED_S

    def met(self, number: str) -> list[RowItem]:
        """Return the instances of the first occurrence of a row; at least one was met."""
        items = [item for item in self._items if item.row == number and item.state is RowState.MET]
        first = min(items, key=lambda item: item.time_s or 0.0).occurrence
        return [item for item in items if item.occurrence == first]

    def instances(self, number: str) -> set[str]:
        """Name the requests, devices, meters or customers by which a row was met; empty for one that is met once."""
        return {item.instance for item in self.met(number) if item.instance}

    def sieve(self, number: str, story: Story) -> Callable[[Message], bool]:
        """Find what would meet a row: between its parties, about its instances, from when it was first sent on."""
        row, names = USE_CASE.row(number), [f'"{name}"' for name in self.instances(number)]
        since_s = min(line.sent_s or 0.0 for line in self._messages(number)) - ROUNDED_S

        def withheld(message: Message) -> bool:
            parties = (message.producer.value, message.receiver.value, message.information.value)
            if parties != (row.producer, row.receiver, row.information) or story.clock.now_s < since_s:
                return False
            told = message.payload.model_dump_json()
            return not names or any(name in told for name in names)

        return withheld

    def _messages(self, number: str) -> list[TraceLine]:
        cited = [e for item in self.met(number) for e in item.evidence if e.startswith("trace:")]
        return [self._trace[int(citation.removeprefix("trace:"))] for citation in cited]


def play_without(
    number: str,
    good: GoodRun,
    folder: Path,
    bench: Callable[[float], BenchFile],
    scenario: str,
    faults: Mapping[str, str],
) -> Record:
    """Play a scenario up to where a row was due, with that row suppressed; an effect by the fault that `faults` has."""

    def suppress(story: Story) -> None:
        if number not in faults:
            story.bus.withheld.append(good.sieve(number, story))

    injected = [faults[number]] if number in faults else []
    return play(folder, bench(good.due_s(number)), faults=injected, prepare=suppress, scenario=scenario)


def require_missing(number: str, record: Record, before: Set[RowState] = frozenset({RowState.MET})) -> None:
    """Assert that a row is missed, that all before it is in one of the states `before`, and that nothing needs it."""
    states = record.states
    assert states[number] is RowState.NOT_MET, f"row {number} is {states[number]}: {record.reasons[number]}"
    earlier = {n: states[n] for n in ORDER.ancestors(number) & set(states)}
    assert set(earlier.values()) <= before, f"rows before {number} went wrong as well: {earlier}"
    later = {n: states[n] for n in ORDER.dependents(number) & set(states)}
    assert set(later.values()) <= {RowState.NOT_RUN}, f"rows after {number} cannot have happened: {later}"
    assert record.verdict is Verdict.FAIL, record.failure


def require_only_missing(number: str, record: Record) -> None:
    """Assert the same of a row in a story whose alternatives may leave rows out, and that no other row is blamed."""
    require_missing(number, record, {RowState.MET, RowState.NOT_APPLICABLE})
    doubted = {RowState.NOT_MET, RowState.INCONCLUSIVE}
    missed = {n: record.reasons[n] for n, state in record.states.items() if state in doubted}
    assert set(missed) == {number}, f"other rows are blamed as well: {missed}"
