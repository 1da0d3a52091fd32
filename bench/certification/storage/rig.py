"""The rig of a battery: commands with a timer that is refreshed, legs of hours, and what was measured meanwhile."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.certification.criteria import Reading
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig, Sample
from bench.certification.storage.energy import HOUR_S, Throughput, throughput
from bench.certification.storage.figures import CommandFigures, LookFigures
from bench.certification.storage.pace import Pace
from bench.certification.storage.statement import Stated
from instruments.readings import StorageReading
from instruments.roles import StorageFunctions
from reports.verdict import Verdict

PCT = 100.0
HALF_PCT = 50.0
"""A battery with more than so much charge is asked to deliver, to see whether it is in service."""
BEFORE_REVERSION = 0.5
"""Share of the time after which a command ends by itself that passes until it is given again."""
AT_CHARGE_PU, NEAR_CHARGE_PU = 0.005, 0.01
"""A charge that is gone to is reached so near to it; one that is so near is not gone to."""
SETTLING_LOOKS = 10
RESPONSES = 4.0
"""A battery is taken to have settled after so many response times."""
SOON_S = 1e-6
"""Times nearer than this are now, s."""
WALL_LOOK_S = 0.1
"""The analyzer is not asked more often than so in wall time, s."""


@dataclass(frozen=True)
class Look:
    """The analyzer and the battery's own word of its charge, at the same moment."""

    sample: Sample
    told: StorageReading

    @property
    def soc_pu(self) -> float:
        """Told state of charge, per unit."""
        return self.told.soc_pct / PCT


@dataclass(frozen=True)
class Leg:
    """Charging or discharging for hours: its looks, and all samples from just before it on."""

    looks: Sequence[Look]
    samples: Sequence[Sample]
    ended: bool
    """Whether it came to the end that was waited for."""

    def since(self, look: Look) -> Sequence[Sample]:
        """Return the samples from a look on."""
        return [sample for sample in self.samples if sample.time_s >= look.sample.time_s]


@dataclass
class StorageRig:
    """A battery between its source and its commands; powers are per unit of rated VA, energies of that times hours.

    `capacity_pu` is what the battery, by its health, states to store; `charge_pu` and `discharge_pu` are its ratings,
    both > 0.
    Raises what the drivers raise: TransportError, InstrumentError.
    """

    rig: Rig
    storage: StorageFunctions
    capacity_pu: float
    charge_pu: float
    discharge_pu: float
    statement: Stated
    looks: LookFigures
    commands: CommandFigures
    configured_pu: float = math.nan
    """The capacity that the bench file has, NaN where it has none."""
    commanded_s: tuple[float, float] = (0.0, 0.0)
    """When the last command was begun to be given, and when that was done, s: the battery heard it in between."""
    _held_pu: float | None = None
    _refresh_at_s: float = 0.0

    @property
    def judges(self) -> Sequence[str]:
        """The instruments whose word findings are."""
        return self.rig.judges

    def stated(self) -> Mapping[str, Any]:
        """Return what the device states of its ratings."""
        return self.rig.stated()

    def table(self) -> Mapping[str, Any]:
        """Return all samples as a series."""
        return self.rig.table()

    def rated_pu(self, share: float) -> float:
        """Return the power of a share of the rating to discharge, > 0, or to charge, < 0."""
        return share * (self.discharge_pu if share > 0.0 else self.charge_pu)

    def command(self, power_pu: float) -> None:
        """Command a power, which ends by itself if nobody refreshes it."""
        self.rig.clock.catch_up()  # what came before took its time; a response counts from here
        power_w, begun_s = round(power_pu * self.rig.nameplate.va_max_va, 3), self.rig.clock.now_s
        self.storage.set_power_w(power_w, self.commands.reversion_s)
        self.rig.clock.catch_up()
        self.commanded_s = (begun_s, self.rig.clock.now_s)
        self._held_pu = power_pu
        self._refresh_at_s = self.rig.clock.now_s + BEFORE_REVERSION * self.commands.reversion_s

    def rest(self) -> None:
        """End the command: the battery idles."""
        self.storage.release()
        self._held_pu = None

    def hold(self, duration_s: float, every_s: float) -> list[Sample]:
        """Let time pass, look at the analyzer at equal distances, and refresh the command before it ends."""
        taken: list[Sample] = []
        end_s = self.rig.clock.now_s + duration_s
        while (left_s := end_s - self.rig.clock.now_s) > SOON_S:
            until_s = left_s if self._held_pu is None else min(left_s, max(self._refresh_in_s, every_s))
            taken += self.rig.hold(until_s, min(every_s, until_s))
            self._refresh()
        return taken

    @property
    def settle_s(self) -> float:
        """How long the battery is given for a command, s; not less than several of the response times it states."""
        stated_s = self.statement.response_s
        return self.commands.settle_s if math.isnan(stated_s) else max(self.commands.settle_s, RESPONSES * stated_s)

    def settle(self) -> list[Sample]:
        """Let it come to what it was told, and look meanwhile."""
        return self.hold(self.settle_s, self.settle_s / SETTLING_LOOKS)

    def come_into_service(self) -> None:
        """Let it into service, and command power until that is seen; then rest.

        Equipment waits and ramps when its source comes on (IEEE 1547-2018 4.10). One that never delivers what it is
        told is left to the tests: they have the words for it.
        """
        self.storage.enter_service()
        power_pu = self.rated_pu(1.0 if self.storage.read_storage().soc_pct >= HALF_PCT else -1.0)
        self.command(power_pu)
        deadline_s, seen = self.rig.clock.now_s + self.commands.service_s, False
        while not seen and self.rig.clock.now_s < deadline_s:
            looks = self.hold(2.0 * self.looks.wall_s, self.looks.wall_s)
            seen = all(abs(look.p_pu) >= self.commands.delivers_share * abs(power_pu) for look in looks)
        self.rest()
        self.settle()

    def settled(self, power_pu: float) -> list[Sample]:
        """Command a power, and return the looks at what has come of it."""
        self.command(power_pu)
        return self.settle()[-2:]

    def drive(self, power_pu: float, to_pu: float, ended: Callable[[Sequence[Look]], bool]) -> Leg:
        """Command a power until the looks say that it has ended, or patience is over.

        `to_pu` is the charge that it goes to: how near that is says when to look next, and nothing else.
        """
        samples, looks = list(self.rig.hold(1.0, 1.0)), list[Look]()
        self.command(power_pu)
        samples += self.settle()
        pace = Pace(self.looks, self.capacity_pu / abs(power_pu) * HOUR_S, to_pu)
        deadline_s = self.rig.clock.now_s + self.commands.patience * pace.whole_s
        while not ended(looks):
            if self.rig.clock.now_s > deadline_s:
                return Leg(looks, samples, ended=False)
            samples += self.hold(pace.next_s, self.look_s)
            looks.append(self.look(samples[-1]))
            pace.take(looks[-1].sample.time_s, looks[-1].soc_pu)
        return Leg(looks, samples, ended=True)

    def look(self, sample: Sample) -> Look:
        """Ask the battery of its charge, beside what the analyzer said last."""
        return Look(sample, self.storage.read_storage())

    def bring_to(self, soc_pu: float) -> Leg | None:
        """Charge or discharge until the battery tells a charge, and let it rest; None where it tells that already."""
        lacks = soc_pu - self.storage.read_storage().soc_pct / PCT
        if abs(lacks) < NEAR_CHARGE_PU:
            return None
        sign = 1.0 if lacks > 0.0 else -1.0

        def arrived(looks: Sequence[Look]) -> bool:
            return bool(looks) and (soc_pu - looks[-1].soc_pu) * sign <= AT_CHARGE_PU

        leg = self.drive(self.rated_pu(-sign), soc_pu, arrived)
        self.rest()
        self.settle()
        return leg

    def require_at(self, soc_pu: float) -> None:
        """Bring it to a charge; raises NotPassed, NOT_RUN, for a battery that never tells it."""
        leg = self.bring_to(soc_pu)
        if leg is not None and not leg.ended:
            told = leg.looks[-1].soc_pu
            raise NotPassed(f"it tells a charge of {told:.1%} and does not come to {soc_pu:.1%}", Verdict.NOT_RUN)

    def energy(self, samples: Sequence[Sample]) -> Throughput:
        """Integrate what was measured."""
        return throughput(samples, self.rig.instrument.power_pu)

    def of_capacity(self, energy: Reading) -> Reading:
        """Return an energy as a share of the stated capacity."""
        return Reading(energy.value / self.capacity_pu, energy.uncertainty / self.capacity_pu)

    @property
    def is_wall(self) -> bool:
        """Whether time passes by itself."""
        return self.rig.clock.slip is not None

    @property
    def look_s(self) -> float:
        """How often the analyzer is looked at in a leg of hours, s."""
        return self.looks.wall_s if self.is_wall else self.looks.longest_s

    @property
    def _refresh_in_s(self) -> float:
        return self._refresh_at_s - self.rig.clock.now_s

    def _refresh(self) -> None:
        if self._held_pu is not None and self._refresh_in_s <= SOON_S:
            self.command(self._held_pu)
