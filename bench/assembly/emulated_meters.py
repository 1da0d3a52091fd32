"""Emulated meters: single ones at their terminals, and fleets at every other service or generation site."""

import datetime
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.config import Emulation, EnvironmentSection, RangeASection
from bench.feeder.model import Floats
from bench.plant.plant import PlantState
from instruments.emulators.meter import AlertLimits, MeterClass, MeterFleet

Place = Literal["services", "generation", "feeder"]
DEFAULT_CLASS_PCT = 0.2
SERVICE_W = 24_000.0
FEEDER_W = 20e6
"""Power that a service's meter holds at least, and one at a feeder's head, W: what their registers are scaled for."""
PEAK_LOAD = 3.0
"""Largest load of a service that its meter has to hold, in its nominal load."""


@dataclass(frozen=True)
class MeterGroup:
    """A fleet and the services, or generation sites, that its meters sit at, by their numbers.

    A single meter that is behind no service, that of the whole feeder or of a plant, senses two `own_nodes` behind
    voltage transformers of a ratio, as two elements of a three-wire meter do.
    """

    fleet: MeterFleet
    places: NDArray[np.intp]
    at: Place
    own_nodes: NDArray[np.intp] | None = None
    pt_ratio: float = 1.0


class MeterView:
    """Shows a group of emulated meters what flows where they sit."""

    def __init__(self, group: MeterGroup, lock: threading.RLock) -> None:
        self._group, self._lock = group, lock

    def apply(self, state: PlantState, service_of_site: Mapping[int, int], p_w: Floats, q_var: Floats) -> None:
        """Take a step; `p_w` and `q_var` are the customers' consumption, shape (services,)."""
        places = self._group.places
        if self._group.at == "feeder":
            p_w, q_var = np.array([[state.snapshot.head_p_kw], [state.snapshot.head_q_kvar]]) * 1000.0
        elif self._group.at == "generation":
            p_w, q_var = -state.site_p_kw[places] * 1000.0, -state.site_q_kvar[places] * 1000.0
        else:
            p_w, q_var = p_w[places], q_var[places]
        legs_v = self._legs_v(state, service_of_site)
        with self._lock:
            self._group.fleet.apply(legs_v[:, 0], legs_v[:, 1], p_w, q_var)

    def _legs_v(self, state: PlantState, service_of_site: Mapping[int, int]) -> Floats:
        """Return what each meter senses on the 120 V base, shape (meters, 2)."""
        group = self._group
        if group.own_nodes is not None:
            sensed: Floats = np.abs(state.snapshot.voltage_v[group.own_nodes[np.newaxis]]) / group.pt_ratio
            return sensed
        if group.at == "generation":
            return state.legs_v[[service_of_site[int(place)] for place in group.places]]
        return state.legs_v[group.places]


def meter_class_pct(emulate: Emulation) -> float:
    """Return the accuracy class of an emulated meter, percent of reading, of voltage and of power."""
    return DEFAULT_CLASS_PCT if emulate.accuracy_pct is None else emulate.accuracy_pct


def make_fleet(
    names: Sequence[str],
    emulate: Emulation,
    range_a: RangeASection,
    seed: int,
    rating_w: float = SERVICE_W,
    clock_s: float = 0.0,
) -> MeterFleet:
    """Make meters with the bench file's class and alert intervals; `clock_s` is what their clocks show at first."""
    share = meter_class_pct(emulate) / 100.0
    limits = AlertLimits(interval_s=range_a.interval_s, recover_s=range_a.recover_s)
    return MeterFleet(
        names,
        accuracy=MeterClass(voltage=share, power=share),
        limits=limits,
        seed=seed,
        rating_w=rating_w,
        clock_s=clock_s,
    )


def clock_at_start_s(environment: EnvironmentSection) -> float:
    """Return what a meter's clock has to show when a scenario begins, seconds since the beginning of the year 2000."""
    days = (environment.date - datetime.date(2000, 1, 1)).days
    return days * 86_400.0 + environment.start_hour * 3600.0


def introduce(groups: Sequence[MeterGroup]) -> None:
    """Tell each single meter whose data it might take for its own: those of one that measures something else."""
    for group, other in zip(groups, [*groups[1:], *groups[:1]], strict=True):
        if len(group.fleet.names) == 1 and other is not group:
            group.fleet.neighbour = (other.fleet, len(other.fleet.names) - 1)


def meter_names(groups: Sequence[MeterGroup], at: Place, count: int) -> tuple[str, ...]:
    """Name the meter at each of `count` places; empty where there is none."""
    names = [""] * count
    for group in groups:
        for name, place in zip(group.fleet.names, group.places, strict=True):
            if group.at == at:
                names[place] = name
    return tuple(names)
