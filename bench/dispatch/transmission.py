"""A transmission network for direct-current power flow: buses, branches, and the file that they are read from."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from instruments.errors import ConfigError
from instruments.files import read_yaml


@dataclass(frozen=True)
class Bus:
    """A bus with its load and its generation, MW."""

    name: str
    load_mw: float = 0.0
    generation_mw: float = 0.0


@dataclass(frozen=True)
class Branch:
    """A line or transformer; power from `from_bus` to `to_bus` is positive.

    `reactance_pu`: above 0, on any one base for all; ratings: what it carries for good and in an emergency, MW.
    """

    name: str
    from_bus: str
    to_bus: str
    reactance_pu: float
    continuous_mw: float
    emergency_mw: float


@dataclass(frozen=True)
class Transmission:
    """A network; generation at the bus `swing` makes up for whatever load and generation differ by.

    Raises ValueError for names that are used twice or lead nowhere, and for figures that cannot be.
    """

    buses: tuple[Bus, ...]
    branches: tuple[Branch, ...]
    swing: str
    feeder_bus: str

    def __post_init__(self) -> None:
        known = {bus.name for bus in self.buses}
        if len(known) < len(self.buses) or len({b.name for b in self.branches}) < len(self.branches):
            raise ValueError("a name is used twice")
        for role, name in (("swing", self.swing), ("feeder_bus", self.feeder_bus)):
            if name not in known:
                raise ValueError(f"{role}: there is no bus {name!r}")
        for branch in self.branches:
            _check(branch, known)

    @property
    def bus_names(self) -> tuple[str, ...]:
        """Names of the buses in their order."""
        return tuple(bus.name for bus in self.buses)

    def load_mw(self, bus: str) -> float:
        """Return the load at a bus; raises KeyError when there is no such bus."""
        return {b.name: b.load_mw for b in self.buses}[bus]

    def without(self, branches: Collection[str]) -> "Transmission":
        """Return the network with branches taken out, for maintenance say; raises ValueError for one there is not."""
        unknown = set(branches) - {branch.name for branch in self.branches}
        if unknown:
            raise ValueError(f"there is no branch {', '.join(sorted(unknown))}")
        return replace(self, branches=tuple(b for b in self.branches if b.name not in branches))

    def with_loads(self, load_mw: Mapping[str, float]) -> "Transmission":
        """Return the network with other loads at some buses, MW; raises ValueError for a bus there is not."""
        unknown = set(load_mw) - set(self.bus_names)
        if unknown:
            raise ValueError(f"there is no bus {', '.join(sorted(unknown))}")
        return replace(self, buses=tuple(replace(b, load_mw=load_mw.get(b.name, b.load_mw)) for b in self.buses))

    def scaled(self, factor: float) -> "Transmission":
        """Return the network with all loads times a factor; the swing bus makes up for it."""
        return self.with_loads({bus.name: factor * bus.load_mw for bus in self.buses})

    def connected(self) -> frozenset[str]:
        """Return the buses that are connected to the swing bus, itself among them."""
        found, reached = {self.swing}, [self.swing]
        while reached:
            bus = reached.pop()
            ends = [(b.from_bus, b.to_bus) for b in self.branches if bus in {b.from_bus, b.to_bus}]
            fresh = {end for pair in ends for end in pair} - found
            found |= fresh
            reached += sorted(fresh)
        return frozenset(found)

    def mainland(self) -> "Transmission":
        """Return the part that is connected to the swing bus; if that lost the feeder's bus, swing stands in for it."""
        kept = self.connected()
        return Transmission(
            buses=tuple(bus for bus in self.buses if bus.name in kept),
            branches=tuple(branch for branch in self.branches if branch.from_bus in kept),
            swing=self.swing,
            feeder_bus=self.feeder_bus if self.feeder_bus in kept else self.swing,
        )


def _check(branch: Branch, known: Collection[str]) -> None:
    for end in (branch.from_bus, branch.to_bus):
        if end not in known:
            raise ValueError(f"branches.{branch.name}: there is no bus {end!r}")
    if branch.from_bus == branch.to_bus:
        raise ValueError(f"branches.{branch.name}: both ends are at {branch.to_bus}")
    if not (math.isfinite(branch.reactance_pu) and branch.reactance_pu > 0.0):
        raise ValueError(f"branches.{branch.name}: a reactance of {branch.reactance_pu} pu")
    if not 0.0 < branch.continuous_mw <= branch.emergency_mw:
        raise ValueError(f"branches.{branch.name}: 0 < continuous_mw <= emergency_mw does not hold")


Power = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _BusSection(_Section):
    load_mw: Power = 0.0
    generation_mw: Power = 0.0


class _BranchSection(_Section):
    from_bus: Annotated[str, Field(alias="from")]
    to_bus: Annotated[str, Field(alias="to")]
    reactance_pu: Positive
    continuous_mw: Positive
    emergency_mw: Positive


class _File(_Section):
    transmission: str
    swing: str
    feeder_bus: str
    buses: dict[str, _BusSection]
    branches: dict[str, _BranchSection]


def load_transmission(path: Path) -> Transmission:
    """Read a transmission network; raises ConfigError with the file and every place in it that is wrong."""
    try:
        document: Any = read_yaml(path, "transmission network")
        file = _File.model_validate(document)
        network = Transmission(
            buses=tuple(Bus(name, bus.load_mw, bus.generation_mw) for name, bus in file.buses.items()),
            branches=tuple(Branch(name, **branch.model_dump()) for name, branch in file.branches.items()),
            swing=file.swing,
            feeder_bus=file.feeder_bus,
        )
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
        raise ConfigError("\n  ".join([f"transmission network {path}:", *faults])) from None
    except ValueError as error:
        raise ConfigError(f"transmission network {path}: {error}") from None
    stranded = sorted(set(network.bus_names) - network.connected())
    if stranded:
        raise ConfigError(f"transmission network {path}: not connected to {network.swing}: {', '.join(stranded)}")
    return network
