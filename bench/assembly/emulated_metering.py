"""Which emulated meters a bench has, what each of them measures, and how much its registers have to hold."""

from collections.abc import Callable, Sequence

import numpy as np

from bench.assembly.emulated_meters import (
    FEEDER_W,
    PEAK_LOAD,
    SERVICE_W,
    CopperTap,
    MeterGroup,
    Place,
    clock_at_start_s,
    make_fleet,
    meter_class_pct,
)
from bench.assembly.places import FeederPlaces
from bench.assembly.seeds import derived_seed
from bench.config import BenchFile, Emulation
from instruments.emulators.acme_registers import meter_bank
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.meter import MeterFleet
from instruments.emulators.modbus_server import RegisterBank


class EmulatedMetering:
    """The meters of a bench in `groups`; where they answer is not known here."""

    def __init__(
        self, bench: BenchFile, places: FeederPlaces, seed: int, node: Callable[[str], ElectricalNode]
    ) -> None:
        """Take the bench, and what gives the terminals of a device."""
        self._bench, self._places, self._seed, self._node = bench, places, seed, node
        self.groups: list[MeterGroup] = []

    def add_meter(self, name: str, emulate: Emulation) -> RegisterBank:
        """Make a meter that has a section of its own, and return its registers."""
        at, place = self._places.of_meter(name)
        nodes, pt_ratio = self._places.metered_nodes(name)
        rating_w = self._metered_w(at, place)
        fleet = self._fleet([name], emulate, name, rating_w)
        tap, class_pct = self._copper(place) if at == "generation" else None, meter_class_pct(emulate)
        self.groups.append(
            MeterGroup(fleet, np.array([place], dtype=np.intp), at, class_pct, rating_w, nodes, pt_ratio, tap)
        )
        image = fleet.registers[0]
        return meter_bank(image) if emulate.registers else image

    def add_fleet(self, prefix: str, at: Place, emulate: Emulation) -> MeterFleet:
        """Make a meter for every place of a kind that has none yet."""
        taken = {int(place) for group in self.groups if group.at == at for place in group.places}
        places = [place for place in self._places.metered(at) if place not in taken]
        names = [f"{prefix}_{number}" for number in range(2, len(places) + 2)]
        rating_w = max((self._metered_w(at, place) for place in places), default=SERVICE_W)
        fleet = self._fleet(names, emulate, prefix, rating_w)
        class_pct = meter_class_pct(emulate)
        self.groups.append(MeterGroup(fleet, np.array(places, dtype=np.intp), at, class_pct, rating_w))
        return fleet

    def _copper(self, place: int) -> CopperTap | None:
        """Return the terminals of the device behind a source that stands at a site, where there is one."""
        site = self._places.sites[place]
        for terminal in self._bench.terminals.values():
            fed = terminal.analyzer is not None and self._bench.devices[terminal.device].emulate is not None
            if fed and self._places.site(terminal.device) == site:
                return CopperTap(self._node(terminal.device), terminal.voltage_ratio, terminal.power_scale)
        return None

    def _metered_w(self, at: Place, place: int) -> float:
        """Return what a meter's registers have to hold: what flows at a feeder, a plant or a service."""
        if at == "feeder":
            return FEEDER_W
        generation = at == "generation"
        rated_kva = self._places.sites[place].rating_kva if generation else PEAK_LOAD * self._places.load_kva(place)
        return max(SERVICE_W, rated_kva * 1000.0)

    def _fleet(self, names: Sequence[str], emulate: Emulation, seeded: str, rating_w: float) -> MeterFleet:
        bench, clock_s = self._bench, clock_at_start_s(self._bench.environment)
        return make_fleet(names, emulate, bench.range_a, derived_seed(self._seed, seeded), rating_w, clock_s)
