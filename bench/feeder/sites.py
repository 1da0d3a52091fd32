"""The distributed energy resources of a feeder, as the table beside its model lists them."""

import math
from dataclasses import dataclass
from pathlib import Path

from bench.feeder.model import InjectionSite
from bench.tables import TableRow, table_rows
from instruments.errors import ConfigError

COLUMNS = ("name", "kind", "owner", "bus", "nodes", "kv", "rating_kva", "energy_kwh", "service")
KINDS = ("pv", "battery", "generator")
OWNERS = ("utility", "customer")


@dataclass(frozen=True)
class Site:
    """One resource: `service` names the metered service that it is behind, empty where it has its own.

    `kv` as in `InjectionSite`; `energy_kwh` is zero for what stores nothing.
    """

    name: str
    kind: str
    owner: str
    bus: str
    nodes: tuple[int, ...]
    kv: float
    rating_kva: float
    energy_kwh: float
    service: str

    @property
    def injection(self) -> InjectionSite:
        """Where the resource puts its power into the feeder."""
        return InjectionSite(self.name, self.bus, self.nodes, self.kv)


def load_sites(path: Path) -> tuple[Site, ...]:
    """Read a sites table.

    Raises:
        ConfigError: the file is missing, or a row cannot be read; the text names file and line.
    """
    sites: dict[str, Site] = {}
    for where, row in table_rows(path, "table of sites", COLUMNS):
        site = _site(row, where)
        if site.name in sites:
            raise ConfigError(f"{where}: there is a site {site.name!r} already")
        sites[site.name] = site
    return tuple(sites.values())


def _site(row: TableRow, where: str) -> Site:
    try:
        return Site(
            name=row["name"],
            kind=_one_of(KINDS, row["kind"]),
            owner=_one_of(OWNERS, row["owner"]),
            bus=row["bus"],
            nodes=tuple(int(node) for node in row["nodes"].split(".")),
            kv=_positive(row["kv"], "voltage"),
            rating_kva=_positive(row["rating_kva"], "rating"),
            energy_kwh=_not_negative(row["energy_kwh"]),
            service=row["service"],
        )
    except ValueError as error:
        raise ConfigError(f"{where}: {error!r}") from error


def _one_of(allowed: tuple[str, ...], text: str) -> str:
    if text not in allowed:
        raise ValueError(f"{text!r} is none of {', '.join(allowed)}")
    return text


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0.0 <= value < math.inf:
        raise ValueError(f"the energy must not be {text}")
    return value


def _positive(text: str, what: str) -> float:
    value = float(text)
    if not 0.0 < value < math.inf:
        raise ValueError(f"the {what} must be positive, not {text}")
    return value
