"""Holds what controls sense against what their sources were told and measure themselves."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bench.accuracy import limits_of_error
from bench.assembly.apparatus import Apparatus
from bench.assembly.places import FeederPlaces
from bench.config import BenchFile
from bench.plant.contacts import SourcedSensing
from bench.plant.controls import TapChanger
from bench.truth.cross_check_controls import measured, reported, told
from bench.truth.cross_check_site import SiteCheck
from instruments.readings import SecondaryReading

RATED_VA = 120.0 * 5.0
"""Of the secondaries of a PT and a CT."""


def make_control_checks(
    config: BenchFile,
    places: FeederPlaces,
    drivers: Mapping[str, Any],
    apparatus: Mapping[str, Apparatus],
    every_s: float,
) -> list[SiteCheck]:
    """Check every control behind a sensing source."""
    return [
        _check(config, places, drivers[name], name, moved, moved.sensing, every_s)
        for name, moved in apparatus.items()
        if isinstance(moved.sensing, SourcedSensing)
    ]


def _check(
    config: BenchFile,
    places: FeederPlaces,
    driver: Any,
    name: str,
    moved: Apparatus,
    sensing: SourcedSensing,
    every_s: float,
) -> SiteCheck:
    limits = limits_of_error(config.devices[sensing.name])
    voices = [
        told(sensing, limits),
        measured(sensing, limits),
        reported(name, _reader(places, driver, name, moved)),
    ]
    terminal = next(t for t, section in config.terminals.items() if section.device == name)
    return SiteCheck(terminal, RATED_VA, voices, lambda: (sensing.told.p_w, sensing.told.q_var), every_s)


def _reader(places: FeederPlaces, driver: Any, name: str, moved: Apparatus) -> Callable[[], SecondaryReading]:
    """Return what reads the control; a bank's shows the reactive power of all phases on the primary side."""
    if isinstance(moved, TapChanger):
        read: Callable[[], SecondaryReading] = driver.read_sensed
        return read
    ratios = places.bank_sensing(name)
    phases = len(places.capacitor(name).nodes)
    return partial(driver.read_sensed, phases * ratios.pt_ratio * ratios.ct_ratio / 1000.0)
