"""A feature that encodes a scenario's rows, made from the tables, for a person to put the circumstances into."""

from collections.abc import Iterable, Iterator

from bench.use_case.coverage import SCENARIO_TAG, VARIANT_TAG
from bench.use_case.grammar import keyword, wording
from bench.use_case.model import Row, UseCase

_OPENING = "# Put the circumstances here: Given ... and, unless a row begins it, When ..."


def skeleton(use_case: UseCase, scenario: str) -> str:
    """Write the feature of a scenario: every row, once for each of its alternatives.

    `ConfigError` when the use case has no such scenario.
    """
    variants = use_case.variants(scenario)
    head = use_case.scenarios[scenario]
    lines = [f"@{SCENARIO_TAG}{scenario}", f"Feature: {head.title}"]
    for variant, meaning in variants.items():
        lines += ["", f"  @{VARIANT_TAG}{variant}", f"  Scenario: {head.name}, {meaning}"]
        lines += _body(use_case.rows_of(scenario, variant))
    if not variants:
        lines += ["", f"  Scenario: {head.name}", *_body(use_case.rows_of(scenario))]
    return "\n".join(lines) + "\n"


def _body(rows: Iterable[Row]) -> list[str]:
    return [f"    {line}" for line in (_OPENING, *_steps(rows))]


def _steps(rows: Iterable[Row]) -> Iterator[str]:
    previous = None
    for row in rows:
        yield f"{keyword(row) if keyword(row) != previous else 'And'} {wording(row)}"
        previous = keyword(row)
