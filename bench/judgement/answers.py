"""Questions and answers of the judge as JSON, and back."""

import json
import math
from collections.abc import Mapping, Set
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from bench.measurement import Limits, Measurement, PowerReading
from bench.use_case.model import Row
from reports.verdict import Verdict

RAISED = "raised"
"""Tag of an answer that did not come, with what broke."""
NOW = {"now": True}
"""What stands in a question for the time at which it is asked, so that it is the same at any time."""


def question_text(name: str, arguments: tuple[Any, ...], now_s: float) -> str:
    """Return the text by which a question is known again, asked at a time."""
    about = (NOW if isinstance(value, float) and value == now_s else as_json(value) for value in arguments)
    return json.dumps([name, *about], sort_keys=True)


def as_json(value: Any) -> Any:  # noqa: C901, PLR0911  one line a kind
    """Turn what is asked or answered into JSON; raises TypeError for what has no form here."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return float(value) if math.isfinite(value) else {"float": str(float(value))}
        case str():
            return str(value)
        case Row():
            return value.number
        case Measurement():
            return {"measurement": {key: as_json(entry) for key, entry in asdict(value).items()}}
        case PowerReading():
            return {"reading": {key: as_json(entry) for key, entry in asdict(value).items()}}
        case BaseModel():
            return value.model_dump(mode="json")
        case Mapping():
            return {"map": [[as_json(key), as_json(entry)] for key, entry in value.items()]}
        case Set():
            return {"set": sorted(as_json(entry) for entry in value)}
        case tuple() | list():
            return [as_json(entry) for entry in value]
    if hasattr(value, "item"):  # a NumPy scalar
        return as_json(value.item())
    raise TypeError(f"{type(value).__name__} has no form in the record of the judgement")


def from_json(answer: Any) -> Any:
    """Turn a recorded answer back into what the judge was told; raises ValueError for what is none."""
    if isinstance(answer, list):
        return tuple(from_json(entry) for entry in answer)
    if not isinstance(answer, dict):
        return answer
    ((tag, content),) = answer.items()
    if tag not in _FORMS:
        raise ValueError(f"{tag!r} is no kind of answer")
    return _FORMS[tag](content)


def _measurement(content: Mapping[str, Any]) -> Measurement:
    fields = {key: from_json(entry) for key, entry in content.items()}
    return Measurement(**fields | {"limits": Limits(**fields["limits"]), "outside": Verdict(fields["outside"])})


_FORMS: Mapping[str, Any] = {
    "float": float,
    "set": lambda entries: frozenset(from_json(entry) for entry in entries),
    "map": lambda pairs: {from_json(key): from_json(entry) for key, entry in pairs},
    "reading": lambda fields: PowerReading(**{key: from_json(entry) for key, entry in fields.items()}),
    "measurement": _measurement,
}
