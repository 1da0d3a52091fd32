"""SCADA: reads the utility's equipment over its own wires, whatever kind it is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bench.actors.site import DerSite, look_at, state_or_trouble
from bench.messages.equipment import EquipmentState, Kind
from instruments.errors import InstrumentError, OutOfReach
from instruments.readings import AcReading, Nameplate
from instruments.roles import CapacitorBankControl, LoadTapChangerControl, Meter


class Plant(Protocol):
    """A generating plant that tells its output and its rating."""

    def read_ac(self) -> AcReading:
        """Read present output."""
        ...

    def read_nameplate(self) -> Nameplate:
        """Read ratings."""
        ...


@dataclass(frozen=True)
class Scada:
    """The utility's equipment by device name; plants with what one of their watts stands for on the feeder."""

    storage: Mapping[str, DerSite]
    plants: Mapping[str, tuple[Plant, float]]
    tap_changers: Mapping[str, LoadTapChangerControl]
    capacitors: Mapping[str, CapacitorBankControl]
    feeder_meters: Mapping[str, Meter]

    def read(self) -> tuple[EquipmentState, ...]:
        """Read everything once; what is out of SCADA's reach is left out.

        Equipment that gives no values, or refuses to tell, is told of with its trouble. Raises TransportError where
        nothing answers.
        """
        return tuple(state for read in self._reads() if (state := _told(read)) is not None)

    def read_load_kw(self) -> float | None:
        """Read the load at the feeder's head; None where no meter measures it or answers. Raises TransportError."""
        if not self.feeder_meters:
            return None
        try:
            return sum(meter.read_meter().p_w for meter in self.feeder_meters.values()) / 1000.0
        except InstrumentError:
            return None

    def _reads(self) -> Iterator[Callable[[], EquipmentState]]:
        for site in self.storage.values():
            yield partial(look_at, site)
        for name, (plant, scale) in self.plants.items():
            yield partial(state_or_trouble, name, "generation", partial(_read_plant, name, plant, scale))
        for name, control in self.capacitors.items():
            yield partial(_reached, name, "capacitor", partial(read_capacitor_state, name, control))
        for name, tap_changer in self.tap_changers.items():
            yield partial(_reached, name, "tap_changer", partial(read_tap_changer_state, name, tap_changer))


def _reached(name: str, kind: Kind, read: Callable[[], EquipmentState]) -> EquipmentState:
    """Read a control, or tell what it lacks; raises OutOfReach where it was not asked."""
    try:
        return read()
    except OutOfReach:
        raise
    except InstrumentError as error:
        return EquipmentState(device=name, kind=kind, available=False, trouble=str(error))


def _told(read: Callable[[], EquipmentState]) -> EquipmentState | None:
    try:
        return read()
    except InstrumentError:
        return None


def _read_plant(name: str, plant: Plant, scale: float) -> EquipmentState:
    power_kw = plant.read_ac().p_w * scale / 1000.0
    rating_kw = plant.read_nameplate().p_max_w * scale / 1000.0
    return EquipmentState(device=name, kind="generation", available=True, power_kw=power_kw, rating_kw=rating_kw)


def read_capacitor_state(name: str, control: CapacitorBankControl) -> EquipmentState:
    """Read what a capacitor control says; a discharging bank, or one in local, is not available."""
    status = control.read_status()
    available = status.remote and status.discharge_left_s <= 0.0
    return EquipmentState(
        device=name,
        kind="capacitor",
        available=available,
        closed=status.closed,
        ready_in_s=status.discharge_left_s if status.remote else 0.0,
    )


def read_tap_changer_state(name: str, control: LoadTapChangerControl) -> EquipmentState:
    """Read what a tap-changer control says; one in local is not available."""
    status = control.read_status()
    return EquipmentState(device=name, kind="tap_changer", available=status.remote, tap=status.tap_position)
