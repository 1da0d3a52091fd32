"""Reads dialects from their files. A new one is one more file in the folder of its role."""

from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError

from instruments.dialects.language import Dialect, hint
from instruments.errors import ConfigError
from instruments.files import read_yaml

FOLDER = Path(__file__).parent
D = TypeVar("D", bound=Dialect)


@lru_cache(maxsize=32)
def dialect_names(role: str) -> tuple[str, ...]:
    """Return the names of all dialects of a role, such as `grid_simulator`."""
    return tuple(sorted(path.stem for path in (FOLDER / role).glob("*.yaml")))


def load_dialect(role: str, name: str, schema: type[D]) -> D:
    """Load a dialect by its name; raises ConfigError naming the known ones and the nearest."""
    known = dialect_names(role)
    if name not in known:
        raise ConfigError(f"no SCPI dialect {name!r} for the role {role!r}; {hint(name, known)}")
    return cast("D", _load(FOLDER / role / f"{name}.yaml", schema))


@lru_cache(maxsize=32)
def _load(path: Path, schema: type[Dialect]) -> Dialect:
    return parse_dialect(read_yaml(path, "dialect"), str(path), schema, path.stem)


def parse_dialect(document: Any, origin: str, schema: type[D], name: str | None = None) -> D:
    """Make a dialect of what a YAML file holds; raises ConfigError with all errors, `origin` names the file."""
    try:
        found = schema.model_validate(document)
    except ValidationError as error:
        faults = [_worded(fault, schema) for fault in error.errors()]
        raise ConfigError("\n  ".join([f"dialect {origin} has {len(faults)} error(s):", *faults])) from None
    if name is not None and found.dialect != name:
        raise ConfigError(f"dialect {origin}: it calls itself {found.dialect!r}, and its file {name!r}")
    return found


def _worded(fault: Any, schema: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "the file"
    if fault["type"] != "extra_forbidden":
        return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
    return f"{place}: unknown key; {hint(str(fault['loc'][-1]), _keys(schema, fault['loc'][:-1]))}"


def _keys(schema: Any, place: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the keys that the schema knows at a place; indexes of lists lead no deeper."""
    models = [schema]
    for part in (part for part in place if not isinstance(part, int)):
        fields = [model.model_fields[part].annotation for model in models if part in model.model_fields]
        models = [model for annotation in fields for model in _models(annotation)] or models
    return tuple(sorted({key for model in models for key in model.model_fields}))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in an annotation, through unions, lists and what annotates it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
