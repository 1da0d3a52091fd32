"""Puts together who can say what at each terminal of a bench, so that they can be held against each other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.accuracy import Exactness, limits_of_error
from bench.assembly.apparatus import Apparatus
from bench.assembly.control_checks import make_control_checks
from bench.assembly.emulated_meters import MeterGroup
from bench.assembly.places import FeederPlaces
from bench.config import BenchFile, class_of_pct
from bench.plant.plant import Plant
from bench.plant.terminals import DirectTerminal, MeasuredTerminal, Terminal
from bench.truth.cross_check_energy import EnergyCheck
from bench.truth.cross_check_meters import MeterCheck, PlacedMeter, Truth
from bench.truth.cross_check_site import SiteCheck
from bench.truth.cross_check_voices import Voice, analyzed, in_copper, metered, reported, sourced, stored, told
from bench.truth.cross_checks import Behind, CrossChecks
from bench.truth.resource_proof import EnergyBalance

LOOKS = 30
"""How many looks at a terminal are due in a scenario, whatever moves."""
SHORTEST_EVERY_S = 30.0
"""How often a look is due at most, s."""


@dataclass(frozen=True)
class CrossCheckParts:
    """What cross-checks are made of; `drivers` by name, `terminals` by the name of their site."""

    config: BenchFile
    places: FeederPlaces
    plant: Plant
    drivers: Mapping[str, Any]
    terminals: Mapping[str, Terminal]
    meters: Sequence[MeterGroup]
    storage: EnergyBalance
    apparatus: Mapping[str, Apparatus]


def make_cross_checks(parts: CrossCheckParts) -> CrossChecks:
    """Check every terminal of an inverter, every control behind a source, and every meter on the feeder itself."""
    behind_source = {_meter_of(parts, terminal.device) for terminal in _measured(parts)}
    sites = dict(_site(parts, terminal) for terminal in parts.terminals.values())
    controls = make_control_checks(parts.config, parts.places, parts.drivers, parts.apparatus, _every_s(parts))
    sites |= {check: Behind() for check in controls}
    placed = {name: meter for name, meter in _placed_meters(parts) if name not in behind_source}
    return CrossChecks(sites, MeterCheck(placed))


def _measured(parts: CrossCheckParts) -> list[MeasuredTerminal]:
    return [terminal for terminal in parts.terminals.values() if isinstance(terminal, MeasuredTerminal)]


def _battery(parts: CrossCheckParts, inverter: str) -> str:
    """Return the battery that works through an inverter, or the inverter where there is none."""
    return next((battery for battery, link in parts.config.behind_inverter.items() if link == inverter), inverter)


def _der(parts: CrossCheckParts, device: str) -> str:
    """Return the name by which what delivers at a terminal is known: that of the battery, where it is alone there."""
    return _battery(parts, device) if parts.places.site(device).kind == "battery" else device


def _meter_of(parts: CrossCheckParts, device: str) -> str | None:
    """Return the credit meter at the terminal of a device."""
    meters = parts.places.der_credit_meters()
    return meters.get(device) or meters.get(_battery(parts, device))


def _witness(parts: CrossCheckParts, device: str) -> str | None:
    """Return the credit meter at the terminal of a device, where it sees for itself what flows there.

    Emulated beside a real device it would only repeat what the analyzer measured.
    """
    meter = _meter_of(parts, device)
    if meter is None or _is_emulated(parts, device) or not _is_emulated(parts, meter):
        return meter
    return None


def _is_emulated(parts: CrossCheckParts, name: str) -> bool:
    return parts.config.devices[name].emulate is not None


def _site(parts: CrossCheckParts, terminal: Terminal) -> tuple[SiteCheck, Behind]:
    device, der = terminal.device, _der(parts, terminal.device)
    rating_kva = parts.places.site(device).rating_kva
    meter = _witness(parts, device)
    voices = [*_instruments(parts, terminal), *_equipment(parts, terminal, der, rating_kva)]
    if meter is not None:
        voices.append(_meter_voice(parts, terminal, meter, rating_kva))
    name = next(name for name, section in parts.config.terminals.items() if section.device == device)
    check = SiteCheck(name, rating_kva, voices, partial(_power, terminal), _every_s(parts), _strays(parts, terminal))
    stores = [partial(parts.storage.measure_one, der)] if der in parts.storage.batteries else []
    return check, Behind(_counters(parts, terminal, meter), stores)


def _every_s(parts: CrossCheckParts) -> float:
    return max(SHORTEST_EVERY_S, parts.config.horizon_s / LOOKS)


def _power(terminal: Terminal) -> tuple[float, float] | None:
    reading = terminal.reading()
    return None if reading is None else (reading.power_kw, terminal.q_kvar)


def _strays(parts: CrossCheckParts, terminal: Terminal) -> Callable[[], bool]:
    """Return what compares, without asking, the voltage that an analyzer measured with what its source was told."""
    if not isinstance(terminal, MeasuredTerminal):
        return lambda: False
    source, analyzer = _limits(parts, terminal.source_name), _limits(parts, terminal.analyzer_name)

    def strays() -> bool:
        measured = terminal.measured.voltage_v if terminal.measured else ()
        told = map(abs, terminal.told_v.tolist())
        pairs = zip(measured, told, strict=False)
        return any(abs(u - v) > source.voltage_v(v) + analyzer.voltage_v(v) for u, v in pairs)

    return strays


def _instruments(parts: CrossCheckParts, terminal: Terminal) -> Iterator[Voice]:
    """Give a voice to what stands between feeder and device: two instruments, or a piece of wire."""
    if isinstance(terminal, MeasuredTerminal):
        source = _limits(parts, terminal.source_name)
        yield told(terminal, source)
        yield sourced(terminal, source)
        yield analyzed(terminal, _limits(parts, terminal.analyzer_name))
    elif isinstance(terminal, DirectTerminal):
        yield in_copper(terminal)


def _equipment(parts: CrossCheckParts, terminal: Terminal, der: str, rating_kva: float) -> Iterator[Voice]:
    scale = parts.places.terminal(terminal.device).power_scale
    yield reported(terminal.device, parts.drivers[terminal.device].read_ac, rating_kva, scale)
    if der != terminal.device:
        yield stored(der, parts.drivers[der].read_storage, rating_kva, scale)


def _meter_voice(parts: CrossCheckParts, terminal: Terminal, meter: str, rating_kva: float) -> Voice:
    """Give a voice to the meter of a site; in the laboratory's copper it sees the voltage that the device sees."""
    _, pt_ratio = parts.places.metered_nodes(meter)
    section = parts.places.terminal(terminal.device)
    ratio = pt_ratio / section.voltage_ratio if isinstance(terminal, MeasuredTerminal) else None
    return metered(meter, parts.drivers[meter].read_meter, _class_pct(parts, meter), rating_kva, ratio)


def _counters(parts: CrossCheckParts, terminal: Terminal, meter: str | None) -> list[EnergyCheck]:
    if meter is None:
        return []
    off_kw = partial(_off_kw, parts, meter, terminal)
    return [EnergyCheck(meter, parts.drivers[meter].read_meter, terminal.reading, off_kw)]


def _off_kw(parts: CrossCheckParts, meter: str, terminal: Terminal, power_kw: float) -> float:
    """Return by how much meter and terminal together may be off at the power of the latest step, kW."""
    off_kw = _class_pct(parts, meter) / 100.0 * abs(power_kw)
    if isinstance(terminal, MeasuredTerminal) and terminal.measured:
        measured, limits = terminal.measured, _limits(parts, terminal.analyzer_name)
        off_kw += terminal.power_scale / 1000.0 * limits.active_w(measured.p_w, measured.q_var)
    return off_kw


def _limits(parts: CrossCheckParts, name: str) -> Exactness:
    return limits_of_error(parts.config.devices[name])


def _class_pct(parts: CrossCheckParts, name: str) -> float:
    return class_of_pct(parts.config.devices[name])


def _placed_meters(parts: CrossCheckParts) -> Iterator[tuple[str, PlacedMeter]]:
    """Give every meter on the feeder what the model has at its place."""
    for group in parts.meters:
        for name, place in zip(group.fleet.names, group.places.tolist(), strict=True):
            truth = partial(TRUTHS[group.at], parts.plant, place)
            yield name, PlacedMeter(parts.drivers[name].read_meter, truth, group.class_pct, group.rating_w)


def _at_feeder(plant: Plant, _place: int) -> Truth:
    snapshot = plant.state.snapshot
    return Truth(snapshot.head_p_kw * 1000.0, snapshot.head_q_kvar * 1000.0)


def _at_generation(plant: Plant, place: int) -> Truth:
    state = plant.state
    return Truth(-float(state.site_p_kw[place]) * 1000.0, -float(state.site_q_kvar[place]) * 1000.0)


def _at_service(plant: Plant, place: int) -> Truth:
    p_w, q_var = plant.metered_w()
    return Truth(float(p_w[place]), float(q_var[place]), tuple(plant.state.legs_v[place].tolist()))


TRUTHS: Mapping[str, Callable[[Plant, int], Truth]] = {
    "feeder": _at_feeder,
    "generation": _at_generation,
    "services": _at_service,
}
"""What the model says of a meter, by where it sits."""
