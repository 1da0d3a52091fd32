"""The rig of an inverter, with or without storage: a grid simulator and a power analyzer in front of it.

Its DC side has a PV simulator, a battery simulator, or what it brings itself.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from bench.accuracy import USUAL_TIME_S
from bench.assembly.certification import CertificationBench, RigKind
from bench.assembly.simulated_battery import StoreBehind, simulated_battery
from bench.certification.not_passed import NotPassed
from bench.certification.ratings import require_usable
from bench.certification.rig import InstrumentClass, Rig, phase_v
from bench.certification.stated_class import StatedClass
from bench.config import Device
from instruments.errors import ConfigError, blaming
from instruments.readings import Nameplate, SourceCapabilities
from instruments.roles import DerFunctions, GridSimulator, PowerAnalyzer
from reports.verdict import Verdict

PCT = 100.0
UPDATES = 5
"""Set-points by which a source's update rate is measured in wall time, its output off: the slowest one counts."""
ABSORBING_S = 3600.0
"""A command to absorb ends by itself if the bench does not end it."""


@dataclass
class Fed:
    """The device under test with what feeds and what measures it."""

    device: str
    source: GridSimulator
    source_name: str
    analyzer: PowerAnalyzer
    analyzer_name: str


def instrument_class(analyzer: Device, nameplate: Nameplate, phases: int) -> InstrumentClass | StatedClass:
    """Return the uncertainty of an analyzer in front of equipment, by the bench file."""
    if analyzer.accuracy is not None:
        return StatedClass(analyzer.accuracy, phase_v(nameplate, phases), nameplate.va_max_va, phases)
    share = analyzer.expanded_pct / PCT
    return InstrumentClass(share, share, time_s=USUAL_TIME_S)


def _make(bench: CertificationBench) -> Rig:
    terminal, drivers, device = bench.terminal, bench.drivers, bench.device
    inverter, analyzer = drivers[device], terminal.analyzer or ""
    _require_functions(bench, inverter)
    nameplate = inverter.read_nameplate()
    require_usable(device, bench.config.devices[device], nameplate)
    battery = simulated_battery(bench, nameplate)
    functions: Any = inverter if battery is None else StoreBehind(inverter, battery)
    return replace(
        between_instruments(bench, functions, nameplate, battery.supply if battery else partial(_supply, bench)),
        absorb=battery.absorb if battery else partial(_absorb, bench),
        capture=drivers[analyzer].read_capture_limits(),
        unrepresented=bench.emulated.unrepresented(device),
    )


def between_instruments(
    bench: CertificationBench, functions: Any, nameplate: Nameplate, supply: Callable[[float], None]
) -> Rig:
    """Return the rig of what is at the terminal, which has `functions`, between its source and its analyzer."""
    terminal, analyzer = bench.terminal, bench.terminal.analyzer or ""
    phases = bench.places.phases(terminal.device)
    return Rig(
        clock=bench.clock,
        device=bench.device,
        functions=functions,
        source=bench.drivers[terminal.source or ""],
        analyzer=bench.drivers[analyzer],
        analyzer_name=analyzer,
        nameplate=nameplate,
        instrument=instrument_class(bench.config.devices[analyzer], nameplate, phases),
        advance=bench.advance,
        supply=supply,
        phases=phases,
        able=capabilities(bench),
    )


def _switch_on(bench: CertificationBench) -> None:
    energize(bench, cast(Rig, bench.rig))
    simulator = bench.config.pv_simulator_of(bench.device)
    if simulator is not None:
        with blaming(simulator):
            bench.drivers[simulator].set_irradiance_pu(1.0)
            bench.drivers[simulator].output_on()
    functions: Any = cast(Rig, bench.rig).functions
    if isinstance(functions, StoreBehind):
        functions.battery.switch_on()


def energize(bench: CertificationBench, rig: Rig) -> None:
    """Put rated voltage on what is at the terminal, with proof that the source is on."""
    rig.set_grid(1.0)
    rig.update_s = update_s(rig)
    source = bench.terminal.source or ""
    bench.live.switch_on(Fed(bench.terminal.device, rig.source, source, rig.analyzer, rig.analyzer_name))


def capabilities(bench: CertificationBench) -> SourceCapabilities:
    """Ask the source what it can do; raises ConfigError for one that is wired with other phases than the device has."""
    name, phases = bench.terminal.source or "", bench.places.phases(bench.terminal.device)
    able: SourceCapabilities = bench.drivers[name].read_capabilities()
    if able.phases != phases:
        raise ConfigError(
            f"devices.{name}: it is wired with {able.phases} phase(s), and {bench.terminal.device} has {phases}: "
            "say it with `phases`, at the analyzer too"
        )
    return able


def update_s(rig: Rig) -> float:
    """Measure how long a set-point takes over the wire of a source, its output off; 0 in virtual time."""
    if rig.clock.slip is None:
        return 0.0
    return max(_timed(partial(rig.set_grid, 1.0)) for _ in range(UPDATES))


def _timed(act: Callable[[], None]) -> float:
    begun_s = time.perf_counter()
    act()
    return time.perf_counter() - begun_s


def _require_functions(bench: CertificationBench, inverter: Any) -> None:
    """Raise NotPassed for a driver without the functions that the procedures set: nothing can be said of them."""
    missing = [name for name in vars(DerFunctions) if not name.startswith("_") and not hasattr(inverter, name)]
    if missing:
        driver = bench.config.devices[bench.device].driver
        reason = f"the driver {driver!r} of {bench.device} has not what procedures set: {', '.join(missing)}"
        raise NotPassed(reason, Verdict.NOT_RUN)


def _supply(bench: CertificationBench, level_pu: float) -> None:
    """Let the PV simulator in front of a device, or else the emulated sun, give a share of rated power.

    An array gives rated power at full irradiance, and a share of it at that share. Real equipment without a simulator
    brings its own source of power, which is taken to give the rating: the analyzer tells whether it does. Raises
    NotPassed for any other share there.
    """
    simulator = bench.config.pv_simulator_of(bench.device)
    if simulator is not None:
        with blaming(simulator):
            bench.drivers[simulator].set_irradiance_pu(level_pu)
        return
    if bench.config.devices[bench.device].emulate is None and level_pu != 1.0:
        wanted = f"{level_pu * PCT:g} % of rated power"
        raise NotPassed(f"nothing on this bench has the source behind {bench.device} give {wanted}", Verdict.NOT_RUN)
    bench.sun_pu = level_pu


def _absorb(bench: CertificationBench, share_pu: float) -> None:
    """Command the device, and a battery behind it that has an interface of its own, to take power from the grid."""
    bench.sun_pu = 0.0
    power_w = -share_pu * cast(Rig, bench.rig).nameplate.p_max_w
    for name, device in bench.config.devices.items():
        if name == bench.device or device.role == "battery":
            bench.drivers[name].set_power_w(power_w, ABSORBING_S)


DER_RIG = RigKind(frozenset({"inverter"}), _make, _switch_on)
"""In front of inverters."""
