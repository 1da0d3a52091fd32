"""The part of the bench file about the feeder: model, services, generation and storage on it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bench.config.section import Name, Section


class PlantSection(Section):
    """A plant of the utility's at a three-phase bus of the primary; `energy_kwh` for what stores energy."""

    kind: Literal["pv", "battery", "generator"]
    bus: str
    rating_kva: Annotated[float, Field(gt=0)]
    energy_kwh: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _stores_if_battery(self) -> "PlantSection":
        if (self.kind == "battery") != (self.energy_kwh > 0):
            raise ValueError("a battery has an `energy_kwh` above 0, and nothing else has one")
        return self


class DerSection(Section):
    """Distributed energy resources in place of a table of sites.

    `pv_kva_per_load_kw` at every n-th service in the order of the deck's loads, beginning with the first, for
    each kW that the load behind it takes nominally; and the utility's plants by name.
    """

    pv_kva_per_load_kw: Annotated[float, Field(ge=0)] = 0.0
    every_nth_service: Annotated[int, Field(ge=1)] = 1
    plants: dict[Name, PlantSection] = Field(default_factory=dict)


class BankControlSection(Section):
    """A VAR control for a bank that the deck never switches: thresholds, kvar of all phases into a line's terminal."""

    line: str
    terminal: Literal[1, 2] = 1
    close_above_kvar: float
    open_below_kvar: float
    close_delay_s: Annotated[float, Field(gt=0)] = 60.0
    open_delay_s: Annotated[float, Field(gt=0)] = 60.0
    dead_time_s: Annotated[float, Field(ge=0)] = 300.0


class FeederSection(Section):
    """The OpenDSS master file, and the generation and storage on it, as a table of sites or described by `der`.

    `customers` is the table of rates, contracts and profiles; nobody can be called for demand response without one.
    `services` adds 120/240 V services to a deck without; `capacitor_controls` gives fixed banks a control, by bank.
    """

    model: Path
    services: bool = False
    sites: Path | None = None
    customers: Path | None = None
    der: DerSection = DerSection()
    capacitor_controls: dict[str, BankControlSection] = Field(default_factory=dict)
