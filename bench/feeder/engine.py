"""A distribution feeder solved step by step: set-points in, voltages out, one owner thread, no bad state published."""

import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np
from dss import DSSException

from bench.feeder import context as contexts
from bench.feeder import deck, inventory
from bench.feeder.batch import VoltageReader
from bench.feeder.model import Complexes, Floats, Indices, InjectionSite, Snapshot, VarControlSettings
from bench.feeder.names import known, unknown
from bench.feeder.services import add_services
from bench.feeder.setpoints import PowerSetPoints
from bench.feeder.switches import Switches
from instruments.errors import BenchError, ConfigError

SERVICE_KV = 0.24
SERVICE_LEG_KV = 0.2
"""A two-node bus below this base is a split-phase service, whose devices stand across both legs."""


class FeederError(BenchError):
    """The power flow is lost (the last good state does not solve either), or the feeder is used against its rules."""


class Feeder:
    """One circuit in one engine context.

    Write set-points, then `solve`. A step that does not converge, or that yields a value that is not finite, is rolled
    back to the last good set-points and reported in its snapshot. Only the thread that opened the feeder may use it;
    snapshots are for everyone.
    """

    def __init__(self, context: Any) -> None:
        """Take a context with a compiled circuit; see `open`."""
        self._context, self._circuit = context, context.ActiveCircuit
        self._owner = threading.get_ident()
        deck.prepare(context)
        self.loads = inventory.loads(self._circuit)
        self.services = inventory.services(self._circuit, self.loads)
        self.tap_changers = inventory.tap_changers(self._circuit)
        self.capacitors = inventory.capacitors(self._circuit)
        self.sites: tuple[InjectionSite, ...] = ()
        deck.enable_controls(context, False)
        self._switches = Switches(self._circuit, self.tap_changers, self.capacitors)
        self._voltages = VoltageReader(context)
        self.node_names = self._voltages.names
        self._node_index = {name: index for index, name in enumerate(self.node_names)}
        self.nominal_kw = np.array([load.kw for load in self.loads])
        self.nominal_kvar = np.array([load.kvar for load in self.loads])
        self._load_power = self._bind("Load", [load.name for load in self.loads], self.nominal_kw, self.nominal_kvar)
        self._site_power = self._bind("Generator", (), np.zeros(0), np.zeros(0))
        self._steps = 0
        self._last: Snapshot | None = None

    def _bind(self, class_name: str, elements: Sequence[str], p_kw: Floats, q_kvar: Floats) -> PowerSetPoints:
        return PowerSetPoints(self._context, class_name, elements, p_kw, q_kvar)

    @classmethod
    def open(
        cls,
        master: Path,
        *,
        with_services: bool = False,
        bank_controls: Mapping[str, VarControlSettings] = MappingProxyType({}),
    ) -> Self:
        """Compile a master file. The deck's own regulator and capacitor controls are read and then disabled.

        Args:
            master: the OpenDSS file that defines the circuit.
            with_services: give a deck without split-phase services one for each line-to-neutral load.
            bank_controls: controls for banks that the deck leaves as they are, by the bank's name.

        Raises:
            ConfigError: the file is missing, OpenDSS refuses it (its text, with file and line), services are asked for
                and the feeder has no line-to-neutral load, or a bank or its line does not exist.
        """
        context = contexts.acquire()
        try:
            contexts.compile_master(context, master)
            if with_services:
                add_services(context)
            for bank, settings in bank_controls.items():
                deck.control_bank(context, bank, settings)
            return cls(context)
        except BaseException:
            contexts.release(context)
            raise

    def close(self) -> None:
        """Give the engine context back; a second call does nothing."""
        if self._context is not None:
            self._load_power.close()
            self._site_power.close()
            contexts.release(self._context)
            self._context = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add_injections(self, sites: Sequence[InjectionSite]) -> slice:
        """Add places for outside devices, before the first solve; return their range in the injection arrays.

        Raises:
            ConfigError: unknown bus, a node that the bus does not have, or a name that is taken.
            FeederError: the feeder was already solved.
        """
        self._check_use()
        if self._last is not None:
            raise FeederError("injection sites must be added before the first solve")
        deck.add_generators(self._context, sites)
        first = len(self.sites)
        self.sites = (*self.sites, *sites)
        self._site_power.close()
        self._site_power = self._bind("Generator", [site.name for site in self.sites], *np.zeros((2, len(self.sites))))
        return slice(first, len(self.sites))

    def set_injections(self, p_kw: Floats, q_kvar: Floats) -> None:
        """Write P and Q of all sites in their order, shape (sites,); positive flows into the feeder."""
        self._check_use()
        self._site_power.write(p_kw, q_kvar)

    def set_loads(self, p_kw: Floats, q_kvar: Floats) -> None:
        """Write P and Q of all loads in the order of `loads`, shape (loads,); positive is consumed."""
        self._check_use()
        self._load_power.write(p_kw, q_kvar)

    def scale_loads(self, factor: Floats | float) -> None:
        """Set all loads to their nominal power times a factor, one for all or one each."""
        self._check_use()
        self._load_power.write(self.nominal_kw * factor, self.nominal_kvar * factor)

    def set_tap(self, transformer: str, position: int) -> int:
        """Move a tap changer; the position is clamped to what it has, and returned.

        Raises:
            ConfigError: no such tap changer.
        """
        self._check_use()
        return self._switches.set_tap(transformer, position)

    def set_capacitor(self, name: str, closed: bool) -> None:
        """Open or close a capacitor bank.

        Raises:
            ConfigError: no such bank.
        """
        self._check_use()
        self._switches.set_capacitor(name, closed)

    def solve(self, time_s: float) -> Snapshot:
        """Solve with the set-points written so far and return the new state, or the last good one when it fails.

        Raises:
            FeederError: nothing was good yet, or the last good state does not solve again.
        """
        self._check_use()
        reason, voltage_v = self._attempt()
        if reason:
            return self._roll_back(time_s, reason)
        self._keep()
        self._last = self._snapshot(time_s, "", voltage_v)
        return self._last

    def settle_deck_controls(self) -> None:
        """Let the deck's own regulator and capacitor controls settle the present set-points, as a state to start from.

        Raises:
            ConfigError: they do not come to rest.
        """
        self._check_use()
        deck.settle_controls(self._context)
        self._switches.read_back()

    def read_losses_kw(self) -> float:
        """Return the losses of the state that was solved last; a good deal dearer than the rest of a snapshot."""
        self._check_use()
        return float(self._circuit.Losses[0]) / 1000.0

    def read_bank_kvar(self, name: str) -> float:
        """Return what a capacitor bank delivers in the state that was solved last, kvar of all phases.

        Raises:
            ConfigError: no such bank.
        """
        self._check_use()
        known({info.name.lower(): info for info in self.capacitors}, name, "capacitor bank")
        self._circuit.SetActiveElement(f"Capacitor.{name}")
        return -float(np.sum(self._circuit.ActiveCktElement.Powers[1::2]))

    def node_indices(self, bus: str, nodes: Sequence[int]) -> Indices:
        """Return where the nodes of a bus stand in `voltage_v`.

        Raises:
            ConfigError: there is no such node.
        """
        try:
            return np.array([self._node_index[f"{bus.lower()}.{node}"] for node in nodes], dtype=np.intp)
        except KeyError as error:
            raise ConfigError(unknown(list(self.node_names), str(error.args[0]), "node")) from None

    def base_kv(self, bus: str, nodes: Sequence[int]) -> float:
        """Return what a device at these nodes is rated for: 0.24 kV across a service, line to line for three phases.

        Raises:
            ConfigError: there is no such node.
        """
        self.node_indices(bus, nodes)
        self._circuit.SetActiveBus(bus)
        phase_kv = float(self._circuit.ActiveBus.kVBase)
        if tuple(nodes) == (1, 2) and phase_kv < SERVICE_LEG_KV:
            return SERVICE_KV
        return phase_kv * (math.sqrt(3.0) if len(nodes) > 1 else 1.0)

    def site_index(self, name: str) -> int:
        """Return where a site stands in the injection arrays.

        Raises:
            ConfigError: there is no such site.
        """
        return known({site.name.lower(): index for index, site in enumerate(self.sites)}, name, "injection site")

    def line_admittance(self, name: str) -> tuple[tuple[Indices, Indices], Complexes]:
        """Return the places of a line's nodes at both ends, and its admittance matrix in siemens, near end first.

        Raises:
            ConfigError: there is no such line.
        """
        self._check_use()
        names = {line.lower(): line for line in self._circuit.Lines.AllNames}
        self._circuit.Lines.Name = known(names, name, "line")
        element = self._circuit.ActiveCktElement
        size = int(element.NumPhases)
        ends = [inventory.split_bus(bus, size) for bus in element.BusNames]
        near, far = (self.node_indices(*end) for end in ends)
        raw = np.asarray(element.Yprim, dtype=np.float64).view(np.complex128)
        return (near, far), raw.reshape(2 * size, 2 * size)

    def lines_at(self, bus: str) -> list[str]:
        """Return the names of the lines at a bus."""
        self._check_use()
        self._circuit.SetActiveBus(bus)
        elements = [name.lower().partition(".") for name in self._circuit.ActiveBus.LineList]
        return [name for kind, _, name in elements if kind == "line"]

    @property
    def taps(self) -> Mapping[str, int]:
        """Tap positions as written."""
        return self._switches.taps

    @property
    def capacitor_states(self) -> Mapping[str, bool]:
        """True for each bank that is closed, as written."""
        return self._switches.capacitors

    def _check_use(self) -> None:
        if threading.get_ident() != self._owner:
            raise FeederError("a feeder may be used by the thread that opened it only; others read snapshots")
        if self._context is None:
            raise FeederError("this feeder is closed")

    def _attempt(self) -> tuple[str, Complexes]:
        """Solve once; return what is wrong with the result (empty: nothing) and the voltages."""
        solution = self._circuit.Solution
        try:
            solution.Solve()
        except DSSException as error:
            return contexts.describe(error), np.zeros(0, np.complex128)
        voltage_v = self._voltages.read()
        if not math.isfinite(np.vdot(voltage_v, voltage_v).real):
            return "the power flow holds values that are not finite", voltage_v
        if not solution.Converged:
            return "the power flow did not converge", voltage_v
        return "", voltage_v

    def _keep(self) -> None:
        self._load_power.keep()
        self._site_power.keep()
        self._switches.keep()

    def _snapshot(self, time_s: float, reason: str, voltage_v: Complexes) -> Snapshot:
        self._steps += 1
        voltage_v.flags.writeable = False
        p_kw, q_kvar = self._circuit.TotalPower.tolist()  # of the sources, negative when they deliver
        taps, capacitors = self._switches.taps, self._switches.capacitors
        return Snapshot(self._steps, time_s, not reason, reason, voltage_v, -p_kw, -q_kvar, taps, capacitors)

    def _roll_back(self, time_s: float, reason: str) -> Snapshot:
        if self._last is None:
            raise FeederError(f"the feeder does not solve as written: {reason}")
        self._load_power.restore()
        self._site_power.restore()
        self._switches.restore()
        self._context.YMatrix.SolutionInitialized = False  # or what is not finite stays in the start values
        again, _ = self._attempt()
        if again:
            raise FeederError(f"{reason}; and the last good state does not solve again: {again}")
        return self._snapshot(time_s, reason, self._last.voltage_v)
