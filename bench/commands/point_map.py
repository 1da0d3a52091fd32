"""`bench point-map check`: what a map offers to the driver of a role."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from instruments.der_labels import CATEGORIES, NEEDED, WORDS, missing
from instruments.errors import ConfigError
from instruments.point_map import PointMap, load_point_map
from instruments.point_map_roles import (
    CONTROL_POINTS,
    DIRECTED,
    ROLE_FUNCTIONS,
    family,
    functions_of,
    misspelled,
    require_role,
)


def check(path: Path, role: str | None) -> list[str]:
    """Return one line for each function of a role, or of every role that the map fits.

    Raises ConfigError for a map that cannot be read or does not fit, with all that it lacks.
    """
    point_map = load_point_map(path)
    if role is not None:
        require_role(point_map, role)
    roles = [role] if role is not None else list(_fitting(point_map))
    if not roles:
        raise ConfigError(f"point map {point_map.point_map} fits no role; name one with --role, to see what it lacks")
    return [line for name in roles for line in (f"{name}:", *_told(point_map, name))]


def _fitting(point_map: PointMap) -> Iterator[str]:
    for role in ROLE_FUNCTIONS:
        with suppress(ConfigError):
            require_role(point_map, role)
            yield role


def _told(point_map: PointMap, role: str) -> Iterator[str]:
    for function in functions_of(role):
        missing = function.lacks(point_map)
        yield f"  lacks   {function.name}: {', '.join(missing)}" if missing else f"  offers  {function.name}"
    if role == "inverter":
        yield from _told_of_type_tests(point_map)
    for name in misspelled(point_map, role):
        yield f"  to check: {name}"
    unsaid = [
        n for n, p in point_map.points.items() if family(n) in DIRECTED and not (p.positive or point_map.positive)
    ]
    if unsaid and role not in CONTROL_POINTS:
        counted = "absorbed" if role == "meter" else "delivered"
        yield f"  to check: the map does not say `positive`; {counted} is taken for it in {', '.join(unsaid)}"


def _told_of_type_tests(point_map: PointMap) -> Iterator[str]:
    """Tell which functions a type test can set; without the categories none begins."""
    for name, labels in {"operating categories": CATEGORIES, **{WORDS[name]: NEEDED[name] for name in NEEDED}}.items():
        lacks = missing(labels, point_map.points.__contains__)
        yield f"  lacks   for type tests: {name}: {', '.join(lacks)}" if lacks else f"  offers  for type tests: {name}"
