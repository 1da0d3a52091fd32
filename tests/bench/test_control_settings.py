"""A real control is judged by the settings of the feeder's deck: one that is set otherwise is refused."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from bench.assembly.control_settings import capacitor_settings, require_settings, tap_changer_settings
from bench.assembly.feeders import open_feeder
from bench.assembly.places import FeederPlaces
from bench.config import BenchFile, load_bench
from bench.feeder.sites import load_sites
from instruments.errors import ConfigError
from tests.playing import ROOT

BENCH = load_bench(ROOT / "fixtures" / "benches" / "equipment.yaml")


@pytest.fixture(scope="module")
def places() -> Any:
    sites = BENCH.feeder.sites
    assert sites is not None
    with open_feeder(BENCH.feeder) as feeder:
        yield FeederPlaces(BENCH, feeder, load_sites(sites))


def control(**settings: float) -> Any:
    """A control that shows these settings and no others."""
    points = SimpleNamespace(read_numbers=lambda *names: tuple(settings.get(name, math.nan) for name in names))
    return SimpleNamespace(points=points)


def drivers(places: FeederPlaces, **changes: dict[str, float]) -> dict[str, Any]:
    """Controls that are set as the deck has it, but for the changes."""
    ltc = tap_changer_settings(places, "ltc")
    found = {"ltc": {"band_centre": ltc.band_centre_v, "bandwidth": ltc.bandwidth_v, "delay": ltc.delay_s}}
    for name in ("capacitor_1", "capacitor_2", "capacitor_3"):
        bank = capacitor_settings(places, name)
        found[name] = {"close_above_reactive_power": bank.close_above_kvar, "open_delay": bank.open_delay_s}
    return {name: control(**settings | changes.get(name, {})) for name, settings in found.items()}


def test_controls_that_are_set_as_the_deck_has_them_are_taken(places: FeederPlaces) -> None:
    require_settings(BENCH, places, drivers(places, ltc={"band_centre": 123.04}))


def test_all_that_are_set_otherwise_are_named(places: FeederPlaces) -> None:
    with pytest.raises(ConfigError) as caught:
        require_settings(BENCH, places, drivers(places, ltc={"band_centre": 120.0}, capacitor_2={"open_delay": 5.0}))
    assert "ltc: band_centre is 120, not 123" in str(caught.value)
    assert "capacitor_2: open_delay is 5, not" in str(caught.value)
    assert "capacitor_1" not in str(caught.value)


def test_an_emulated_control_is_set_by_the_bench_itself(places: FeederPlaces) -> None:
    emulated = {n: d.model_copy(update={"emulate": object()}) for n, d in BENCH.devices.items()}
    bench: BenchFile = BENCH.model_copy(update={"devices": emulated})
    require_settings(bench, places, {})
