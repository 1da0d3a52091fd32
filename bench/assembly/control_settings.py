"""How the bench sets tap-changer and capacitor controls: as the feeder's deck has them."""

from bench.assembly.places import FeederPlaces
from instruments.emulators.capacitor_settings import CapacitorSettings
from instruments.emulators.tap_changer_settings import TapChangerSettings
from instruments.errors import ConfigError


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
