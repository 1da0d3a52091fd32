"""All cross-checks of a scenario together: they are always on, and cost what single looks cost and not each step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.measurement import Measurement
from bench.plant.plant import PlantState
from bench.truth.cross_check_energy import EnergyCheck
from bench.truth.cross_check_meters import MeterCheck
from bench.truth.cross_check_site import SiteCheck
from reports.verdict import Verdict


@dataclass(frozen=True)
class Behind:
    """What is measured through a terminal: what its meter has counted, and what a battery has stored by a time."""

    counted: Sequence[EnergyCheck] = ()
    stored: Sequence[Callable[[float], Measurement]] = ()


class CrossChecks:
    """Follows the plant, and measures at the end of a scenario, however it went."""

    def __init__(self, sites: Mapping[SiteCheck, Behind], meters: MeterCheck) -> None:
        self._sites, self._meters = sites, meters

    def take(self, state: PlantState) -> None:
        """Take a step of the plant; one that did not solve is none. Raises what instruments raise."""
        if not state.snapshot.good:
            return
        for site, behind in self._sites.items():
            site.take(state.time_s)
            for check in behind.counted:
                check.take()

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure all; instruments first, for what is measured through a wrong one says nothing about equipment."""
        found: list[Measurement] = []
        through: list[Measurement] = []
        for site, behind in self._sites.items():
            agreed = site.measure(now_s)
            own = [m for check in behind.counted for m in check.measure(now_s)]
            own += [measure(now_s) for measure in behind.stored]
            found += map(_in_doubt, agreed) if site.is_broken else agreed
            through += map(_in_doubt, own) if site.is_broken else own
        return [*found, *through, *self._meters.measure(now_s)]


def _in_doubt(measurement: Measurement) -> Measurement:
    """Let what rests on a wrong instrument blame nobody else."""
    return replace(measurement, outside=Verdict.INCONCLUSIVE) if measurement.outside is Verdict.FAIL else measurement
