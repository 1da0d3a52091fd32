"""Binds what the isolation of a customer's inverter is tried on, and measured with."""

from collections.abc import Mapping
from typing import Any

from bench.assembly.emulated_meters import meter_class_pct
from bench.assembly.places import FeederPlaces
from bench.config import BenchFile
from bench.plant.terminals import Terminal
from bench.truth.isolation_trial import Unit


def make_isolation_units(
    config: BenchFile,
    places: FeederPlaces,
    drivers: Mapping[str, Any],
    customer_interfaces: Mapping[str, Any],
    terminals: Mapping[str, Terminal],
) -> dict[str, Unit]:
    """Bind each inverter that the customer's own system reaches too to what measures it from outside."""
    meters, storage = places.der_credit_meters(), {i: b for b, i in config.behind_inverter.items()}
    units = {}
    for name, customer in customer_interfaces.items():
        site = places.site(name)
        meter = meters.get(storage.get(name, name))
        credit_meter = None if meter is None else (meter, drivers[meter])
        reading, class_pct = terminals[site.name].reading, _class_pct(config, meter)
        units[name] = Unit(drivers[name], customer, site.rating_kva, reading, credit_meter, class_pct)
    return units


def _class_pct(config: BenchFile, meter: str | None) -> float:
    emulate = config.devices[meter].emulate if meter is not None else None
    return meter_class_pct(emulate) if emulate is not None else 0.0
