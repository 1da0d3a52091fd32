"""The distributed energy resources of a feeder, as the table beside its model lists them."""

import csv
from dataclasses import dataclass
from pathlib import Path

from bench.feeder.model import InjectionSite
from instruments.errors import ConfigError

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
    if not path.is_file():
        raise ConfigError(f"table of sites not found: {path}")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return tuple(_site(row, f"{path}, line {reader.line_num}") for row in reader)


def _site(row: dict[str, str], where: str) -> Site:
    try:
        site = Site(
            name=row["name"],
            kind=_one_of(KINDS, row["kind"]),
            owner=_one_of(OWNERS, row["owner"]),
            bus=row["bus"],
            nodes=tuple(int(node) for node in row["nodes"].split(".")),
            kv=float(row["kv"]),
            rating_kva=float(row["rating_kva"]),
            energy_kwh=float(row["energy_kwh"]),
            service=row["service"],
        )
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f"{where}: {error!r}") from error
    return site


def _one_of(allowed: tuple[str, ...], text: str) -> str:
    if text not in allowed:
        raise ValueError(f"{text!r} is none of {', '.join(allowed)}")
    return text
