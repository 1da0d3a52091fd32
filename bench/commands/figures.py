"""A figure of `bench speed`, as one JSON object a line."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, in `unit`; `raw` is the bare engine's or library's on the same work, None without one."""

    name: str
    value: float
    unit: str
    raw: float | None = None
    note: str = ""

    def __str__(self) -> str:
        ratio = None if self.raw is None else _shown(self.value / self.raw)
        raw = None if self.raw is None else _shown(self.raw)
        fields = {"name": self.name, "value": _shown(self.value), "unit": self.unit, "raw": raw, "ratio": ratio}
        return json.dumps(fields | ({"note": self.note} if self.note else {}))


def _shown(number: float) -> float:
    return float(f"{number:.4g}")
