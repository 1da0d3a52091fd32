"""Reads the parts of a compiled feeder: loads, services, tap changers, capacitor banks."""

from collections.abc import Iterator
from typing import Any

from dss.enums import CapControlModes

from bench.feeder.model import (
    CapacitorInfo,
    LoadInfo,
    RegulatorSettings,
    Service,
    TapChangerInfo,
    VarControlSettings,
)

CT_SECONDARY_A = 5.0
"""Rated secondary current of every current transformer, A."""
_SERVICE_LEG_KV = (0.11, 0.13)  # a bus whose legs are about 120 V to neutral carries split-phase services


def each(collection: Any) -> Iterator[Any]:
    """Make each element of an engine collection the active one in turn."""
    number = collection.First
    while number > 0:
        yield collection
        number = collection.Next


def split_bus(text: str, phases: int) -> tuple[str, tuple[int, ...]]:
    """Split 'bus.1.2' into bus and nodes; without nodes they are 1 to `phases`; node 0 (ground) is left out."""
    bus, *nodes = text.lower().split(".")
    numbers = tuple(int(node) for node in nodes if int(node) > 0)
    return bus, numbers or tuple(range(1, phases + 1))


def _active_bus(circuit: Any, terminal: int = 1) -> tuple[str, tuple[int, ...]]:
    element = circuit.ActiveCktElement
    return split_bus(element.BusNames[terminal - 1], int(element.NumPhases))


def loads(circuit: Any) -> tuple[LoadInfo, ...]:
    """Return all loads in the engine's order."""
    found = []
    for load in each(circuit.Loads):
        bus, nodes = _active_bus(circuit)
        found.append(LoadInfo(load.Name.lower(), bus, nodes, float(load.kW), float(load.kvar)))
    return tuple(found)


def services(circuit: Any, known_loads: tuple[LoadInfo, ...]) -> tuple[Service, ...]:
    """Return the loads that hang between or on both legs of a 120/240 V bus, as services of the loads' names."""
    found = []
    for load in known_loads:
        if load.nodes != (1, 2):
            continue
        circuit.SetActiveBus(load.bus)
        bus = circuit.ActiveBus
        if _SERVICE_LEG_KV[0] < bus.kVBase < _SERVICE_LEG_KV[1]:
            found.append(Service(load.name, load.bus, (1, 2), load.name, round(float(bus.Distance), 4)))
    return tuple(found)


def tap_changers(circuit: Any) -> tuple[TapChangerInfo, ...]:
    """Return every transformer that a regulator control of the deck moves."""
    found = {}
    for control in each(circuit.RegControls):
        settings = RegulatorSettings(
            set_point_v=float(control.ForwardVreg),
            band_v=float(control.ForwardBand),
            delay_s=float(control.Delay),
            pt_ratio=float(control.PTratio),
            ct_ratio=float(control.CTPrimary) / CT_SECONDARY_A,
            ldc_r_v=float(control.ForwardR),
            ldc_x_v=float(control.ForwardX),
        )
        name, winding, sensed = control.Transformer.lower(), int(control.TapWinding), int(control.Winding)
        found[name] = (winding, sensed, settings)
    return tuple(_tap_changer(circuit, name, *parts) for name, parts in found.items())


def _tap_changer(circuit: Any, name: str, winding: int, sensed: int, settings: RegulatorSettings) -> TapChangerInfo:
    transformers = circuit.Transformers
    transformers.Name = name
    transformers.Wdg = winding
    bus, nodes = _active_bus(circuit, sensed)
    low, high, steps = float(transformers.MinTap), float(transformers.MaxTap), int(transformers.NumTaps)
    neutral, step = (low + high) / 2, (high - low) / steps
    return TapChangerInfo(name, bus, nodes, winding, -(steps // 2), steps // 2, neutral, step, settings)


def capacitors(circuit: Any) -> tuple[CapacitorInfo, ...]:
    """Return all shunt capacitor banks with the VAR settings of the deck's control, where it has one."""
    settings = dict(_var_controls(circuit))
    found = []
    for bank in each(circuit.Capacitors):
        bus, nodes = _active_bus(circuit)
        name = bank.Name.lower()
        found.append(CapacitorInfo(name, bus, nodes, float(bank.kvar), int(bank.NumSteps), settings.get(name)))
    return tuple(found)


def _var_controls(circuit: Any) -> Iterator[tuple[str, VarControlSettings]]:
    for control in each(circuit.CapControls):
        if control.Mode == CapControlModes.KVAR:
            yield (
                control.Capacitor.lower(),
                VarControlSettings(
                    line=control.MonitoredObj.lower().removeprefix("line."),
                    terminal=int(control.MonitoredTerm),
                    close_above_kvar=float(control.ONSetting),
                    open_below_kvar=float(control.OFFSetting),
                    close_delay_s=float(control.Delay),
                    open_delay_s=float(control.DelayOff),
                    dead_time_s=float(control.DeadTime),
                ),
            )
