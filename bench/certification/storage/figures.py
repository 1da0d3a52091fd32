"""The figures of the suite for energy storage: shares of its ratings and of its capacity; power > 0 discharges."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from bench.certification.figure import Figure
from bench.certification.figures import FOLDER, Suite, load_file
from bench.config.section import Section
from instruments.errors import ConfigError

FILE = FOLDER / "storage.yaml"
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=-1, le=1)]


class LookFigures(Section):
    """How often the analyzer is looked at, s: at the end of a long leg, where that should have come, at least, at rest.

    In wall time it is looked at as often as `wall_s`.
    """

    shortest_s: Positive
    near_s: Positive
    longest_s: Positive
    resting_s: Positive
    wall_s: Positive


class CommandFigures(Section):
    """How long a command holds by itself, what it is given to settle, and for how long an end is watched, s.

    `service_s`: how long a battery may take until it is in service after its source came on; `delivers_share` of a
    commanded power shows that it is.
    `patience`: how much longer than by its capacity and rating a battery may take until it is full or empty.
    """

    reversion_s: Positive
    settle_s: Positive
    rest_s: Positive
    service_s: Positive
    delivers_share: Annotated[float, Field(gt=0, le=1)]
    patience: Annotated[float, Field(gt=1)]


class StorageAccuracy(Section):
    """What is held within what: powers and vars per unit of rated VA, ratings of themselves."""

    set_point_pu: Figure
    vars_pu: Figure
    nothing_pu: Figure
    rating_pu: Figure


class Watched(Section):
    """For how many response times a step is watched, and how often."""

    times: Annotated[float, Field(gt=1)]
    looks: Annotated[int, Field(ge=20)]


class StepCase(Section):
    """A step of the set-point."""

    name: str
    from_pu: Share
    to_pu: Share


class StepFigures(Section):
    """Steps of the set-point; power has responded when it stays `within_pu` of where it ends."""

    clause: str
    response_s: Figure
    within_pu: Figure
    overshoot_pu: Figure
    watched: Watched
    cases: tuple[StepCase, ...]

    def named(self, name: str) -> StepCase:
        """Return a case; raises ConfigError naming the known ones."""
        for case in self.cases:
            if case.name == name:
                return case
        raise ConfigError(f"clause {self.clause} has no step {name!r}; known: {', '.join(c.name for c in self.cases)}")


class TrackingFigures(Section):
    """A signal by its levels, each held for so many response times."""

    clause: str
    dwell_responses: Annotated[float, Field(gt=1)]
    levels_pu: tuple[Share, ...]


class RampFigures(Section):
    """Ramp rates that are set, whole per cent of rated power a second; the accuracy is of the rate."""

    clause: str
    rates_pct_per_s: tuple[Positive, ...]
    accuracy_pu: Figure


class SymmetryFigures(Section):
    """Levels at which charging is compared with discharging, of which so much has to come at the least."""

    clause: str
    levels_pu: tuple[Positive, ...]
    accuracy_pu: Figure
    least_pu: Figure


class ChargeFigures(Section):
    """Legs of charging (< 0) and discharging by energy, from a charge on, and how true what is told of it has to be."""

    clause: str
    begin_pu: Positive
    legs_pu: tuple[Share, ...]
    accuracy_pu: Figure


class EndFigures(Section):
    """What is told at full and empty, how much energy may flow after that, how soon and how far power resumes."""

    full_clause: str
    empty_clause: str
    told_pu: Figure
    beyond_pu: Figure
    resume_s: Figure
    resume_pu: Figure


class CycleFigures(Section):
    """Efficiency of a full cycle where none is stated, how far it may stay behind a stated one, and its energy."""

    clause: str
    efficiency_pu: Figure
    accuracy_pu: Figure
    energy_pu: Figure


class ReserveFigures(Section):
    """The charge to begin with, the reserve that is set, and how true it has to be kept."""

    clause: str
    begin_pu: Positive
    reserve_pu: Positive
    accuracy_pu: Figure


class QuadrantFigures(Section):
    """Points by shares of the active power that the apparent rating leaves, and of rated vars."""

    clause: str
    points: tuple[tuple[Share, Share], ...]


class StandbyFigures(Section):
    """How long it rests, h, and what it may lose, per cent of capacity a day, with the accuracy of that."""

    clause: str
    rest_h: Positive
    loss_pct_per_day: Figure
    accuracy_pct_per_day: Figure


class StorageFigures(Suite):
    """All figures of the suite."""

    looks: LookFigures
    command: CommandFigures
    accuracy: StorageAccuracy
    step: StepFigures
    tracking: TrackingFigures
    ramp: RampFigures
    symmetry: SymmetryFigures
    charge: ChargeFigures
    ends: EndFigures
    cycle: CycleFigures
    reserve: ReserveFigures
    quadrants: QuadrantFigures
    standby: StandbyFigures


def load_storage_figures(path: Path = FILE) -> StorageFigures:
    """Read the figures; raises ConfigError with every fault of the file."""
    return load_file(StorageFigures, path)
