"""The faults of links and actors on a bench: what disturbs each link, and what stands behind a link that may fail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.assembly.disturbance import LinkFaults, OfWritten
from bench.assembly.seeds import derived_seed
from bench.bus import Bus
from bench.faults import Fault, system_faults
from bench.links import RETRIES, Disturbance
from bench.messages.names import Party
from bench.system_faults import LINKS
from instruments.emulators.faults import FaultSet
from instruments.errors import OutOfReach

ASKERS: Mapping[str, frozenset[Party]] = {
    "scada": frozenset({Party.DMS, Party.ENERGY_MANAGEMENT}),
    "ami": frozenset({Party.AMI_NETWORK}),
}
"""Who reaches devices over a link by itself, without a message to anybody."""


@dataclass(frozen=True)
class Defects:
    """All faults of a run that are in no equipment, and the run's seed."""

    faults: Sequence[Fault] = ()
    seed: int = 0

    def has(self, target: str) -> bool:
        """Whether a link or an actor has any."""
        return any(fault.target == target for fault in self.faults)

    def of(self, target: str) -> FaultSet:
        """Return those of a link or an actor."""
        return system_faults(target, self.faults)

    def disturbance(self, link: str, what: str = "messages") -> LinkFaults:
        """Make what goes wrong on a link with what it carries, by a seed of its own."""
        return LinkFaults(self.of(link), derived_seed(self.seed, f"{link} {what}"))

    def of_written(self, link: str) -> LinkFaults:
        """Make what goes wrong with messages about exchanges that have got through on a link."""
        return OfWritten(self.of(link), derived_seed(self.seed, f"{link} orders"))

    def behind(self, link: str, devices: Mapping[str, Any], bus: Bus) -> Mapping[str, Any]:
        """Put devices behind a link, for whoever has to go over it; one without faults is left out."""
        if not self.has(link):
            return devices
        way = _Way(LINKS[link], self.disturbance(link, "exchanges"), bus, ASKERS[link])
        return {name: Remote(name, device, way) for name, device in devices.items()}


@dataclass(frozen=True)
class _Way:
    """A link on which devices are reached: what goes wrong on it, where that is recorded, and who goes over it."""

    link: str
    disturbance: Disturbance
    bus: Bus
    askers: frozenset[Party]


class Remote:
    """A device at the far end of a link. An exchange that is lost is tried again, then given up as OutOfReach.

    It answers to whatever the driver of the device has.
    """

    def __init__(self, name: str, device: Any, way: _Way) -> None:
        self._name, self._device, self._way = name, device, way

    def __getattr__(self, operation: str) -> Any:
        found = getattr(self._device, operation)
        return self._over_link(found) if callable(found) else found

    def _over_link(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def exchange(*given: Any, **named: Any) -> Any:
            self._get_through()
            return operation(*given, **named)

        return exchange

    def _get_through(self) -> None:
        way = self._way
        now_s, lost = way.bus.clock.now_s, 0
        while lost <= RETRIES and way.disturbance.loses(now_s):
            lost += 1
        if lost:
            way.bus.log.lose_exchange(way.link, self._name, lost, lost > RETRIES, now_s, way.askers)
        if lost > RETRIES:
            raise OutOfReach(f"the {way.link} lets nothing through to {self._name}")
