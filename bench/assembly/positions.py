"""Puts together what watches and tries the controls of a bench: their settings, their apparatus, their drivers."""

from collections.abc import Callable, Mapping
from typing import Any

from bench.actors.scada_console import ScadaConsole
from bench.assembly.control_settings import capacitor_settings, tap_changer_settings
from bench.assembly.places import FeederPlaces
from bench.clock import Clock
from bench.plant.controls import CapacitorBank, TapChanger
from bench.truth.control_trial import ControlTrial, Group
from bench.truth.operations import ControlSettings, OperationWatch, Watched
from bench.truth.proof import PositionProof
from instruments.emulators.capacitor_settings import CapacitorSettings
from instruments.emulators.tap_changer_settings import TapChangerSettings
from instruments.roles import CapacitorBankControl, LoadTapChangerControl

Apparatuses = Mapping[str, TapChanger | CapacitorBank]


def make_positions(apparatus: Apparatuses, places: FeederPlaces, drivers: Mapping[str, Any]) -> PositionProof:
    """Watch every apparatus, and read what its control reports through its driver."""
    watched = {
        name: Watched(moved, _settings(places, name, moved), acts_low=1 if isinstance(moved, TapChanger) else -1)
        for name, moved in apparatus.items()
    }
    reports = {name: _report(moved, drivers[name]) for name, moved in apparatus.items()}
    return PositionProof(OperationWatch(watched), reports)


def make_trial(clock: Clock, apparatus: Apparatuses, places: FeederPlaces, drivers: Mapping[str, Any]) -> ControlTrial:
    """Give an operator's console the controls of a bench, and the trial their apparatus."""
    banks = {name: moved for name, moved in apparatus.items() if isinstance(moved, CapacitorBank)}
    tap_changers = {name: moved for name, moved in apparatus.items() if isinstance(moved, TapChanger)}
    console = ScadaConsole({name: drivers[name] for name in banks}, {name: drivers[name] for name in tap_changers})
    return ControlTrial(
        clock,
        console,
        banks=Group(banks, {name: _settings(places, name, apparatus[name]) for name in banks}),
        tap_changers=Group(tap_changers, {name: _settings(places, name, apparatus[name]) for name in tap_changers}),
    )


def _settings(places: FeederPlaces, name: str, moved: TapChanger | CapacitorBank) -> ControlSettings:
    """Return how the bench has a control set."""
    if isinstance(moved, TapChanger):
        return _of_tap_changer(tap_changer_settings(places, name))
    return _of_bank(capacitor_settings(places, name))


def _of_tap_changer(made: TapChangerSettings) -> ControlSettings:
    half_v = made.bandwidth_v / 2.0
    return ControlSettings(
        lower=made.band_centre_v - half_v,
        upper=made.band_centre_v + half_v,
        delay_s=made.delay_s,
        protects_v=(0.0, made.block_raise_v + made.runback_v),
    )


def _of_bank(made: CapacitorSettings) -> ControlSettings:
    return ControlSettings(
        lower=made.open_below_kvar,
        upper=made.close_above_kvar,
        delay_s=made.open_delay_s,
        protects_v=(made.override_low_v, made.override_high_v),
        discharge_s=made.discharge_s,
    )


def _report(moved: TapChanger | CapacitorBank, driver: Any) -> Callable[[], int]:
    if isinstance(moved, TapChanger):
        tap_changer: LoadTapChangerControl = driver
        return lambda: tap_changer.read_status().tap_position
    bank: CapacitorBankControl = driver
    return lambda: int(bank.read_status().closed)
