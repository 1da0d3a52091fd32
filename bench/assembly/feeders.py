"""The feeder of a bench file, and the distributed energy resources that it describes instead of listing them."""

from collections.abc import Iterator

from bench.config import DerSection, FeederSection, PlantSection
from bench.feeder.engine import SERVICE_KV, Feeder
from bench.feeder.model import VarControlSettings
from bench.feeder.sites import Site
from instruments.errors import ConfigError

PHASES = (1, 2, 3)


def open_feeder(section: FeederSection) -> Feeder:
    """Open the deck with what the bench file adds to it.

    Raises ConfigError for a deck that cannot be used or that has no place for what is added.
    """
    controls = {bank: VarControlSettings(**c.model_dump()) for bank, c in section.capacitor_controls.items()}
    return Feeder.open(section.model, with_services=section.services, bank_controls=controls)


def described_sites(der: DerSection, feeder: Feeder) -> tuple[Site, ...]:
    """Return the sites that a bench file describes: the utility's plants, then customers' PV behind their meters.

    Raises ConfigError for a plant at a bus without three phases.
    """
    plants = (_plant(name, plant, feeder) for name, plant in der.plants.items())
    return (*plants, *_roofs(der, feeder))


def _plant(name: str, plant: PlantSection, feeder: Feeder) -> Site:
    try:
        kv = feeder.base_kv(plant.bus, PHASES)
    except ConfigError as error:
        raise ConfigError(f"feeder.der.plants.{name}: {error}") from None
    return Site(name, plant.kind, "utility", plant.bus.lower(), PHASES, kv, plant.rating_kva, plant.energy_kwh, "")


def _roofs(der: DerSection, feeder: Feeder) -> Iterator[Site]:
    """Yield customers' PV behind their meters, rated by the load that they have."""
    if not der.pv_kva_per_load_kw:
        return
    load_kw = dict(zip((load.name for load in feeder.loads), feeder.nominal_kw.tolist(), strict=True))
    for service in feeder.services[:: der.every_nth_service]:
        rating_kva = der.pv_kva_per_load_kw * load_kw[service.load]
        if rating_kva > 0:
            name = f"pv_{service.name}"
            yield Site(name, "pv", "customer", service.bus, service.nodes, SERVICE_KV, rating_kva, 0.0, service.name)
