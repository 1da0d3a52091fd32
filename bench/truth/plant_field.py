"""The judge's view of plant and instruments: what flows, what moved, and what a full power flow gives."""

from collections.abc import Callable, Mapping

import numpy as np

from bench.config import BenchFile
from bench.feeder.engine import Feeder
from bench.feeder.population import DE_ENERGISED_PU
from bench.feeder_models import Bindings, IndependentPowerFlow
from bench.measurement import Limits, Measurement, PowerReading
from bench.messages.equipment import AssetCommand, EquipmentState
from bench.plant.plant import Plant
from bench.plant.terminals import Terminal
from bench.truth.operations import Apparatus
from reports.verdict import Verdict

BANK_TOLERANCE = 0.1
"""How far a closed bank's vars at nominal voltage may lie from its rating, per unit (an engineering value)."""
BANK_UNCERTAINTY = 0.01
"""Of the reactive power that the plant's power flow gives for a bank, per unit of nominal."""
TAP_TRAVEL = 32
"""Taps from one end of a tap changer's travel to the other."""
STATUS_AGE_S = 2.0
"""How old a report of a position may be when it is judged, s: an apparatus may have moved since it was read."""


class PlantField:
    """Answers the judge; a battery on a DC link is measured at the terminal of the inverter that it works through."""

    def __init__(
        self,
        plant: Plant,
        feeder: Feeder,
        terminals: Mapping[str, Terminal],
        apparatus: Mapping[str, Apparatus],
        power_flow: IndependentPowerFlow,
        bindings: Bindings,
        config: BenchFile,
    ) -> None:
        self._plant, self._feeder, self._power_flow = plant, feeder, power_flow
        self._apparatus = apparatus
        self._bindings, self._config = bindings, config
        self._terminals = {terminal.device: terminal for terminal in terminals.values()}
        self._scale = {terminal.device: terminal.power_scale for terminal in config.terminals.values()}
        self._nominal_kvar = {info.name: info.kvar for info in feeder.capacitors}

    def effect(self, command: AssetCommand, since_s: float) -> Measurement | None:
        """Measure battery power at its terminal, a bank's vars in the power flow, the tap in the plant.

        Where a tap changer or a bank is where it has to be, but not by the operations that take it there, what is
        returned is the count of those that do not belong there.
        """
        measures: dict[str, Callable[[AssetCommand], Measurement]] = {
            "battery": self._battery_power,
            "generator": self._battery_power,
            "capacitor": self._bank_vars,
            "tap_changer": self._tap,
        }
        measured = measures[command.kind](command)
        if measured.time_s < since_s:
            return None
        if measured.verdict is not Verdict.PASS or command.kind in {"battery", "generator"}:
            return measured
        moved = self._operations(command, since_s)
        return measured if moved.verdict is Verdict.PASS else moved

    def holds(self, state: EquipmentState, age_s: float = STATUS_AGE_S) -> str | None:
        """Hold a device's report, which may be so old, against terminal, switch and tap of the plant."""
        if state.kind == "capacitor":
            held = self._recent_positions(state.device, age_s)
            closed = self._plant.state.snapshot.capacitors[self._bindings.banks[state.device]]
            if state.closed in held:
                return None
            return f"{state.device} reports closed={state.closed}, its switch is closed={closed}"
        if state.kind == "tap_changer":
            tap = self._plant.state.snapshot.taps[self._bindings.taps[state.device]]
            if state.tap in self._recent_positions(state.device, age_s):
                return None
            return f"{state.device} reports tap {state.tap}, in service is tap {tap}"
        return self._holds_power(state)

    def voltages_after(self, commands: tuple[AssetCommand, ...]) -> tuple[float, float]:
        """Solve the present state with the commands carried out."""
        return self._power_flow.voltages_after(self._plant.state, commands)

    @property
    def banks(self) -> frozenset[str]:
        """The controls of all banks."""
        return frozenset(self._bindings.banks)

    @property
    def controls(self) -> frozenset[str]:
        """The controls of all tap changers and banks."""
        return self.banks | frozenset(self._bindings.taps)

    def reach_v(self, highest_v: float) -> float:
        """Solve the present state with storage at its rating, all banks closed, and taps as high as they may be."""
        commands: dict[str, AssetCommand] = {}
        for device in self._bindings.sites:
            section, scale = self._config.devices[device], self._scale[self._at(device)]
            power_kw = section.rated_kva * scale
            commands[device] = AssetCommand(device=device, kind="battery", power_kw=power_kw)
        commands |= {name: AssetCommand(device=name, kind="capacitor", close=True) for name in self._bindings.banks}
        reached_v, _ = self.voltages_after(tuple(commands.values()))
        taps = {name: self._plant.state.snapshot.taps[tap] for name, tap in self._bindings.taps.items()}
        for _ in range(TAP_TRAVEL):
            taps = {name: position + 1 for name, position in taps.items()}
            raised = {name: AssetCommand(device=name, kind="tap_changer", tap=tap) for name, tap in taps.items()}
            lowest_v, raised_to_v = self.voltages_after(tuple((commands | raised).values()))
            if raised_to_v > highest_v:
                break
            reached_v = max(reached_v, lowest_v)
        return reached_v

    def power(self, device: str) -> PowerReading | None:
        """Return the latest power of a device at its terminal."""
        return self._reading(device)

    def _holds_power(self, state: EquipmentState) -> str | None:
        reading = self._reading(state.device)
        if reading is None:
            return f"nothing but {state.device} itself measures its power"
        tolerance_kw = self._accuracy_kw(state.device) + reading.uncertainty_kw
        if abs(state.power_kw - reading.power_kw) <= tolerance_kw:
            return None
        return (
            f"{state.device} reports {state.power_kw:.1f} kW, but {reading.source} measures {reading.power_kw:.1f} "
            f"+- {reading.uncertainty_kw:.1f} kW"
        )

    def _battery_power(self, command: AssetCommand) -> Measurement:
        reading = self._reading(command.device)
        uncertainty_kw = reading.uncertainty_kw if reading else 0.0
        if abs(command.power_kw) <= self._accuracy_kw(command.device) + uncertainty_kw:
            # A battery that does nothing would pass as well: a command this small cannot be told from none.
            uncertainty_kw = max(uncertainty_kw, 2 * self._accuracy_kw(command.device))
        return Measurement(
            quantity=f"active power of {command.device}",
            value=reading.power_kw if reading else None,
            unit="kW",
            uncertainty=uncertainty_kw,
            time_s=reading.time_s if reading else self._plant.state.time_s,
            source=reading.source if reading else "no instrument",
            limits=Limits.around(command.power_kw, self._accuracy_kw(command.device)),
        )

    def _bank_vars(self, command: AssetCommand) -> Measurement:
        bank = self._bindings.banks[command.device]
        nominal = self._nominal_kvar[bank]
        return Measurement(
            quantity=f"reactive power of the bank of {command.device} at nominal voltage",
            value=self._kvar_at_nominal_voltage(bank),
            unit="kvar",
            uncertainty=BANK_UNCERTAINTY * nominal,
            time_s=self._plant.state.time_s,
            source="power flow at the bank",
            limits=Limits.around(nominal if command.close else 0.0, BANK_TOLERANCE * nominal),
        )

    def _kvar_at_nominal_voltage(self, bank: str) -> float | None:
        """Return a bank's vars over the square of its voltage in per unit; None where there is no voltage."""
        info = next(info for info in self._feeder.capacitors if info.name == bank)
        nodes = self._feeder.node_indices(info.bus, info.nodes)
        phase_v = self._feeder.base_kv(info.bus, info.nodes[:1]) * 1000.0
        voltage_pu = float(np.abs(self._plant.state.snapshot.voltage_v[nodes]).mean()) / phase_v
        return self._feeder.read_bank_kvar(bank) / voltage_pu**2 if voltage_pu > DE_ENERGISED_PU else None

    def _tap(self, command: AssetCommand) -> Measurement:
        tap = self._plant.state.snapshot.taps[self._bindings.taps[command.device]]
        return Measurement(
            quantity=f"tap in service of {command.device}",
            value=float(tap),
            unit="tap",
            uncertainty=0.0,
            time_s=self._plant.state.time_s,
            source="the plant's tap changer",
            limits=Limits.around(float(command.tap if command.tap is not None else tap), 0.0),
        )

    def _operations(self, command: AssetCommand, since_s: float) -> Measurement:
        """Count the operations since a command that are no single ones in its direction.

        To be asked when the apparatus is there: what its operations add up to is then the way from where it was.
        """
        changes = [o.change for o in self._apparatus[command.device].operations if o.time_s >= since_s]
        way = sum(changes)
        stray = [change for change in changes if abs(change) > 1 or change * way <= 0]
        return Measurement(
            quantity=f"operations of {command.device} since the command other than single ones towards it",
            value=len(stray),
            unit="operations",
            uncertainty=0.0,
            time_s=self._plant.state.time_s,
            source="the plant",
            limits=Limits(upper=0.0),
        )

    def _recent_positions(self, device: str, age_s: float) -> set[int]:
        """Return the position in service, and those left within the last `age_s`."""
        apparatus = self._apparatus[device]
        position = apparatus.position
        held = {position}
        for operation in reversed(apparatus.operations):
            if operation.time_s < self._plant.state.time_s - age_s:
                break
            position -= operation.change
            held.add(position)
        return held

    def _reading(self, device: str) -> PowerReading | None:
        terminal = self._terminals.get(self._at(device))
        return terminal.reading() if terminal else None

    def _accuracy_kw(self, device: str) -> float:
        """Return the tolerance of the bench file, a share of the device's rating, on the feeder's side."""
        section = self._config.devices[device]
        return section.accuracy_pct / 100.0 * section.rated_kva * self._scale[self._at(device)]

    def _at(self, device: str) -> str:
        return self._config.behind_inverter.get(device, device)
