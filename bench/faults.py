"""Faults on demand: `TARGET:KIND[=VALUE][@START[..END]]`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from bench.config import BenchFile
from bench.system_faults import ACTORS, LINKS, SYSTEM_KINDS, check_value
from instruments.emulators.faults import FAULT_KINDS, FaultKind, FaultSet, find_kind
from instruments.errors import ConfigError

_FAULT = re.compile(
    r"(?P<target>[a-z][a-z0-9_]*):(?P<kind>[a-z][a-z0-9-]*)(=(?P<value>-?\d+(\.\d+)?))?"
    r"(@(?P<start>\d+(\.\d+)?)(\.\.(?P<end>\d+(\.\d+)?))?)?"
)
KINDS: tuple[FaultKind, ...] = (*FAULT_KINDS, *SYSTEM_KINDS)
"""Every kind of fault that there is; each has to have a case below `fixtures/faults`."""
SYSTEMS = (*LINKS, *ACTORS)
"""What a fault can be in that is no equipment."""


@dataclass(frozen=True)
class Fault:
    """A fault to be injected: where, what, how much, and from when to when in seconds of the scenario."""

    target: str
    kind: str
    value: float | None = None
    start_s: float = 0.0
    end_s: float | None = None
    text: str = ""


def parse_fault(text: str) -> Fault:
    """Read a fault as the command line writes it; raises ConfigError with the form."""
    found = _FAULT.fullmatch(text)
    if found is None:
        raise ConfigError(f"cannot read the fault {text!r}: write TARGET:KIND[=VALUE][@START[..END]]")
    number = {key: float(found[key]) if found[key] else None for key in ("value", "start", "end")}
    return Fault(found["target"], found["kind"], number["value"], number["start"] or 0.0, number["end"], text)


def check_fault(fault: Fault, bench: BenchFile) -> None:
    """Raise ConfigError for a target that is none on this bench, and for what it cannot have."""
    if fault.target in SYSTEMS:
        if fault.target in bench.systems:
            raise ConfigError(f"{fault.text}: {fault.target} is outside of this bench, which cannot make it defective")
        system_faults(fault.target, [fault])
        check_value(fault.kind, fault.value)
        return
    role = _role(fault.target, bench)
    FaultSet(role).inject(fault.kind, fault.value, fault.start_s, fault.end_s)
    _require_driver(fault, find_kind(role, fault.kind), bench)


def system_faults(target: str, faults: Iterable[Fault]) -> FaultSet:
    """Return the faults of one link or actor out of all; raises ConfigError for a kind that it cannot have."""
    found = FaultSet(target, SYSTEM_KINDS)
    for fault in faults:
        if fault.target == target:
            found.inject(fault.kind, fault.value, fault.start_s, fault.end_s)
    return found


def _require_driver(fault: Fault, kind: FaultKind, bench: BenchFile) -> None:
    """Raise ConfigError for a fault that a device cannot show by what it is spoken to: nobody could notice it."""
    device = bench.devices.get(fault.target)
    if kind.drivers and (device is None or device.driver not in kind.drivers):
        text, of = fault.text or f"{fault.target}:{fault.kind}", " or ".join(sorted(kind.drivers))
        spoken = f"; {fault.target} has {device.driver}" if device else ""
        raise ConfigError(f"{text}: {fault.kind} shows on equipment with the driver {of} alone{spoken}")


def _role(target: str, bench: BenchFile) -> str:
    emulated = {name: device.role for name, device in bench.devices.items() if device.emulate is not None}
    if target in emulated:
        return emulated[target]
    for fleet in bench.fleets.values():
        if re.fullmatch(rf"{fleet.prefix}_\d+", target):
            return fleet.role
    if bench.feeder.customers is not None and target.startswith("premise_"):
        return "premise"
    if target in bench.devices:
        raise ConfigError(
            f"{target} is real in this bench file, and no fault can be put into it; where `bench emulate` serves it in "
            "another process, give --fault to that"
        )
    near = get_close_matches(target, [*emulated, *SYSTEMS], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    fleets = [f"{fleet.prefix}_N" for fleet in bench.fleets.values()]
    fleets += ["premise_SERVICE"] if bench.feeder.customers else []
    known = ", ".join([*emulated, *fleets, *SYSTEMS])
    raise ConfigError(f"no emulated device {target!r}, and no link or actor; known: {known}{hint}")
