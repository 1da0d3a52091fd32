"""No set-point outside a device's own limits or the bench's envelope reaches the wire: all drivers, all methods."""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import instruments.drivers
from instruments.dialects.battery_source import battery_source_dialect
from instruments.dialects.pv_source import pv_source_dialect
from instruments.dnp3_map import load_dnp3_map
from instruments.drivers.capacitor_control import PointMapCapacitorControl
from instruments.drivers.dnp3_inverter import Dnp3Inverter
from instruments.drivers.dnp3_point_device import Dnp3PointDevice
from instruments.drivers.fence import DerEnvelope
from instruments.drivers.labelled_functions import LabelledFunctions
from instruments.drivers.point_map_battery import PointMapBattery
from instruments.drivers.point_map_control import PointMapControl
from instruments.drivers.point_map_der import PointMapDer
from instruments.drivers.point_map_device import PointMapDevice
from instruments.drivers.point_map_inverter import PointMapInverter
from instruments.drivers.point_map_meter import PointMapMeter
from instruments.drivers.points import Points
from instruments.drivers.scpi_battery_simulator import BatteryLimits, ScpiBatterySimulator
from instruments.drivers.scpi_digital_io import ScpiDigitalIO
from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
from instruments.drivers.scpi_pv_simulator import DcLimits, PvArray, ScpiPvSimulator
from instruments.drivers.scpi_sensing_source import ScpiSensingSource
from instruments.drivers.scpi_source import SourceLimits
from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.drivers.sunspec_der_driver import SunSpecDer
from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.drivers.sunspec_meter import SunSpecMeter
from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.acme_registers import battery_bank, inverter_bank
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import control_points
from instruments.emulators.digital_io import DigitalIOEmulator
from instruments.emulators.dnp3_inverter import Dnp3InverterPoints
from instruments.emulators.dnp3_outstation import PointOutstation
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.grid_simulator import GridSimulatorEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.keysight_pv import KeysightPvEmulator
from instruments.emulators.point_bank import PointBank
from instruments.emulators.power_analyzer import PowerAnalyzerEmulator
from instruments.emulators.priority_battery import SignedBatteryEmulator
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_server import scpi_protocol
from instruments.emulators.sensing_source import SensingSourceEmulator
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.emulators.tap_changer_settings import TapChangerSettings
from instruments.errors import InstrumentError, SafetyTrip
from instruments.point_map import load_point_map
from instruments.readings import Characteristic, EnterServiceSettings, FrequencyDroop, Trip, TripStage, VoltVarCurve
from instruments.transports.visa import VisaLink
from tests.instruments import dnp3_bench
from tests.instruments.sunspec_bench import serving

ROOT = Path(__file__).parents[2]
MAPS = ROOT / "fixtures" / "point_maps"
CAPACITOR_MAP = load_point_map(MAPS / "capacitor_generic.yaml")
TAP_MAP = load_point_map(MAPS / "ltc_generic.yaml")
RATING_W, HIGHEST_W, LOWEST_W = 10e3, 8e3, -6e3
"""The nameplate allows 10 kW both ways, the bench 8 kW and 6 kW."""
ENVELOPE = DerEnvelope((LOWEST_W, HIGHEST_W), (-3e3, 3e3))
SOURCE = SourceLimits((80.0, 140.0), (59.0, 61.0), 20.0)
"""Inside the instrument's 0 to 300 V, 45 to 65 Hz, 100 A."""
SENSING = SourceLimits((0.0, 400.0), (45.0, 65.0), 50.0)
"""Outside the instrument's 0 to 150 V, 10 A: there the instrument's own are the narrower."""
NONE = (math.nan, math.inf, -math.inf)
TOP_TAP = 3


def curve(v_pu=(0.92, 0.98, 1.02, 1.08), q_pu=(0.2, 0.0, 0.0, -0.2), response_s=5.0) -> VoltVarCurve:
    return VoltVarCurve(v_pu, q_pu, response_s)


REVERSIONS = [(1000.0, seconds) for seconds in (*NONE, 0.0, -1.0, 2.0**32)]
POWERS = [(watts, 60.0) for watts in (*NONE, HIGHEST_W + 1, LOWEST_W - 1, 2 * RATING_W, -2 * RATING_W)]
CURVES = [
    *[(curve(v_pu=(v, 0.98, 1.02, 1.08)),) for v in (*NONE, -0.1)],
    *[(curve(v_pu=(0.92, 0.98, 1.02, v)),) for v in (*NONE, 2.1)],
    *[(curve(q_pu=(q, 0.0, 0.0, -0.2)),) for q in (*NONE, 0.35, -0.35, 0.6)],
    *[(curve(response_s=seconds),) for seconds in (*NONE, -1.0)],
    (curve(v_pu=(0.92, 0.98, 1.02)),),
    *[(replace(curve(), reference_pu=v),) for v in (*NONE, -0.1, 2.1)],
    *[(replace(curve(), autonomous_s=seconds),) for seconds in (*NONE, -1.0)],
]


def trip(inner=(1.1, 2.0), outer=(1.2, 0.16)) -> Trip:
    return Trip(TripStage(*inner), TripStage(*outer))


TRIPS = [
    *[("over_voltage", trip(inner=(v, 2.0))) for v in (*NONE, 0.99, 1.21)],
    *[("over_voltage", trip(outer=(v, 0.16))) for v in (*NONE, 1.09, 1.31)],
    *[("over_voltage", trip(inner=(1.1, s))) for s in (*NONE, 0.0, 0.15, 1001.0)],
    *[("over_voltage", trip(outer=(1.2, s))) for s in (*NONE, 0.0, 2.1)],
    *[("under_voltage", trip((0.88, 2.0), (v, 0.16))) for v in (*NONE, -0.01, 0.89)],
    ("under_voltage", trip((1.01, 2.0), (0.5, 0.16))),
    *[("over_frequency", trip((f, 300.0), (62.0, 0.16))) for f in (*NONE, 59.9, 62.1)],
    ("over_frequency", trip((61.0, 300.0), (70.1, 0.16))),
    *[("under_frequency", trip((f, 300.0), (57.0, 0.16))) for f in (*NONE, 60.1, 56.9)],
    ("under_frequency", trip((58.5, 300.0), (44.9, 0.16))),
]


VOLTAGES = [
    *[((volts, 120.0, 120.0), 60.0) for volts in (*NONE, 79.9, 140.1, 301.0)],
    *[((120.0, 120.0, volts), 60.0) for volts in (*NONE, 79.9, 140.1)],
    *[((120.0,) * 3, hertz) for hertz in (*NONE, 58.9, 61.1, 400.0)],
    *[((120.0,) * 3, 60.0, (0.0, degrees, 120.0)) for degrees in (*NONE, 361.0, -361.0)],
]
SENSED = [
    *[(volts, 1.0, 0.0, 60.0) for volts in (*NONE, -1.0, 151.0)],
    *[(120.0, amps, 0.0, 60.0) for amps in (*NONE, -1.0, 10.1)],
    *[(120.0, 1.0, degrees, 60.0) for degrees in (*NONE, 361.0)],
    *[(120.0, 1.0, 0.0, hertz) for hertz in (*NONE, 44.9, 65.1)],
]
DROOPS = [
    (FrequencyDroop(*values),)
    for bad in NONE
    for values in ((bad, 0.036, 0.05, 0.05, 5.0), (0.036, 0.036, 0.05, bad, 5.0), (0.036, 0.036, 0.05, 0.05, bad))
] + [
    (FrequencyDroop(0.036, -0.001, 0.05, 0.05, 5.0),),
    (FrequencyDroop(6.0, 0.036, 0.05, 0.05, 5.0),),
    (FrequencyDroop(0.036, 0.036, 0.0, 0.05, 5.0),),
    (FrequencyDroop(0.036, 0.036, 0.05, 0.05, 5.0, -1.5),),
]
FUNCTIONS: dict[str, list[tuple[Any, ...]]] = {
    "set_power_w": POWERS + REVERSIONS,
    "set_volt_var": CURVES,
    "set_frequency_droop": DROOPS,
    "configure": [("NP_P_MAX", watts) for watts in (*NONE, -1.0, 0.0, RATING_W + 1.0)] + [("QV_OLRT", 5.0)],
    "set_power_factor": [(factor, True) for factor in (*NONE, 0.0, -0.9, 1.01)] + [(0.95, True), (0.95, False)],
    "set_reactive_power": [(share,) for share in (*NONE, 0.301, -0.301, 0.6)],
    "set_trip": TRIPS,
    "limit_power_pct": [*[(pct, 60.0) for pct in (*NONE, -1.0, 101.0)], *[(50.0, s) for s in (*NONE, -1.0)]],
}
"""Of an inverter with the functions that a type test sets."""
MAPPED = FUNCTIONS | {
    "set_power_w": FUNCTIONS["set_power_w"] + [(1000.0, 604_801.0)],
    "set_volt_watt": [(Characteristic((v, 1.1), (1.0, p), 5.0),) for v, p in ((math.nan, 0.0), (1.06, 1.1), (2.1, 0.0))]
    + [(Characteristic((1.06, 1.1), (1.0, 0.0), seconds),) for seconds in (*NONE, -1.0, 91.0)],
    "set_watt_var": [
        (Characteristic((-1.0, -0.5, -0.2, 0.2, 0.5, p), (0.44, 0.0, 0.0, 0.0, 0.0, q), 0.0),)
        for p, q in ((math.nan, 0.0), (1.1, 0.0), (1.0, -0.61), (1.0, math.nan))
    ],
    "set_enter_service": [
        (EnterServiceSettings((0.917, 1.05), (59.5, 60.1), *times),)
        for times in ((math.nan, 300.0), (-1.0, 300.0), (300.0, 3601.0), (300.0, 300.0, math.inf))
    ]
    + [(EnterServiceSettings((0.917, 1.4), (59.5, 60.1), 300.0, 300.0),)],
}
"""The same, with the limits of Acme's map around them."""
REFUSED: dict[type, dict[str, list[tuple[Any, ...]]]] = {
    SunSpecInverter: FUNCTIONS,
    Dnp3Inverter: {
        **{name: cases for name, cases in MAPPED.items() if name not in {"configure", "set_trip"}},
        "set_power_w": POWERS + REVERSIONS,
        "configure": [("QV_OLRT", 5.0)],
        "set_trip": TRIPS,
    },
    SunSpecBattery: {
        "set_power_w": POWERS + REVERSIONS,
        "set_reactive_power": [(share,) for share in (*NONE, 0.301, -0.301)],
        "set_ramp_pct_per_s": [(rate,) for rate in (*NONE, 0.0, -1.0, 1e5)],
        "set_reserve_pct": [(share,) for share in (*NONE, -1.0, 101.0)],
    },
    SunSpecMeter: {},
    PointMapInverter: MAPPED,
    PointMapBattery: {"set_power_w": POWERS + REVERSIONS + [(1000.0, 65_536.0)]},
    PointMapMeter: {},
    ScpiGridSimulator: {"set_voltage": VOLTAGES},
    ScpiSensingSource: {"set_sensing": SENSED},
    ScpiDigitalIO: {"set_output": [(channel, True) for channel in (0, -1, 17)]},
    ScpiPowerAnalyzer: {
        "set_range": [*[(volts, 5.0) for volts in (*NONE, -1.0)], *[(300.0, a) for a in (*NONE, -1.0)]],
        "arm_capture": [*[(interval_s, 10) for interval_s in (*NONE, 0.0, -1.0)], (0.01, 1), (0.01, 0)],
    },
    ScpiBatterySimulator: {
        "set_battery": [
            *[(volts, 10.0, 10.0) for volts in (*NONE, -1.0, 450.1)],
            *[(400.0, amps, 10.0) for amps in (*NONE, -1.0, 80.1)],
            *[(400.0, 10.0, amps) for amps in (*NONE, -1.0, 80.1)],
        ]
    },
    ScpiPvSimulator: {"set_irradiance_pu": [(share,) for share in (*NONE, -0.01, 1.01)]},
    PointMapTapChangerControl: {
        "raise_tap": [()],
        "write_setting": [("band_centre", volts) for volts in (*NONE, 99.9, 135.1)],
    },
    PointMapCapacitorControl: {
        "write_setting": [("close_below", volts) for volts in (*NONE, 94.9, 140.1)],
        "set_clock": [(seconds,) for seconds in (*NONE, -1.0, 604_800.0)],
    },
}
"""By driver and method, the arguments that have to be refused."""
TAKEN: dict[type, tuple[str, tuple[Any, ...]]] = {
    SunSpecInverter: ("set_power_w", (HIGHEST_W, 60.0)),
    Dnp3Inverter: ("set_power_w", (LOWEST_W, 60.0)),
    SunSpecBattery: ("set_power_w", (LOWEST_W, 60.0)),
    PointMapInverter: ("set_power_w", (HIGHEST_W, 60.0)),
    PointMapBattery: ("set_power_w", (LOWEST_W, 60.0)),
    ScpiGridSimulator: ("set_voltage", ((80.0, 140.0, 120.0), 61.0)),
    ScpiSensingSource: ("set_sensing", (150.0, 10.0, 360.0, 45.0)),
    ScpiDigitalIO: ("set_output", (16, True)),
    ScpiPowerAnalyzer: ("set_range", (300.0, 5.0)),
    ScpiBatterySimulator: ("set_battery", (450.0, 80.0, 80.0)),
    ScpiPvSimulator: ("set_irradiance_pu", (1.0,)),
    PointMapTapChangerControl: ("lower_tap", ()),
    PointMapCapacitorControl: ("set_clock", (604_799.0,)),
}
"""Set-points on the fence, which a driver must take: refusing all would pass the other tests."""


@dataclass
class Fenced:
    driver: Any
    arrived: Callable[[], list[Any]]
    """Everything that set something, as the emulator received it."""


@contextmanager
def on_modbus(emulator: Any, make: Callable[..., Any], *envelope: Any) -> Iterator[Fenced]:
    with serving(unit_1=emulator) as wire:
        yield Fenced(make(wire.link(), *envelope), wire.written)


@contextmanager
def on_dnp3(inverter: InverterEmulator) -> Iterator[Fenced]:
    points, point_map = Dnp3InverterPoints(inverter), load_dnp3_map(ROOT / "fixtures/point_maps/inverter_dnp3.yaml")
    outstation = PointOutstation(10, point_map, points.bindings, points.identity, 1, points.refresh)
    with dnp3_bench.serving(outstation) as wire:
        yield Fenced(Dnp3Inverter(wire.link(), point_map, ENVELOPE), lambda: list(outstation.log))


@contextmanager
def on_visa(emulator: ScpiEmulator, make: Callable[..., Any], *envelope: Any) -> Iterator[Fenced]:
    with EmulatorHost() as host:
        _, port = host.serve(scpi_protocol(emulator.scpi, host.lock))
        with VisaLink(f"TCPIP0::127.0.0.1::{port}::SOCKET") as link:
            yield Fenced(make(link, *envelope), lambda: [m for m in emulator.scpi.received if _sets(m)])


def _sets(message: str) -> bool:
    return any(unit.partition(" ")[0][-1] != "?" and unit != "*CLS" for unit in message.split(";"))


def _hybrid() -> InverterEmulator:
    return InverterEmulator("hybrid", RATING_W / 1e3, dc_source=BatteryEmulator("battery", RATING_W / 1e3, 20.0))


Serving = AbstractContextManager[Fenced]


def _mapped(bank: Any, driver: type, name: str) -> Serving:
    return on_modbus(bank, driver, load_point_map(MAPS / f"{name}.yaml"), ENVELOPE)


def _tap_changer(driver: type) -> Serving:
    control = TapChangerControlEmulator(SensingTerminals(), TapChangerSettings(), TOP_TAP, 0.0)
    registers = PointBank(TAP_MAP, control_points(control))
    return on_modbus(registers, lambda link: driver(link, TAP_MAP, (-16, TOP_TAP)))


def _capacitor(driver: type) -> Serving:
    registers = PointBank(CAPACITOR_MAP, control_points(CapacitorControlEmulator(SensingTerminals())))
    return on_modbus(registers, driver, CAPACITOR_MAP)


def _battery() -> BatteryEmulator:
    return BatteryEmulator("battery", RATING_W / 1e3, 20.0)


def _pv_simulator(driver: type) -> Serving:
    array, limits = PvArray(500.0, 10.0, 400.0, 9.0), DcLimits((0.0, 500.0), 10.0)
    dialect = pv_source_dialect("keysight_apv")
    return on_visa(KeysightPvEmulator("pv"), lambda link: driver(link, limits, array, dialect))


def _battery_simulator(driver: type) -> Serving:
    limits, dialect = BatteryLimits((0.0, 450.0), 80.0), battery_source_dialect("generic")
    return on_visa(SignedBatteryEmulator("battery"), lambda link: driver(link, limits, dialect))


SERVED: dict[type, Callable[[type], Serving]] = {
    SunSpecInverter: lambda driver: on_modbus(_hybrid().registers, driver, ENVELOPE),
    SunSpecBattery: lambda driver: on_modbus(_battery().registers, driver, ENVELOPE),
    Dnp3Inverter: lambda _driver: on_dnp3(_hybrid()),
    PointMapInverter: lambda driver: _mapped(inverter_bank(_hybrid()), driver, "acme_inverter"),
    PointMapBattery: lambda driver: _mapped(battery_bank(_battery()), driver, "acme_battery"),
    PointMapTapChangerControl: _tap_changer,
    PointMapCapacitorControl: _capacitor,
    ScpiGridSimulator: lambda driver: on_visa(GridSimulatorEmulator("source", ElectricalNode(3)), driver, SOURCE),
    ScpiSensingSource: lambda driver: on_visa(SensingSourceEmulator("sensing"), driver, SENSING),
    ScpiPowerAnalyzer: lambda driver: on_visa(PowerAnalyzerEmulator("analyzer", ElectricalNode(3)), driver),
    ScpiPvSimulator: _pv_simulator,
    ScpiBatterySimulator: _battery_simulator,
    ScpiDigitalIO: lambda driver: on_visa(DigitalIOEmulator("contacts"), driver),
}
"""How each driver gets what it talks to."""


def fenced(driver: type) -> Serving:
    return SERVED[driver](driver)


CASES = [(driver, method) for driver, methods in REFUSED.items() for method in methods]


@pytest.mark.parametrize(("driver", "method"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_what_lies_outside_is_refused_and_nothing_arrives(driver: type, method: str) -> None:
    with fenced(driver) as bench:
        for arguments in REFUSED[driver][method]:
            with pytest.raises(SafetyTrip):
                getattr(bench.driver, method)(*arguments)
            assert bench.arrived() == [], f"{method}{arguments} was refused, and something was sent"


@pytest.mark.parametrize("driver", TAKEN, ids=lambda driver: driver.__name__)
def test_what_lies_on_the_fence_is_sent(driver: type) -> None:
    method, arguments = TAKEN[driver]
    with fenced(driver) as bench:
        if driver is PointMapTapChangerControl:
            bench.driver.set_automatic(False)
        getattr(bench.driver, method)(*arguments)
        assert bench.arrived()


def test_every_driver_and_every_method_that_sends_a_set_point_is_tried() -> None:
    drivers = set(all_drivers())
    assert drivers == set(REFUSED)
    for driver in drivers:
        missing = numeric_methods(driver) - set(REFUSED[driver])
        assert not missing, f"{driver.__name__} sends set-points that no test holds to the fence: {sorted(missing)}"


MADE_OF = {
    SunSpecDevice,
    SunSpecDer,
    PointMapDevice,
    PointMapDer,
    PointMapControl,
    Dnp3PointDevice,
    Points,
    LabelledFunctions,
}


def all_drivers() -> Iterator[type]:
    """Return every class of the drivers' package that can say who answers, but what others are made of."""
    for module in pkgutil.iter_modules(instruments.drivers.__path__, "instruments.drivers."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if hasattr(found, "identify") and found not in MADE_OF:
                yield found


def numeric_methods(driver: type) -> set[str]:
    """Return the public methods that set something and take a number, several, or a curve."""
    public = {n: m for n, m in inspect.getmembers(driver, inspect.isfunction) if not n.startswith(("_", "read_"))}
    return {name for name, method in public.items() if any(map(_is_numeric, _parameters(method)))}


def _parameters(method: Callable[..., Any]) -> list[str]:
    return [inspect.formatannotation(p.annotation) for p in inspect.signature(method).parameters.values()]


def _is_numeric(annotation: str) -> bool:
    is_called = "Callable" in annotation  # what lets time pass is no set-point
    return not is_called and any(word in annotation for word in ("float", "int", "VoltVarCurve"))


@pytest.mark.parametrize("value", [*NONE, 99.9, 135.1])
def test_a_setting_outside_its_point_map_is_refused_and_nothing_arrives(value: float) -> None:
    with fenced(PointMapTapChangerControl) as bench:
        with pytest.raises(SafetyTrip):
            bench.driver.points.write("band_centre", value)
        assert bench.arrived() == []


def test_without_an_envelope_the_tap_changers_own_limit_holds() -> None:
    control = TapChangerControlEmulator(SensingTerminals(), TapChangerSettings(highest_tap=TOP_TAP), TOP_TAP, 0.0)
    with on_modbus(PointBank(TAP_MAP, control_points(control)), PointMapTapChangerControl, TAP_MAP) as bench:
        bench.driver.set_automatic(False)
        with pytest.raises(InstrumentError, match="refused"):
            bench.driver.raise_tap()
    assert control.position == TOP_TAP
