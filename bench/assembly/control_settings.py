"""How the bench sets tap-changer and capacitor controls: as the feeder's deck has them."""

from collections.abc import Mapping
from typing import Any

from bench.assembly.places import FeederPlaces
from bench.config import BenchFile
from instruments.emulators.capacitor_settings import CapacitorSettings
from instruments.emulators.tap_changer_settings import TapChangerSettings
from instruments.errors import ConfigError

SETTING_STEP = 0.1
"""What registers of settings resolve at worst, in V, s or kvar."""


def require_settings(config: BenchFile, places: FeederPlaces, drivers: Mapping[str, Any]) -> None:
    """Compare what real controls are set to, as far as their maps show it, with what the bench judges them by.

    Raises ConfigError naming all that differ, InstrumentError and TransportError.
    """
    wrong: list[str] = []
    for name, device in config.devices.items():
        if device.emulate is None and device.role in _WANTED:
            wanted = _WANTED[device.role](places, name)
            found = drivers[name].points.read_numbers(*wanted)
            wrong += [
                f"{name}: {setting} is {value:g}, not {wanted[setting]:g}"
                for setting, value in zip(wanted, found, strict=True)
                if abs(value - wanted[setting]) > SETTING_STEP
            ]
    if wrong:
        raise ConfigError(f"controls are not set as the feeder's deck has them: {'; '.join(wrong)}")


def _of_tap_changer(places: FeederPlaces, name: str) -> dict[str, float]:
    settings = tap_changer_settings(places, name)
    return {"band_centre": settings.band_centre_v, "bandwidth": settings.bandwidth_v, "delay": settings.delay_s}


def _of_bank(places: FeederPlaces, name: str) -> dict[str, float]:
    settings = capacitor_settings(places, name)
    return {
        "close_above_reactive_power": settings.close_above_kvar,
        "open_below_reactive_power": settings.open_below_kvar,
        "close_delay": settings.close_delay_s,
        "open_delay": settings.open_delay_s,
    }


_WANTED = {"load_tap_changer": _of_tap_changer, "capacitor_bank": _of_bank}


def tap_changer_settings(places: FeederPlaces, name: str) -> TapChangerSettings:
    """Return the settings of a tap changer's control, those of the deck's own where it has one."""
    info = places.tap_changer(name)
    deck = info.settings
    return TapChangerSettings(
        band_centre_v=deck.set_point_v if deck else 120.0,
        bandwidth_v=deck.band_v if deck else 2.0,
        delay_s=deck.delay_s if deck else 30.0,
        ldc_r_v=deck.ldc_r_v if deck else 0.0,
        ldc_x_v=deck.ldc_x_v if deck else 0.0,
        lowest_tap=info.min_position,
        highest_tap=info.max_position,
    )


def capacitor_settings(places: FeederPlaces, name: str) -> CapacitorSettings:
    """Return the settings of a bank's control; raises ConfigError for a bank that nothing gives a VAR control."""
    bank, sensing = places.capacitor(name), places.bank_sensing(name)
    deck = bank.settings
    if deck is None:
        raise ConfigError(
            f"devices.{name}: its bank has no VAR control to take settings from: "
            "neither the deck nor `feeder.capacitor_controls` gives it one"
        )
    return CapacitorSettings(
        close_above_kvar=deck.close_above_kvar,
        open_below_kvar=deck.open_below_kvar,
        close_delay_s=deck.close_delay_s,
        open_delay_s=deck.open_delay_s,
        discharge_s=deck.dead_time_s,
        pt_ratio=sensing.pt_ratio,
        ct_ratio=sensing.ct_ratio,
        phases=len(bank.nodes),
    )
