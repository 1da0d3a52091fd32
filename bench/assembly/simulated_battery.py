"""A battery simulator on the DC side of an inverter under test: what it stands for, and how power gets to flow.

A battery gives what its inverter asks for, and asks for nothing: unlike in front of a PV simulator, what flows is a
command to the inverter. The simulator holds the voltage and the limits either way of what it stands for throughout.
"""

from collections.abc import Iterator
from typing import Any

from bench.assembly.certification import CertificationBench
from bench.certification.not_passed import NotPassed
from bench.config import StoreSection
from instruments.errors import blaming
from instruments.readings import BatterySimulatorCapabilities, Nameplate
from instruments.roles import BatterySimulator
from reports.verdict import Verdict

COMMANDED_S = 43_200.0
"""A command ends by itself if the bench does not end it; longer than any one test lasts."""
NEAR = 1e-6
"""Relative room for the rounding of what was computed."""


class SimulatedBattery:
    """The simulator and the command that its inverter is to follow."""

    def __init__(
        self, name: str, simulator: BatterySimulator, store: StoreSection, inverter: Any, nameplate: Nameplate
    ) -> None:
        """Take the simulator by its name in the bench file; raises NotPassed for one that cannot stand for `store`."""
        self._name, self._simulator, self._store = name, simulator, store
        self._inverter, self._nameplate = inverter, nameplate
        self._level_pu: float | None = None
        """What the inverter is to deliver of its rating, until it is told to absorb."""
        with blaming(name):
            able = simulator.read_capabilities()
        if lacking := "; ".join(_lacking(store, able, nameplate)):
            reason = f"{name} cannot stand for the battery behind the inverter: {lacking}"
            raise NotPassed(reason, Verdict.NOT_RUN)

    def switch_on(self) -> None:
        """Have the simulator stand for the battery."""
        self._hold()
        with blaming(self._name):
            self._simulator.output_on()

    def supply(self, level_pu: float) -> None:
        """Command the inverter to deliver a share of its rating from what the simulator gives."""
        self._hold()
        self._level_pu = level_pu
        self.command()

    def absorb(self, share_pu: float) -> None:
        """Command the inverter to take a share of its rating from the grid, into what the simulator takes."""
        self._hold()
        self._level_pu = None
        self._inverter.set_power_w(-share_pu * self._nameplate.p_max_w, COMMANDED_S)

    def command(self) -> None:
        """Give the command to deliver again, where there is one."""
        if self._level_pu is not None:
            self._inverter.set_power_w(self._level_pu * self._nameplate.p_max_w, COMMANDED_S)

    def _hold(self) -> None:
        store = self._store
        with blaming(self._name):
            self._simulator.set_battery(store.voltage_v, store.discharge_a, store.charge_a)


class StoreBehind:
    """The functions of an inverter whose power is commanded, with that command put back after all are switched off."""

    def __init__(self, inverter: Any, battery: SimulatedBattery) -> None:
        self._inverter, self.battery = inverter, battery

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inverter, name)

    def disable_functions(self) -> None:
        """Switch every function and command off but the one that has the battery deliver."""
        self._inverter.disable_functions()
        self.battery.command()


def simulated_battery(bench: CertificationBench, nameplate: Nameplate) -> SimulatedBattery | None:
    """Return the battery that a simulator stands for behind the device under test; None where there is none.

    Raises NotPassed for one that cannot stand for it.
    """
    name = bench.config.battery_simulator_of(bench.device)
    store = bench.config.devices[name].store if name else None
    if name is None or store is None:
        return None
    return SimulatedBattery(name, bench.drivers[name], store, bench.drivers[bench.device], nameplate)


def _lacking(store: StoreSection, able: BatterySimulatorCapabilities, nameplate: Nameplate) -> Iterator[str]:
    """Yield, in words, what lacks for a battery of which the inverter can have its rating either way."""
    low_v, high_v = able.voltage_v
    if not low_v <= store.voltage_v <= high_v:
        yield f"{store.voltage_v:g} V: it has {low_v:g} to {high_v:g} V"
    for what, wanted_a, able_a, rated_w in (
        ("give", store.discharge_a, able.discharge_a, nameplate.p_max_w),
        ("take", store.charge_a, able.charge_a, nameplate.charge_max_w),
    ):
        if wanted_a > able_a * (1.0 + NEAR):
            yield f"to {what} {wanted_a:g} A: it may or can {what} {able_a:g} A"
        stored_w = store.voltage_v * wanted_a
        if stored_w < rated_w * (1.0 - NEAR):
            yield f"its `store` can {what} {stored_w:g} W, and the inverter is rated for {rated_w:g} W"
    if not able.separate and store.discharge_a != store.charge_a:
        yield "limits of its own for what it gives and takes: it limits both alike"
