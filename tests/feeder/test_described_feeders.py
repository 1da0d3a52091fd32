"""What a bench file adds to a public deck: plants, roofs, and controls for banks that the deck leaves as they are."""

from pathlib import Path

import pytest

from bench.assembly.feeders import described_sites, open_feeder
from bench.config import BankControlSection, DerSection, FeederSection, PlantSection
from instruments.errors import ConfigError

BATTERY = PlantSection(kind="battery", bus="671", rating_kva=500.0, energy_kwh=1000.0)
CONTROL = BankControlSection(line="684611", close_above_kvar=400.0, open_below_kvar=20.0)


def section(decks: Path, **described: object) -> FeederSection:
    return FeederSection.model_validate({"model": decks / "13Bus" / "IEEE13Nodeckt.dss", "services": True, **described})


def test_roofs_are_rated_by_the_load_behind_their_meter(decks: Path) -> None:
    with open_feeder(section(decks)) as feeder:
        sites = described_sites(DerSection(pv_kva_per_load_kw=1.5, every_nth_service=2), feeder)
        load_kw = dict(zip((load.name for load in feeder.loads), feeder.nominal_kw, strict=True))
        assert [site.service for site in sites] == [service.name for service in feeder.services[::2]]
        assert [site.rating_kva for site in sites] == [1.5 * load_kw[site.service] for site in sites]


def test_a_plant_is_the_utilitys_and_on_the_primary(decks: Path) -> None:
    with open_feeder(section(decks)) as feeder:
        (site,) = described_sites(DerSection(plants={"storage": BATTERY}), feeder)
        assert (site.name, site.owner, site.nodes, site.energy_kwh) == ("storage", "utility", (1, 2, 3), 1000.0)
        assert site.kv == pytest.approx(4.16)


@pytest.mark.parametrize("bus", ["nowhere", "611"])
def test_a_plant_needs_a_bus_with_three_phases(decks: Path, bus: str) -> None:
    with open_feeder(section(decks)) as feeder, pytest.raises(ConfigError, match=r"plants\.storage: .*no node"):
        described_sites(DerSection(plants={"storage": BATTERY.model_copy(update={"bus": bus})}), feeder)


def test_a_bank_that_gets_a_control_follows_it(decks: Path) -> None:
    with open_feeder(section(decks, capacitor_controls={"cap2": CONTROL})) as feeder:
        (settings,) = [info.settings for info in feeder.capacitors if info.name == "cap2"]
        assert settings is not None
        assert (settings.line, settings.close_above_kvar, settings.open_below_kvar) == ("684611", 400.0, 20.0)
        feeder.solve(0.0)
        feeder.settle_deck_controls()
        assert not feeder.capacitor_states["cap2"], "its line carries less than it opens below"


@pytest.mark.parametrize(
    ("controls", "told"),
    [
        ({"cap9": CONTROL}, "no capacitor bank 'cap9'; nearest: cap"),
        ({"cap2": CONTROL.model_copy(update={"line": "68461"})}, "no line '68461'; nearest: 6"),
    ],
)
def test_a_control_for_what_there_is_not_is_refused(
    decks: Path, controls: dict[str, BankControlSection], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        open_feeder(section(decks).model_copy(update={"capacitor_controls": controls}))


def test_a_bank_that_the_deck_controls_keeps_its_control(decks: Path) -> None:
    master = decks / "8500-Node" / "Master.dss"
    controls = {"capbank0a": CONTROL.model_copy(update={"line": "cap_3a"})}
    with pytest.raises(ConfigError, match="capbank0a: the deck has a control for it already"):
        open_feeder(FeederSection(model=master, capacitor_controls=controls))


@pytest.mark.parametrize(("kind", "energy_kwh"), [("battery", 0.0), ("pv", 10.0)])
def test_only_batteries_store(kind: str, energy_kwh: float) -> None:
    with pytest.raises(ValueError, match="a battery has an `energy_kwh` above 0"):
        PlantSection.model_validate({"kind": kind, "bus": "671", "rating_kva": 10.0, "energy_kwh": energy_kwh})
