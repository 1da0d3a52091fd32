"""Changes to a compiled deck: solution settings, its own controls, generators for devices outside the engine."""

from collections.abc import Iterable
from typing import Any

from bench.feeder.context import command
from bench.feeder.inventory import each
from bench.feeder.model import InjectionSite, VarControlSettings
from bench.feeder.names import known, unknown
from instruments.errors import ConfigError

_SOLUTION = "set mode=snap controlmode=off tolerance=1e-6 maxiterations=200 maxcontroliter=200"
# Inside this band an element keeps its power; outside it the engine turns it into an impedance without a word.
_WIDE_BAND = "vminpu=0.4 vmaxpu=1.5"
_CONTROL_CLASSES = ("RegControl", "CapControl")


def prepare(context: Any) -> None:
    """Settle how the circuit is solved: snapshots of our own clock, tight tolerance, loads that keep their power."""
    command(context, _SOLUTION)
    if context.ActiveCircuit.Loads.Count:
        command(context, f"batchedit load..* {_WIDE_BAND}")
    if context.ActiveCircuit.Meters.Count == 0:
        _measure_distances(context)
    command(context, "solve")


def _measure_distances(context: Any) -> None:
    """Give the deck an energy meter at its first series element: without one buses have no distance."""
    circuit = context.ActiveCircuit
    circuit.SetActiveBus(circuit.AllBusNames[0])
    series = ("line.", "transformer.", "reactor.")
    elements = [name for name in circuit.ActiveBus.AllPDEatBus if name.lower().startswith(series)]
    if elements:
        command(context, f"new energymeter.derbench_head element={elements[0]} terminal=1")


def control_bank(context: Any, bank: str, settings: VarControlSettings) -> None:
    """Give a bank that the deck leaves switched for ever a control on reactive power.

    Raises:
        ConfigError: no such bank, the deck controls it already, or there is no such line.
    """
    circuit = context.ActiveCircuit
    banks = {name.lower(): name for name in circuit.Capacitors.AllNames}
    known(banks, bank, "capacitor bank")
    if bank.lower() in (control.Capacitor.lower() for control in each(circuit.CapControls)):
        raise ConfigError(f"capacitor bank {bank}: the deck has a control for it already")
    known({name.lower(): name for name in circuit.Lines.AllNames}, settings.line, "line")
    command(
        context,
        f"new capcontrol.derbench_{bank} capacitor={bank} element=line.{settings.line} terminal={settings.terminal} "
        f"type=kvar onsetting={settings.close_above_kvar:g} offsetting={settings.open_below_kvar:g} "
        f"delay={settings.close_delay_s:g} delayoff={settings.open_delay_s:g} deadtime={settings.dead_time_s:g}",
    )


def enable_controls(context: Any, enabled: bool) -> None:
    """Enable or disable the deck's regulator and capacitor controls."""
    for name in _CONTROL_CLASSES:
        context.ActiveCircuit.SetActiveClass(name)
        if context.ActiveCircuit.ActiveClass.Count:
            command(context, f"batchedit {name}..* enabled={'yes' if enabled else 'no'}")


def settle_controls(context: Any) -> None:
    """Solve once with the deck's own controls at work until none moves any more, then disable them again.

    Raises:
        ConfigError: they do not come to rest.
    """
    enable_controls(context, True)
    try:
        command(context, "set controlmode=static")
        command(context, "solve")
    finally:
        command(context, "set controlmode=off")
        enable_controls(context, False)


def add_generators(context: Any, sites: Iterable[InjectionSite]) -> None:
    """Add a constant-power generator for each outside device.

    Raises:
        ConfigError: a bus or one of its nodes does not exist, or a name is taken.
    """
    circuit = context.ActiveCircuit
    buses = [name.lower() for name in circuit.AllBusNames]
    taken = {name.lower() for name in circuit.Generators.AllNames}
    for site in sites:
        _check_nodes(circuit, site, buses)
        if site.name.lower() in taken:
            raise ConfigError(f"site {site.name}: the feeder has a generator of this name already")
        _add_generator(context, site)
        taken.add(site.name.lower())


def _add_generator(context: Any, site: InjectionSite) -> None:
    nodes = ".".join(str(node) for node in site.nodes)
    # Between two legs a device is one phase of the leg-to-leg voltage: 240 V, not two halves.
    phases = 1 if site.leg_to_leg else len(site.nodes)
    command(
        context,
        f"new generator.{site.name} bus1={site.bus}.{nodes} phases={phases} kv={site.kv} "
        f"kw=0 kvar=0 model=1 {_WIDE_BAND} status=fixed",
    )


def _check_nodes(circuit: Any, site: InjectionSite, buses: list[str]) -> None:
    if site.bus.lower() not in buses:
        raise ConfigError(f"site {site.name}: {unknown(buses, site.bus, 'bus')}")
    circuit.SetActiveBus(site.bus)
    there = {int(node) for node in circuit.ActiveBus.Nodes}
    if missing := sorted(set(site.nodes) - there):
        raise ConfigError(f"site {site.name}: bus {site.bus} has nodes {sorted(there)}, not {missing}")
