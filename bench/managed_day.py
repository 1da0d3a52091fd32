"""A cloudy day twice: managed, and with autonomous controls only, under the same clouds on the same bench."""

from dataclasses import dataclass
from pathlib import Path

from bench.assembly.bench import BenchAssembly
from bench.config import BenchFile
from bench.feeder.profiles import Clouded
from bench.plant.weather import draw_fronts
from bench.truth.operating_figures import OperatingFigures
from bench.use_case.tables import load as load_use_case
from instruments.errors import BenchError, ConfigError
from reports.run_directory import RunWriter


@dataclass(frozen=True)
class Day:
    """A day's figures, managed and autonomous."""

    seed: int
    fronts: int
    managed: OperatingFigures
    autonomous: OperatingFigures

    @property
    def managed_is_better(self) -> bool:
        """Whether management shortened the time outside Range A, in both counts, and took no more operations for it."""
        one, other = self.managed, self.autonomous
        shorter = one.violation_min < other.violation_min and one.violation_meter_min < other.violation_meter_min
        return shorter and one.total_operations <= other.total_operations


def play_day(bench: BenchFile, seed: int, hours: float, folder: Path) -> Day:
    """Play a day of `hours` from the bench file's start hour, and record it below a new `folder`.

    Raises ConfigError for a bench file that has no clouds or no review in it, BenchError when a device could not be
    proven safe at the end.
    """
    clouds = bench.environment.clouds
    if clouds is None or bench.actors.der_automation.review is None:
        raise ConfigError("a managed day needs environment.clouds and actors.der_automation.review in the bench file")
    fronts = draw_fronts(clouds, seed, hours * 3600.0)
    figures = []
    with RunWriter.create(folder) as writer:
        for name in ("managed", "autonomous"):
            assembly = BenchAssembly(bench, load_use_case(), writer, f"{name} day {seed}", seed)
            try:
                sky = Clouded(assembly.weather.sky, fronts)
                run = assembly.run_managed if name == "managed" else assembly.run_alone
                run(sky, hours * 3600.0)
            finally:
                unsafe = assembly.close()
            if unsafe:
                raise BenchError(f"could not be proven safe: {unsafe}")
            figures.append(assembly.operating.figures())
    return Day(seed, len(fronts), *figures)
