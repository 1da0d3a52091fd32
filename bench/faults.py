"""Faults on demand: `TARGET:KIND[=VALUE][@START[..END]]`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bench.config import BenchFile
from bench.truth.control_trial import DISCHARGE_CLAUSE, TAP_BLOCK_CLAUSE, VAR_BLOCK_CLAUSE
from bench.truth.isolation_trial import ISOLATION_CLAUSE
from bench.truth.meter_check import CLOCK_CLAUSE
from bench.truth.proof import BAND_CLAUSE
from bench.truth.volt_var_trial import ADOPT_CLAUSE, RESPONSE_CLAUSE, VOLT_VAR_CLAUSE
from instruments.emulators.faults import FaultSet
from instruments.errors import ConfigError

_FAULT = re.compile(
    r"(?P<target>[a-z][a-z0-9_]*):(?P<kind>[a-z][a-z0-9-]*)(=(?P<value>-?\d+(\.\d+)?))?"
    r"(@(?P<start>\d+(\.\d+)?)(\.\.(?P<end>\d+(\.\d+)?))?)?"
)

_DER_RESPONDS = tuple(f"{branch}.1{row}" for branch in ("2.3", "3.3") for row in ("A.5", "B.5", "C.4", "D.4"))
_CREDIT_DATA = tuple(f"{branch}.1{letter}.3" for branch in ("2.4", "3.4") for letter in "ABCD")
_CREDIT_REQUEST = tuple(f"{branch}.1{letter}.2" for branch in ("2.4", "3.4") for letter in "ABCD")

CAUGHT_AT: Mapping[str, tuple[str, ...]] = {
    "ignores-set-point": ("1.3.4", *_DER_RESPONDS),
    "wrong-sign": ("1.3.4", *_DER_RESPONDS),
    "scaled": ("1.3.4", *_DER_RESPONDS),
    "reports-the-set-point-as-its-measurement": ("1.3.4", *_DER_RESPONDS),
    "late": ("1.3.4",),
    "ramps-too-slowly": ("1.3.4",),
    "acknowledges-and-does-not-act": ("1.3.2", "1.3.3"),
    "trips": ("1.3.4",),
    "claims-charge": ("1.3.4",),
    "not-implemented-values": ("1.2.1", "1.3.5", "1.4"),
    "not-a-number": ("1.2.1", "1.3.5", "1.4"),
    "wrong-scale-factor": ("1.3.5", "1.4"),
    "alert-never-sent": ("1.1",),
    "alert-in-order": ("1.1",),
    "frozen": ("1.1",),
    "wrong-meters-data": ("1.1",),
    "alert-for-a-healthy-voltage": ("1.1",),
    "biased": (*_CREDIT_DATA, "3.10.1A.2"),
    "does-not-answer": ("1.1", "1.21.1A.2", *_CREDIT_REQUEST, "3.10.1A.1", "3.10.1B.1"),
    "does-not-shed": ("1.19.5.1B.1", "2.7.1.3.1B.1", "3.9.1.4"),
    "ignores-override": ("1.19.5.1A.3", "2.7.1.3.1A.3"),
    "stuck": ("1.10.2", "3.7.2"),
    "two-steps": ("1.10.2", "3.7.2"),
    "wrong-direction": ("1.10.2", "3.7.2"),
    "reports-a-move-it-did-not-make": ("1.10.2", "3.7.2"),
    "does-not-close": ("1.6.2", "3.6.3"),
    "bounces": ("1.6.2", "3.6.3"),
    "reports-closed-when-open": ("1.2.1", "3.6.5"),
}
"""Rows of the use case at which a run has to fail, by kind of fault; a kind that no encoded row catches is absent.

Which of a scenario's rows it is depends on the device: the sequences 1A to 1D are about one each.
"""

CAUGHT_BY: Mapping[str, str] = {
    "hunts": BAND_CLAUSE,
    "ignores-block": TAP_BLOCK_CLAUSE,
    "ignores-the-var-block": VAR_BLOCK_CLAUSE,
    "closes-inside-the-discharge-time": DISCHARGE_CLAUSE,
    "isolation-undone": ISOLATION_CLAUSE,
    "wrong-volt-var-slope": VOLT_VAR_CLAUSE,
    "wrong-response-time": RESPONSE_CLAUSE,
    "curve-adopt-never-completes": ADOPT_CLAUSE,
    "clock-ahead": CLOCK_CLAUSE,
}
"""Clause of the measurements by which a run has to fail, by kind of fault that shows at no row."""


@dataclass(frozen=True)
class Fault:
    """A fault to be injected: where, what, how much, and from when to when in seconds of the scenario."""

    target: str
    kind: str
    value: float | None = None
    start_s: float = 0.0
    end_s: float | None = None
    text: str = ""


def rows_catching(kind: str, scenario: str) -> tuple[str, ...]:
    """Return the rows of a scenario that have to catch a kind of fault; which of them depends on the device."""
    return tuple(row for row in CAUGHT_AT.get(kind, ()) if row.partition(".")[0] == scenario)


def parse_fault(text: str) -> Fault:
    """Read a fault as the command line writes it; raises ConfigError with the form."""
    found = _FAULT.fullmatch(text)
    if found is None:
        raise ConfigError(f"cannot read the fault {text!r}: write TARGET:KIND[=VALUE][@START[..END]]")
    number = {key: float(found[key]) if found[key] else None for key in ("value", "start", "end")}
    return Fault(found["target"], found["kind"], number["value"], number["start"] or 0.0, number["end"], text)


def check_fault(fault: Fault, bench: BenchFile) -> None:
    """Raise ConfigError for a target that the bench does not emulate, and for what its role cannot have."""
    role = _role(fault.target, bench)
    FaultSet(role).inject(fault.kind, fault.value, fault.start_s, fault.end_s)


def _role(target: str, bench: BenchFile) -> str:
    emulated = {name: device.role for name, device in bench.devices.items() if device.emulate is not None}
    if target in emulated:
        return emulated[target]
    for fleet in bench.fleets.values():
        if re.fullmatch(rf"{fleet.prefix}_\d+", target):
            return fleet.role
    if bench.feeder.customers is not None and target.startswith("premise_"):
        return "premise"
    near = get_close_matches(target, emulated, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    fleets = [f"{fleet.prefix}_N" for fleet in bench.fleets.values()]
    fleets += ["premise_SERVICE"] if bench.feeder.customers else []
    raise ConfigError(f"no emulated device {target!r}; known: {', '.join([*emulated, *fleets])}{hint}")
