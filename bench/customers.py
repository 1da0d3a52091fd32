"""A feeder's customers as the utility's records and their own home controllers know them, from the table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.tables import TableRow, table_rows
from instruments.errors import ConfigError

COLUMNS = ("service", "rate", "programme", "contracted_kw", "profile")

DEMAND_RESPONSE = "demand_response"
"""The programme whose members may be called."""

PROFILES = {"": 0.0, "comfort": 0.5, "economy": 0.75}
"""Share of its load that a premise sheds upon a call, per unit, by the profile that its customer has chosen."""


@dataclass(frozen=True)
class Customer:
    """A customer at a metered service; `contracted_kw` is what the contract offers to shed on a hot day."""

    service: str
    rate: str
    programme: str
    contracted_kw: float
    profile: str

    @property
    def is_enrolled(self) -> bool:
        """Whether the customer may be called for demand response."""
        return self.programme == DEMAND_RESPONSE

    @property
    def shed_share(self) -> float:
        """Share of the load that the profile gives up upon a call, per unit."""
        return PROFILES[self.profile]


@dataclass(frozen=True)
class Premise:
    """A customer's premise: its number among the feeder's services, its meters and the customer's records."""

    name: str
    service: int
    net_meter: str
    credit_meter: str | None
    customer: Customer


class HasName(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """The name."""
        ...


def premise_names(services: Sequence[HasName]) -> list[str]:
    """Name the premise behind each service."""
    return [f"premise_{service.name}" for service in services]


def load_customers(path: Path) -> tuple[Customer, ...]:
    """Read a table of customers.

    Raises ConfigError when the file is missing or a row cannot be read; the text names file and line.
    """
    customers: dict[str, Customer] = {}
    for where, row in table_rows(path, "table of customers", COLUMNS):
        customer = _customer(row, where)
        if customer.service in customers:
            raise ConfigError(f"{where}: service {customer.service!r} has a customer already")
        customers[customer.service] = customer
    return tuple(customers.values())


def _customer(row: TableRow, where: str) -> Customer:
    try:
        customer = Customer(
            service=row["service"].lower(),
            rate=row["rate"],
            programme=row["programme"],
            contracted_kw=float(row["contracted_kw"]),
            profile=row["profile"],
        )
    except ValueError as error:
        raise ConfigError(f"{where}: {error!r}") from error
    if customer.profile not in PROFILES:
        raise ConfigError(f"{where}: {customer.profile!r} is none of the profiles {', '.join(filter(None, PROFILES))}")
    if customer.programme not in {"", DEMAND_RESPONSE}:
        raise ConfigError(f"{where}: {customer.programme!r} is no programme; known: {DEMAND_RESPONSE}")
    if not 0.0 <= customer.contracted_kw < float("inf"):
        raise ConfigError(f"{where}: a contract over {customer.contracted_kw} kW")
    return customer
