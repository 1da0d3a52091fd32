"""Puts together what proves a scenario physically from the terminals, batteries and loads of a bench."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bench.assembly.places import FeederPlaces
from bench.config import BenchFile
from bench.plant.terminals import Terminal
from bench.truth.resource_proof import (
    AffectedLoad,
    CommandWatch,
    EnergyBalance,
    MeasuredBattery,
    MeasuredResource,
    Relief,
    ResourceProof,
)


def make_resource_proof(
    config: BenchFile,
    places: FeederPlaces,
    terminals: Mapping[str, Terminal],
    drivers: Mapping[str, Any],
    shed_kw: Callable[[Collection[str]], float],
) -> ResourceProof:
    """Measure every inverter at its terminal, and a battery at that of the inverter that it works through.

    A battery whose inverter has sun on it as well is not alone at its terminal: its energy cannot be told from there.
    """
    at = {terminal.device: terminal for terminal in terminals.values()}
    through = {device: device for device in at} | {b: i for b, i in config.behind_inverter.items() if i in at}
    resources, batteries = {}, {}
    for device, inverter in through.items():
        section, scale = config.devices[device], places.terminal(inverter).power_scale
        accuracy_kw = section.accuracy_pct / 100.0 * section.rated_kva * scale
        resources[device] = MeasuredResource(at[inverter].reading, accuracy_kw)
        if section.role == "battery" and places.site(inverter).kind == "battery":
            read = drivers[device].read_storage
            batteries[device] = MeasuredBattery(at[inverter].reading, read, scale, section.efficiency_pct / 100.0)
    relief = Relief(resources, shed_kw)
    return ResourceProof(CommandWatch(resources), EnergyBalance(batteries), AffectedLoad(shed_kw), relief)
