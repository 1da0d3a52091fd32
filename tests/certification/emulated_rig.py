"""An emulated inverter on a rig whose source and analyzer are exact: commanded over its wire, looked at directly.

What a whole bench adds, instruments on their own wires, has its tests elsewhere; here clauses are quick.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.certification.refusals import UnderTest
from bench.certification.rig import InstrumentClass, Rig
from bench.clock import Clock
from instruments.dnp3_map import Dnp3Map, load_dnp3_map
from instruments.drivers.dnp3_inverter import Dnp3Inverter
from instruments.drivers.point_map_inverter import PointMapInverter
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.acme_registers import inverter_bank
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.dnp3_inverter import Dnp3InverterPoints
from instruments.emulators.dnp3_outstation import PointOutstation
from instruments.emulators.inverter import InverterEmulator
from instruments.point_map import PointMap, load_point_map
from instruments.readings import AcMeasurement
from tests.instruments.dnp3_bench import MASTER, OUTSTATION
from tests.instruments.dnp3_bench import serving as serving_dnp3
from tests.instruments.sunspec_bench import serving

PATIENCE_S = 20.0
"""For an answer on the loopback, so that a busy machine is not mistaken for a device that does not answer."""
QUARTER_PCT = InstrumentClass(voltage_pu=0.0025, power_pu=0.0025)


class Terminals:
    """The source in front of an inverter and the analyzer between them."""

    def __init__(self, inverter: InverterEmulator) -> None:
        self._inverter = inverter

    def set_voltage(
        self, voltage_v: Sequence[float], frequency_hz: float, angle_deg: Sequence[float] | None = None
    ) -> None:
        """Put a voltage on the node."""
        self._inverter.node.apply(tuple(voltage_v), frequency_hz, angle_deg)

    def measure(self) -> AcMeasurement:
        """Look at the node, and at what the inverter delivers there."""
        node, power = self._inverter.node, self._inverter.power
        return AcMeasurement(node.voltage_v, (0.0,) * node.phases, power.p_w, power.q_var, node.frequency_hz)


MAPS = Path(__file__).parents[2] / "fixtures" / "point_maps"
ACME = load_point_map(MAPS / "acme_inverter.yaml")
IEEE1815_2 = load_dnp3_map(MAPS / "inverter_dnp3.yaml")
AnyMap = PointMap | Dnp3Map | None
"""How an inverter joins: by Acme's registers, by the profile of IEEE 1815.2, or on SunSpec."""


@contextmanager
def joined(inverter: InverterEmulator, by: AnyMap) -> Iterator[tuple[Any, Any]]:
    """Serve an inverter; yield its driver, and the lock of whoever lets time pass."""
    if isinstance(by, Dnp3Map):
        points = Dnp3InverterPoints(inverter)
        outstation = PointOutstation(OUTSTATION, by, points.bindings, points.identity, MASTER, points.refresh)
        with serving_dnp3(outstation) as station:
            yield UnderTest(Dnp3Inverter(station.link(), by)), station.host.lock
        return
    with serving(unit_1=inverter_bank(inverter) if by else inverter.registers) as wire:
        link = wire.link(timeout_s=PATIENCE_S)
        yield UnderTest(PointMapInverter(link, by)) if by else SunSpecInverter(link), wire.host.lock


@contextmanager
def rig_of(inverter: InverterEmulator, battery: BatteryEmulator | None = None, by: AnyMap = None) -> Iterator[Rig]:
    """Serve an inverter, put it on its rig, and let it be in service; a battery behind it takes its commands too."""
    offered = {"pu": 1.0}

    def supply(level_pu: float) -> None:
        offered["pu"] = level_pu

    with joined(inverter, by) as (driver, lock):
        terminals = Terminals(inverter)

        def advance(dt_s: float) -> None:
            inverter.available_w = offered["pu"] * inverter.nameplate.p_max_w
            with lock:
                if battery:
                    battery.advance(dt_s)
                inverter.advance(dt_s)

        def absorb(share_pu: float) -> None:
            supply(0.0)
            power_w = -share_pu * inverter.nameplate.p_max_w
            driver.set_power_w(power_w, 3600.0)
            if battery:
                battery.registers.model(704).set({"WSetMod": 1, "WSet": power_w, "WSetEna": 1})

        rig = Rig(
            clock=Clock(),
            device=inverter.name,
            functions=driver,
            source=terminals,  # type: ignore[arg-type]
            analyzer=terminals,  # type: ignore[arg-type]
            analyzer_name="analyzer",
            nameplate=driver.read_nameplate(),
            instrument=QUARTER_PCT,
            advance=advance,
            supply=supply,
            phases=inverter.node.phases,
            absorb=absorb,
        )
        rig.set_grid(1.0)
        rig.hold(5.0, 1.0)
        driver.disable_functions()
        yield rig
