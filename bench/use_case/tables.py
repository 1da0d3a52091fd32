"""Loading a use case from its folder, checked as a whole.

The folder holds ``use_case.yaml``, ``rows.csv``, ``actors.csv``, ``information_objects.csv`` and ``preconditions.csv``.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bench.use_case.dewey import lettered_forks, parse
from bench.use_case.model import (
    Actor,
    InformationObject,
    LetteredSequences,
    OptionalRows,
    Precondition,
    Record,
    Repetition,
    Row,
    Scenario,
    UseCase,
    unknown,
)
from instruments.errors import ConfigError
from instruments.files import read_yaml

__all__ = ["DEFAULT", "Row", "UseCase", "load"]

DEFAULT = Path(__file__).parents[2] / "fixtures" / "use_cases" / "integrated_der"

_R = TypeVar("_R", bound=Record)


class _Head(Record):
    """What ``use_case.yaml`` holds."""

    id: str
    title: str
    source: str
    scenarios: dict[str, Scenario]
    sequences: tuple[LetteredSequences, ...]
    repeats: tuple[Repetition, ...] = ()
    optional: tuple[OptionalRows, ...] = ()


def load(folder: Path = DEFAULT) -> UseCase:
    """Load and check a use case.

    Raises `ConfigError` with every malformed line of every file, or, when all lines are well-formed, with everything
    in which the files contradict each other.
    """
    faults: list[str] = []
    head = _read_head(folder / "use_case.yaml", faults)
    rows = _read_table(folder / "rows.csv", Row, faults)
    actors = _read_table(folder / "actors.csv", Actor, faults)
    objects = _read_table(folder / "information_objects.csv", InformationObject, faults)
    preconditions = _read_table(folder / "preconditions.csv", Precondition, faults)
    faults += _doubled("row", (row.number for row in rows))
    faults += _doubled("actor", (actor.name for actor in actors))
    faults += _doubled("information object", (item.name for item in objects))
    if head is None or faults:
        raise _error(folder, faults)
    use_case = UseCase(
        **dict(head),
        rows={row.number: row for row in rows},
        actors={actor.name: actor for actor in actors},
        information_objects={item.name: item for item in objects},
        preconditions=tuple(preconditions),
    )
    contradictions = list(_contradictions(use_case))
    if contradictions:
        raise _error(folder, contradictions)
    return use_case


def _error(folder: Path, faults: Iterable[str]) -> ConfigError:
    return ConfigError("\n  ".join([f"use case {folder}:", *faults]))


def _read_head(path: Path, faults: list[str]) -> _Head | None:
    try:
        return _Head.model_validate(read_yaml(path, "table"))
    except ValidationError as error:
        faults += [f"{path.name}: {fault}" for fault in _wording(error)]
    except ConfigError as error:
        faults.append(str(error))
    return None


def _read_table(path: Path, record: type[_R], faults: list[str]) -> list[_R]:
    """Read the good lines of a table; what is wrong with the others goes to `faults`."""
    good: list[_R] = []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, restkey="surplus cells", strict=True)
            for cells in reader:
                try:
                    good.append(record.model_validate(cells))
                except ValidationError as error:
                    faults += [f"{path.name} line {reader.line_num}: {fault}" for fault in _wording(error)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        faults.append(f"{path.name}: {error}")
    return good


def _wording(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, item['loc'])) or 'record'}: {item['msg']}" for item in error.errors()]


def _doubled(what: str, names: Iterable[str]) -> list[str]:
    return [f"{what} {name!r} occurs {count} times" for name, count in Counter(names).items() if count > 1]


def _contradictions(use_case: UseCase) -> Iterator[str]:
    """Find where the tables do not fit each other."""
    if [row.order for row in use_case.rows.values()] != list(range(1, len(use_case.rows) + 1)):
        yield "rows.csv: column order does not count 1, 2, 3 ... down the table"
    for row in use_case.rows.values():
        yield from _unknown_names(row, use_case)
        yield from _undeclared_sequences(row, use_case)
    for place in use_case.sequences:
        empty = (n for n in place.of if not any(place.sequence_of(number) == n for number in use_case.rows))
        yield from (f"use_case.yaml: sequence {place.at}.{name} has no row" for name in empty)
    for number in _named_rows(use_case):
        if number not in use_case.rows:
            yield "use_case.yaml: " + unknown("row", number, use_case.rows)
    yield from _misplaced_conditions(use_case)


def _named_rows(use_case: UseCase) -> Iterator[str]:
    """Give the rows that repetitions and options name."""
    for again in use_case.repeats:
        yield from (again.first, again.last)
    yield from (option.first for option in use_case.optional)


def _misplaced_conditions(use_case: UseCase) -> Iterator[str]:
    for condition in use_case.preconditions:
        if condition.scenario not in use_case.scenarios:
            yield "preconditions.csv: " + unknown("scenario", condition.scenario, use_case.scenarios)


def _unknown_names(row: Row, use_case: UseCase) -> Iterator[str]:
    for what, name, known in (
        ("scenario", row.scenario, use_case.scenarios),
        ("producer", row.producer, use_case.actors),
        ("receiver", row.receiver, use_case.actors),
        ("information object", row.information, use_case.information_objects),
    ):
        if name not in known:
            yield f"rows.csv row {row.number}: {unknown(what, name, known)}"


def _undeclared_sequences(row: Row, use_case: UseCase) -> Iterator[str]:
    declared = {(place.at, name) for place in use_case.sequences for name in place.of}
    for at, name in lettered_forks(parse(row.number)):
        if (at, name) not in declared:
            yield f"rows.csv row {row.number}: use_case.yaml does not say what sequence {at}.{name} is"
