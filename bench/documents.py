"""A bench file as the mapping that it is before any schema has seen it: its file names, and parts laid over it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FILES = (
    ("feeder", "model"),
    ("feeder", "sites"),
    ("feeder", "customers"),
    ("environment", "irradiance_csv"),
    ("environment", "load_shape"),
    ("devices", "*", "point_map"),
    ("devices", "*", "tls", "ca"),
    ("devices", "*", "tls", "certificate"),
    ("devices", "*", "tls", "key"),
    ("devices", "*", "emulate", "tls", "certificate"),
    ("devices", "*", "emulate", "tls", "key"),
    ("devices", "*", "emulate", "tls", "client_ca"),
    ("systems", "*", "tls", "ca"),
    ("systems", "*", "tls", "certificate"),
    ("systems", "*", "tls", "key"),
    ("actors", "energy_management", "generation_stack"),
    ("actors", "energy_management", "transmission"),
)
"""Places of file names in a bench file; a star stands for any name."""


def with_absolute_paths(document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Make file names absolute before anything is validated: what has the wrong form is left for the schema to tell."""
    made = dict(document)
    for place in FILES:
        made = _at(made, place, lambda name: str((folder / name).resolve()))
    scenarios = made.get("scenarios")
    if isinstance(scenarios, Mapping):
        parts = {key: with_absolute_paths(p, folder) if isinstance(p, Mapping) else p for key, p in scenarios.items()}
        made["scenarios"] = parts
    return made


def _at(value: Any, place: tuple[str, ...], change: Callable[[str], str]) -> Any:
    """Return a copy with the text at a place changed, if there is one."""
    if not place:
        return change(value) if isinstance(value, str) else value
    if not isinstance(value, Mapping):
        return value
    return {key: _at(v, place[1:], change) if place[0] in ("*", key) else v for key, v in value.items()}


def merged(whole: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a part of a document over the whole: mappings key by key, all else in its place."""

    def laid(key: str, value: Any) -> Any:
        below = whole.get(key)
        return merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value

    return {**whole, **{key: laid(key, value) for key, value in part.items()}}
