"""Emulated AC sources of every dialect behind our driver, on a node with a load."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, RLock

from instruments.dialects.ac_source import ac_source_dialect
from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.drivers.scpi_source import SourceLimits
from instruments.emulators.ac_source import AcSourceEmulator, AcSourceRatings
from instruments.emulators.ac_sources import AC_SOURCES
from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.emulators.host import EmulatorHost
from instruments.emulators.scpi_server import scpi_protocol
from instruments.readings import Segment
from instruments.transports.visa import VisaLink
from tests.instruments.scpi_script import resource

BEGIN = ("*TRG", ":INIT", ":OUTPUT:MODE LIST")
"""How the messages start with which a transient begins."""
ENVELOPE = SourceLimits((0.0, 150.0), (55.0, 65.0), 20.0)


class Load:
    """A constant-power device; the sign is the equipment's: > 0 is delivered."""

    def __init__(self, node: ElectricalNode) -> None:
        self.p_w = self.q_var = (0.0,) * node.phases
        node.attach(lambda: PhasePower(self.p_w, self.q_var))


@dataclass
class Served:
    """A source with what drives it, what it feeds, and where it answers."""

    emulator: AcSourceEmulator
    node: ElectricalNode
    load: Load
    driver: ScpiGridSimulator
    link: VisaLink
    address: tuple[str, int]
    lock: RLock

    def each(self, *values: float) -> tuple[float, ...]:
        """Return as many of the values, given for three phases, as there are phases."""
        return values[: self.node.phases]

    def await_play(self) -> None:
        """Have the driver's `play` return when the source has heard it: what nothing answers is still on its way."""
        begun, play = Event(), self.driver.play
        self.emulator.scpi.heard = lambda message: begun.set() if message.startswith(BEGIN) else None

        def heard(segments: Sequence[Segment]) -> None:
            begun.clear()
            play(segments)
            assert begun.wait(20.0), "the transient was never begun"
            with self.lock:  # the server holds it until the message is carried out
                assert self.emulator.is_playing

        self.driver.play = heard  # type: ignore[method-assign]

    def energize(self, *voltage_v: float) -> None:
        """Put voltages, given for three phases, on the output."""
        self.driver.set_voltage(self.each(*voltage_v), 60.0)
        self.driver.output_on()


@contextmanager
def served(driver: str, timeout_s: float = 5.0) -> Iterator[Served]:
    """Serve the emulator of a driver's dialect, and put the driver in front of it."""
    dialect = ac_source_dialect(driver.removeprefix("scpi_"))
    phases = dialect.phases.count
    node = ElectricalNode(phases)
    load = Load(node)
    emulator = AC_SOURCES[driver]("source_1", node, AcSourceRatings(current_a=50.0))
    with EmulatorHost() as host:
        address = host.serve(scpi_protocol(emulator.scpi, host.lock, emulator.termination))
        with VisaLink(resource(address), timeout_s=timeout_s, habits=dialect.link) as link:
            yield Served(
                emulator, node, load, ScpiGridSimulator(link, ENVELOPE, phases, dialect), link, address, host.lock
            )
