"""How fast the plant goes: one step against the bare engine, and a whole day against real time."""

import math
import statistics
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.commands.figures import Figure
from bench.commands.footprint import Footprint
from bench.config import EnvironmentSection
from bench.feeder.bare import BareEngine
from bench.feeder.engine import Feeder
from bench.feeder.model import Floats
from bench.feeder.sites import Site, load_sites
from bench.feeder.voltage import SiteVoltages
from bench.plant.plant import Plant, PlantState
from bench.plant.series import SeriesRecorder
from bench.plant.weather import make_weather
from bench.truth.range_a import RangeASettings, ServiceVoltages
from instruments.errors import ConfigError
from reports.run_directory import RunWriter

REFERENCE = Path(__file__).parents[2] / "fixtures" / "feeders" / "reference" / "master.dss"
LOAD_SHAPE = Path(__file__).parents[2] / "fixtures" / "profiles" / "residential_summer.csv"
PHASES = (1, 2, 3)
PRIMARY_KV = 1.0
WARM_UP, STEPS = 20, 600
PENETRATION = 0.3
SERVICE_KVA, THREE_PHASE_KVA = 5.0, 300.0
"""Ratings: all inverters together are at most this share of the feeder's load, and none is larger than its place."""
DAY_S, CHUNK_S = 86_400, 3_600
DAY_BUDGET_S = 180.0


def step_figure(name: str, inverters: int, master: Path | None) -> Figure:
    """Measure a plant step of 1 s with vectorised inverters on volt-var, evidence included, in microseconds.

    The bare engine takes the same set-points in turn with the plant, on the same deck with taps and banks alike. The
    deck is taken as it is. Medians of 600 steps; the time to write the series is spread over them. Raises ConfigError
    when the deck cannot be used.
    """
    model = master or REFERENCE
    sites = spread_inverters(model, inverters)
    with Feeder.open(model) as feeder, TemporaryDirectory() as folder:
        feeder.add_injections([site.injection for site in sites])
        plant = Plant(feeder, sites, Ramp(inverters))
        evidence = _Evidence(plant, feeder)
        with closing(BareEngine(model, feeder.sites, plant.state.snapshot)) as bare:
            plant_s, bare_s = _interleaved(plant, bare)
        writing_s = _timed_write(evidence, Path(folder) / "run")
    value_s = statistics.median(plant_s) + writing_s / (WARM_UP + STEPS)
    return Figure(name, value_s * 1e6, "us", statistics.median(bare_s) * 1e6)


def _interleaved(plant: Plant, bare: BareEngine) -> tuple[list[float], list[float]]:
    plant_s, bare_s = [], []
    for number in range(1, WARM_UP + STEPS + 1):
        started_s = time.perf_counter()
        state = plant.step(float(number), 1.0)
        between_s = time.perf_counter()
        bare.step(state.site_p_kw, state.site_q_kvar)
        ended_s = time.perf_counter()
        plant_s.append(between_s - started_s)
        bare_s.append(ended_s - between_s)
    return plant_s[WARM_UP:], bare_s[WARM_UP:]


def _timed_write(evidence: "_Evidence", folder: Path) -> float:
    with RunWriter.create(folder) as writer:
        started_s = time.perf_counter()
        evidence.write(writer)
        return time.perf_counter() - started_s


def spread_inverters(master: Path, count: int) -> tuple[Site, ...]:
    """Spread inverters evenly: over the services where a feeder has any, else over its three-phase buses.

    Raises ConfigError for a deck that cannot be used, or that has neither.
    """
    with Feeder.open(master) as feeder:
        places = _service_places(feeder) or _three_phase_places(feeder)
        if not places:
            raise ConfigError(f"{master} has neither a service nor a live three-phase bus to put an inverter at")
        largest_kva = SERVICE_KVA if feeder.services else THREE_PHASE_KVA
        rating_kva = min(largest_kva, PENETRATION * float(feeder.nominal_kw.sum()) / count)
        chosen = [places[number * len(places) // count] for number in range(count)]
        return tuple(_site(feeder, f"speed_{number}", place, rating_kva) for number, place in enumerate(chosen))


def _site(feeder: Feeder, name: str, place: "_Place", rating_kva: float) -> Site:
    kv = feeder.base_kv(place.bus, place.nodes)
    return Site(name, "pv", "customer", place.bus, place.nodes, kv, rating_kva, 0.0, place.service)


@dataclass(frozen=True)
class _Place:
    bus: str
    nodes: tuple[int, ...]
    service: str = ""


def _service_places(feeder: Feeder) -> list[_Place]:
    return [_Place(service.bus, service.nodes, service.name) for service in feeder.services]


def _three_phase_places(feeder: Feeder) -> list[_Place]:
    """List the three-phase buses that can take power: alive, not behind an open switch, and on the primary.

    A low-voltage winding may be an ungrounded delta, on which devices from phase to ground have no solution.
    """
    buses = dict.fromkeys(name.rpartition(".")[0] for name in feeder.node_names)
    complete = [bus for bus in buses if {f"{bus}.{phase}" for phase in PHASES} <= set(feeder.node_names)]
    voltage_v = np.abs(feeder.solve(0.0).voltage_v)
    return [_Place(bus, PHASES) for bus in complete if _is_live_primary(feeder, bus, voltage_v)]


def _is_live_primary(feeder: Feeder, bus: str, voltage_v: Floats) -> bool:
    base_kv = feeder.base_kv(bus, PHASES)
    phase_v = voltage_v[feeder.node_indices(bus, PHASES)]
    return base_kv > PRIMARY_KV and bool(np.all(phase_v > 0.5 * base_kv * 1000.0 / math.sqrt(3.0)))


class Ramp:
    """Sun that goes up and down within ten minutes, so that every step has set-points of its own; constant load."""

    def __init__(self, sites: int) -> None:
        self._sites = sites

    def irradiance_pu(self, time_s: float) -> Floats:
        """Return the same sun for every site, per unit."""
        return np.full(self._sites, 0.5 + 0.4 * math.sin(2.0 * math.pi * time_s / 600.0))

    def load_pu(self, _time_s: float) -> float:
        """Return the nominal load, per unit."""
        return 1.0


class _Evidence:
    """What a story keeps of each step, put into a series file from time to time.

    On a deck without services the voltages at the inverters stand in for those that meters would see.
    """

    def __init__(self, plant: Plant, feeder: Feeder) -> None:
        self._inverters = SiteVoltages(feeder, feeder.sites)
        self._has_services = bool(feeder.services)
        self._meters = tuple(f"net_meter_{n}" for n in range(1, len(feeder.services or feeder.sites) + 1))
        self._files = 0
        self._voltages = ServiceVoltages(self._meters, RangeASettings(60.0, 0.3))
        self._begin()
        plant.listeners.append(self._take)

    def write(self, writer: RunWriter) -> None:
        """Write what was collected since the last time."""
        self._files += 1
        writer.write_series(self._files, self._series.table())
        self._begin()

    def _begin(self) -> None:
        self._series = SeriesRecorder(self._meters, {}, {})

    def _take(self, state: PlantState) -> None:
        if not self._has_services:
            leg_v = self._inverters.pu(state.snapshot.voltage_v) * 120.0
            state = replace(state, legs_v=np.column_stack((leg_v, leg_v)))
        self._voltages.take(state.time_s, state.legs_v)
        self._series.take(state)


def days_figure(name: str, days: int) -> Figure:
    """Measure 24 h of the reference feeder, or more, at a fixed step of 1 s, as a multiple of real time.

    All its inverters are of the vectorised tier, sun and load go through a June day again and again, taps and banks
    stay, evidence is written every hour. When a day would take more than three minutes, the hours that fitted are what
    is told. The figure's note says how many, and by how much memory grew after the first hour and the first day.
    """
    with Feeder.open(REFERENCE) as feeder, TemporaryDirectory() as folder:
        sites = load_sites(REFERENCE.with_name("sites.csv"))
        feeder.add_injections([site.injection for site in sites])
        weather = make_weather(EnvironmentSection(start_hour=0.0, load_shape=LOAD_SHAPE), len(sites))
        plant = Plant(feeder, sites, weather)
        with RunWriter.create(Path(folder) / "run") as writer:
            played = _play(plant, _Evidence(plant, feeder), writer, days * DAY_S, days * DAY_BUDGET_S)
    return Figure(name, played.simulated_s / played.elapsed_s, "x real time", note=_note(played, days))


def _note(played: "_Played", days: int) -> str:
    whole = f"{played.simulated_s / 3600.0:g} h"
    cut = "" if played.simulated_s == days * DAY_S else f"only {whole}: a day takes more than {DAY_BUDGET_S:g} s; "
    grown = f"memory grew by {played.growth_mb(CHUNK_S):.0f} MB after the first hour"
    later = f", by {played.growth_mb(DAY_S):.0f} MB after the first day" if played.simulated_s > DAY_S else ""
    return cut + grown + later


@dataclass(frozen=True)
class _Played:
    """How much was played in which wall time, s; and memory, MB, after so many seconds of it."""

    simulated_s: int
    elapsed_s: float
    memory_mb: Mapping[int, float]

    def growth_mb(self, since_s: int) -> float:
        """Return by how much memory grew since a moment."""
        return self.memory_mb[self.simulated_s] - self.memory_mb[min(since_s, self.simulated_s)]


def _play(plant: Plant, evidence: _Evidence, writer: RunWriter, length_s: int, budget_s: float) -> _Played:
    started_s, memory_mb = time.perf_counter(), dict[int, float]()
    for second in range(1, length_s + 1):
        plant.step(float(second), 1.0)
        if second % CHUNK_S == 0:
            evidence.write(writer)
            memory_mb[second] = Footprint.now().memory_mb
            if time.perf_counter() - started_s > budget_s:
                break
    return _Played(second, time.perf_counter() - started_s, memory_mb)
