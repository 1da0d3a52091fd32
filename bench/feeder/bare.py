"""The engine alone, for `bench speed` to compare with: set-points in, voltages out, nothing checked or kept."""

from collections.abc import Sequence
from pathlib import Path

from bench.feeder import context as contexts
from bench.feeder import deck, inventory
from bench.feeder.batch import BatchProperty, VoltageReader
from bench.feeder.model import Complexes, Floats, InjectionSite, Snapshot
from bench.feeder.switches import Switches


class BareEngine:
    """The fastest way through the engine that was found: two batch writes, one solve, one copy of all voltages."""

    def __init__(self, master: Path, sites: Sequence[InjectionSite], at: Snapshot) -> None:
        """Compile the same deck with the same sites, its taps and banks where a snapshot has them.

        Raises:
            ConfigError: the deck or a site cannot be used.
        """
        self._context = context = contexts.acquire()
        contexts.compile_master(context, master)
        deck.prepare(context)
        self._set_switches(at)  # before the controls are off: the tap changers are found by them
        deck.enable_controls(context, False)
        deck.add_generators(context, sites)
        names = [site.name for site in sites]
        self._p_kw, self._q_kvar = (BatchProperty(context, "Generator", names, name) for name in ("kW", "kvar"))
        self._solve = context._api_util.lib.Solution_Solve
        self._voltages = VoltageReader(context)

    def _set_switches(self, at: Snapshot) -> None:
        circuit = self._context.ActiveCircuit
        switches = Switches(circuit, inventory.tap_changers(circuit), inventory.capacitors(circuit))
        for name, position in at.taps.items():
            switches.set_tap(name, position)
        for name, closed in at.capacitors.items():
            switches.set_capacitor(name, closed)

    def step(self, p_kw: Floats, q_kvar: Floats) -> Complexes:
        """Write P and Q of all sites, shape (sites,), solve, and return volts to ground, shape (nodes,)."""
        self._p_kw.write(p_kw)
        self._q_kvar.write(q_kvar)
        self._solve()
        return self._voltages.read()

    def close(self) -> None:
        """Give the engine context back."""
        self._p_kw.close()
        self._q_kvar.close()
        contexts.release(self._context)
