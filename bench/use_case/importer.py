"""From a use-case document to tables: restored numbers, kinds, names, and a list of what a person has to look at.

What the text of a document does not settle is not guessed silently: every contradiction is listed with what was
decided, and how often a row has to be met and how long it may take are left for a person to fill in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from bench.use_case.contradictions import Contradiction, Names, contradictions
from bench.use_case.dewey import lettered_forks, numbered_before, parse
from bench.use_case.document import Document, NamedActor, ScenarioText, Step, read_document
from bench.use_case.model import (
    Actor,
    InformationObject,
    Kind,
    LetteredSequences,
    Precondition,
    Row,
    Scenario,
    UseCase,
    Verb,
)
from bench.use_case.step_numbers import gaps, restore
from instruments.errors import ConfigError

_RESPONDS = re.compile(r"\b(?:responds?|acts?)\s+accordingly\b", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\b(?:alternate|alternative|optional)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Imported:
    """What became of a document: its tables, the contradictions found in it, and what could not be read."""

    use_case: UseCase
    contradictions: tuple[str, ...]
    unread: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{len(self.use_case.rows)} rows in {len(self.use_case.scenarios)} scenarios"]
        lines += [f"contradiction: {text}" for text in self.contradictions]
        lines += [f"not read: {text}" for text in self.unread]
        return "\n".join([*lines, "to be decided by a person: columns per, limit_s and limit_from of every row"])


MOST_TOLD = 10
"""What could not be read is told so often where nothing could."""


def import_document(text: str, unread: Iterable[str] = ()) -> Imported:
    """Turn the text of a document into tables; `ConfigError` when no step can be read in it.

    `unread` is what whoever took the text from the document had to leave out.
    """
    document = read_document(text)
    document.unread += unread
    importer = _Importer(document)
    for scenario in document.scenarios:
        importer.take_scenario(scenario)
    if not importer.rows:
        raise ConfigError(_nothing(importer.unread))
    return importer.result()


def _nothing(unread: list[str]) -> str:
    told = [f"not read: {text}" for text in unread[:MOST_TOLD]]
    more = [f"and {len(unread) - MOST_TOLD} more"] if len(unread) > MOST_TOLD else []
    return "\n  ".join(["no step table of the use-case template was found in this document", *told, *more])


@dataclass
class _Importer:
    """Collects rows scenario by scenario."""

    document: Document
    rows: dict[str, Row] = field(default_factory=dict)
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    preconditions: list[Precondition] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    _corrected: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = Names(
            (actor.name for actor in self.document.actors), (name for name, _ in self.document.information)
        )
        self._persons = {actor.name for actor in self.document.actors if actor.type == "person"}
        self._devices = {actor.name for actor in self.document.actors if actor.type == "device"}
        self.unread += self.document.unread

    def take_scenario(self, text: ScenarioText) -> None:
        """Take over a scenario's preconditions and rows, under the number with which its steps begin."""
        numbers = restore([step.number for step in text.steps])
        known = [number for number in numbers if number is not None]
        if not known or known[0].split(".")[0] in self.scenarios:
            self.unread.append(f"{text.name}: no steps with numbers of its own")
            return
        scenario = known[0].split(".")[0]
        self.scenarios[scenario] = Scenario(name=text.name, title=text.title or text.name)
        self.preconditions += [Precondition(scenario=scenario, party=a, condition=b) for a, b in text.preconditions]
        order_notes = _order_notes(known)
        for step, number in zip(text.steps, numbers, strict=True):
            if number is None:
                self.unread.append(f"line {step.line}: {step.number!r} cannot be made a step number")
            else:
                self._take_step(step, number, scenario, order_notes.get(number))

    def _take_step(self, step: Step, number: str, scenario: str, order_note: str | None) -> None:
        found = contradictions(step, self._names) or self._carried_on(step, number)
        settled = {item.column: item.told for item in found if item.told and self._text_prevails(item, step, number)}
        if settled.get("information"):
            self._corrected[number] = step.information, settled["information"]
        remarks = [f"{item}; {item.where if item.column in settled else 'the table'} is kept" for item in found]
        remarks += [order_note] if order_note else []
        producer = settled.get("producer") or self._names.actor(step.producer) or step.producer
        receiver = settled.get("receiver") or self._names.actor(step.receiver) or step.receiver
        kind = self._kind(step, producer, receiver)
        cells = {
            "order": len(self.rows) + 1,
            "scenario": scenario,
            "row": number,
            "kind": kind,
            "verb": _verb(step, kind, own=producer == receiver),
            "producer": producer,
            "receiver": receiver,
            "information": settled.get("information") or step.information,
            "per": "once",
            "wire": "wire" if producer != receiver and {producer, receiver} & self._devices else "none",
            "limit_s": "",
            "limit_from": "rows",
            "activity": step.description or step.event,
            "erratum": "; ".join(remarks),
        }
        try:
            self.rows[number] = Row.model_validate(cells)
        except ValidationError as error:
            self.unread.append(f"line {step.line}: row {number}: {'; '.join(map(_fault, error.errors()))}")
            return
        self.notes[number] = step.notes
        self.contradictions += [f"row {number}: {remark}" for remark in remarks]

    def _carried_on(self, step: Step, number: str) -> list[Contradiction]:
        """Carry a corrected object on to the rows nested in the corrected one: "Relevant X" where X was mistaken."""
        for corrected, (printed, told) in self._corrected.items():
            renamed = step.information.replace(printed, told)
            if (
                number.startswith(f"{corrected}.")
                and renamed != step.information
                and renamed in self._names.information
            ):
                return [Contradiction("information", step.information, renamed, f"the corrected row {corrected}")]
        return []

    def _text_prevails(self, item: Contradiction, step: Step, number: str) -> bool:
        """Decide between table and text.

        An object is as the text says. An actor is, when the table has the same one on both sides although something is
        passed on, or when the text's producer is the one who got the row before; a person's row stays a person's.
        """
        if item.column == "information":
            return True
        if self._names.actor(step.producer) == self._names.actor(step.receiver):
            return True
        before = self._row_before(number)
        is_next = before is not None and before.receiver == item.told
        return item.column == "producer" and is_next and self._names.actor(step.producer) not in self._persons

    def _row_before(self, number: str) -> Row | None:
        """Find the last row taken so far that the numbers put before this one."""
        before = [row for row in self.rows.values() if numbered_before(parse(row.number), parse(number))]
        return before[-1] if before else None

    def _kind(self, step: Step, producer: str, receiver: str) -> Kind:
        if producer in self._persons:
            return "driven"
        if producer != receiver:
            return "exchange"
        return "effect" if _RESPONDS.search(step.description) else "computation"

    def result(self) -> Imported:
        """Put the use case together; names that rows use and no list has are added, and are contradictions already."""
        used = {name for row in self.rows.values() for name in (row.producer, row.receiver)}
        actors = {actor.name: _actor(actor) for actor in self.document.actors}
        actors |= {name: _actor(NamedActor(name, "", "", "")) for name in sorted(used - actors.keys())}
        objects = {
            name: InformationObject(name=name, description=text or name) for name, text in self.document.information
        }
        lost = {row.information for row in self.rows.values()} - objects.keys()
        objects |= {name: InformationObject(name=name, description=name) for name in sorted(lost)}
        use_case = UseCase(
            id=re.sub(r"\W+", "_", self.document.function_id.lower()) or "use_case",
            title=self.document.title or "untitled",
            source=self.document.function_id or "unknown",
            scenarios=self.scenarios,
            sequences=tuple(_sequences(self.rows, self.notes)),
            rows=self.rows,
            actors=actors,
            information_objects=objects,
            preconditions=tuple(self.preconditions),
        )
        return Imported(use_case, tuple(self.contradictions), tuple(self.unread))


def _fault(item: Any) -> str:
    """Word what is wrong with a cell."""
    column = " ".join(map(str, item["loc"]))
    return f"{column} is empty" if item["type"] == "string_too_short" else f"{column} {item['msg']}".strip()


def _order_notes(numbers: list[str]) -> dict[str, str]:
    """Remark on rows before which a number is missing, and rows printed after some that their numbers put later."""
    notes: dict[str, str] = {}
    for following, missing in gaps(numbers).items():
        row = next(number for number in numbers if f"{number}.".startswith(f"{following}."))
        notes[row] = f"there is no row {missing}"
    for earlier, later in pairwise(numbers):
        if numbered_before(parse(later), parse(earlier)):
            notes[later] = f"printed after row {earlier}: neither orders the other"
    return notes


def _verb(step: Step, kind: Kind, *, own: bool) -> Verb:
    """Word what happens; what a person does alone is in the text."""
    if not own:
        return "sends"
    if kind != "driven":
        return "responds to" if kind == "effect" else "computes"
    text = step.description.lower()
    return "acknowledges" if "acknowledg" in text else "confirms" if "confirm" in text else "reviews"


def _actor(actor: NamedActor) -> Actor:
    """Take an actor over; a type or group that the template does not know becomes a system of the utility."""
    known = actor.type in {"person", "system", "device"}
    return Actor.model_validate(
        {
            "name": actor.name,
            "type": actor.type if known else "system",
            "group": actor.group or "utility",
            "duties": actor.description or "not described in the document",
        }
    )


def _sequences(rows: Mapping[str, Row], notes: Mapping[str, str]) -> Iterable[LetteredSequences]:
    """Declare lettered sequences: alternatives where the notes of one call it optional, else concurrent."""
    places: dict[str, dict[str, str]] = {}
    optional: dict[str, set[str]] = {}
    for number, row in rows.items():
        for at, name in lettered_forks(parse(number)):
            places.setdefault(at, {}).setdefault(name, row.activity)
            if _ALTERNATIVE.search(notes[number]):
                optional.setdefault(at, set()).add(name)
    for at, of in places.items():
        normal = [name for name in of if name not in optional.get(at, set())]
        if at in optional and normal:
            yield LetteredSequences(at=at, taken="alternative", of=of, normal=normal[0])
        else:
            yield LetteredSequences(at=at, taken="concurrent", of=of)
