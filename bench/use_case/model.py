"""The records of a use case: step rows, actors, information objects, preconditions, and the use case they make up."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, field_validator, model_validator

from bench.use_case.dewey import parse
from instruments.errors import ConfigError

Kind = Literal["driven", "exchange", "computation", "effect"]
Verb = Literal["sends", "computes", "responds to", "acknowledges", "reviews", "confirms"]
Text = Annotated[str, Field(min_length=1)]

_VERBS: Mapping[Kind, frozenset[Verb]] = {
    "exchange": frozenset({"sends"}),
    "computation": frozenset({"computes"}),
    "effect": frozenset({"responds to"}),
    "driven": frozenset({"sends", "acknowledges", "reviews", "confirms"}),
}


class Record(BaseModel):
    """One immutable line of a table; an unknown column is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(Record):
    """One numbered step of the use case.

    `per` says for how many instances it has to be met: once, or for every selected meter, device or customer.
    `wire` is "wire" where the message needs an exchange with equipment or a meter, "inside" where it stays within one
    piece of equipment, else "none". `limit_s` (seconds) counts from the last of the rows it follows, or from its
    stimulus or scheduled time, as `limit_from` says; without it the end of the run is the limit.
    """

    order: PositiveInt
    scenario: Text
    number: str = Field(validation_alias="row")
    kind: Kind
    verb: Verb
    producer: Text
    receiver: Text
    information: Text
    per: Literal["once", "meter", "device", "customer"]
    wire: Literal["none", "wire", "inside"]
    limit_s: PositiveFloat | None
    limit_from: Literal["rows", "stimulus", "schedule"]
    activity: Text
    erratum: str

    @property
    def is_own(self) -> bool:
        """Whether producer and receiver are the same actor, so that nothing is sent."""
        return self.producer == self.receiver

    @field_validator("limit_s", mode="before")
    @classmethod
    def _blank_is_no_limit(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _is_consistent(self) -> "Row":
        if str(parse(self.number)[0]) != self.scenario:
            raise ValueError(f"row {self.number} is listed under scenario {self.scenario}")
        if self.verb not in _VERBS[self.kind]:
            raise ValueError(f"verb {self.verb!r} does not fit kind {self.kind!r}")
        if (self.verb == "sends") == self.is_own:
            raise ValueError(f"{self.verb!r} cannot join {self.producer!r} to {self.receiver!r}")
        return self


class Actor(Record):
    """A person, system or device that takes part."""

    name: Text
    type: Literal["person", "system", "device"]
    group: Literal["customer premises", "utility"]
    duties: Text


class InformationObject(Record):
    """What a message is about."""

    name: Text
    description: Text


class Precondition(Record):
    """What has to hold before a scenario starts, whose side it is on, and the check that says whether it does.

    A document names no checks; where `check` is empty, a person has yet to choose one.
    """

    scenario: Text
    party: Text
    check: str = ""
    condition: Text


class Scenario(Record):
    """A scenario's short name, by which features and reports call it, and its title."""

    name: Text
    title: Text


class LetteredSequences(Record):
    """Sequences told apart by a letter at one place: all happen concurrently, or each customer takes one of them."""

    at: Text
    taken: Literal["concurrent", "alternative"]
    of: dict[str, str]
    normal: str | None = None

    @model_validator(mode="after")
    def _alternative_has_a_normal(self) -> "LetteredSequences":
        if (self.normal in self.of) != (self.taken == "alternative"):
            raise ValueError(f"at {self.at}: an alternative, and nothing else, names the sequence that is normal")
        return self

    @property
    def scenario(self) -> str:
        """The scenario in which they occur."""
        return self.at.split(".")[0]

    def sequence_of(self, number: str) -> str | None:
        """Name the sequence that holds a row, None for a row outside."""
        return next((name for name in self.of if number.startswith(f"{self.at}.{name}.")), None)


class Repetition(Record):
    """Rows, from `first` to `last` in the document, that occur again with every further request."""

    first: Text
    last: Text
    why: Text


class OptionalRows(Record):
    """A variant of a scenario in which all rows from `first` on stay away, and why they do."""

    variant: Text
    first: Text
    why: Text

    @property
    def scenario(self) -> str:
        """The scenario in which they are optional."""
        return self.first.split(".")[0]


@dataclass(frozen=True)
class UseCase:
    """A complete, checked use case; rows are in document order."""

    id: str
    title: str
    source: str
    scenarios: Mapping[str, Scenario]
    sequences: tuple[LetteredSequences, ...]
    rows: Mapping[str, Row]
    actors: Mapping[str, Actor]
    information_objects: Mapping[str, InformationObject]
    preconditions: tuple[Precondition, ...]
    repeats: tuple[Repetition, ...] = ()
    optional: tuple[OptionalRows, ...] = ()

    def row(self, number: str) -> Row:
        """Look a row up by its number; `ConfigError` with the nearest known numbers when there is none."""
        if number not in self.rows:
            raise ConfigError(unknown("row", number, self.rows))
        return self.rows[number]

    def variants(self, scenario: str) -> Mapping[str, str]:
        """List the variants of a scenario, name and meaning: alternatives such as ``1A``, and where rows stay away."""
        self._require_scenario(scenario)
        places = (place for place in self.sequences if place.scenario == scenario and place.taken == "alternative")
        optional = {option.variant: option.why for option in self.optional if option.scenario == scenario}
        return {name: meaning for place in places for name, meaning in place.of.items()} | optional

    def absent_rows(self, scenario: str, variant: str | None) -> frozenset[str]:
        """List the rows that are to stay away in a variant of a scenario."""
        firsts = [o.first for o in self.optional if (o.scenario, o.variant) == (scenario, variant)]
        late = (row for row in self.rows.values() if row.scenario == scenario and firsts)
        return frozenset(row.number for row in late if row.order >= self.rows[firsts[0]].order)

    def repeating_rows(self) -> frozenset[str]:
        """List the rows that occur again with every further request."""
        spans = [(self.rows[r.first].order, self.rows[r.last].order) for r in self.repeats]
        rows = self.rows.values()
        return frozenset(row.number for row in rows if any(first <= row.order <= last for first, last in spans))

    def rows_of(self, scenario: str, variant: str | None = None) -> tuple[Row, ...]:
        """List a scenario's rows in document order.

        With a variant, the rows of the alternatives not taken are left out; without one all stay, as in an event in
        which some customers override and others do not. `ConfigError` for an unknown scenario or variant.
        """
        known = self.variants(scenario)
        if variant is not None and variant not in known:
            raise ConfigError(unknown(f"variant of scenario {scenario}", variant, known))
        return tuple(row for row in self.rows.values() if row.scenario == scenario and self._applies(row, variant))

    def rivals(self, number: str) -> frozenset[str]:
        """Name the rows of the alternatives to the one that a row belongs to; for most rows there are none."""
        for place in self.sequences:
            own = place.sequence_of(number)
            if own is not None and place.taken == "alternative":
                return frozenset(n for n in self.rows if place.sequence_of(n) not in {None, own})
        return frozenset()

    def _applies(self, row: Row, variant: str | None) -> bool:
        alternatives = (place.sequence_of(row.number) for place in self.sequences if place.taken == "alternative")
        whole = variant is None or any(option.variant == variant for option in self.optional)
        return whole or all(name in {None, variant} for name in alternatives)

    def _require_scenario(self, scenario: str) -> None:
        if scenario not in self.scenarios:
            raise ConfigError(unknown("scenario", scenario, self.scenarios))


def unknown(what: str, given: str, known: Iterable[str]) -> str:
    """Word the error for a name that is not known: the nearest known ones, or all of a short list."""
    names = list(known)
    near = difflib.get_close_matches(given, names, n=3) or names[:10]
    return f"unknown {what} {given!r}; nearest known: {', '.join(near) or 'none at all'}"
