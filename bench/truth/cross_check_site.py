"""Looks at all sources of one terminal at once: at moments of their own, whenever power has moved, and at the end."""

import math
from collections.abc import Callable, Sequence

from bench.measurement import Measurement
from bench.truth.cross_check import AGREEMENT_CLAUSE, Claim, Finding, weigh
from bench.truth.cross_check_voices import ACTIVE, REACTIVE, Said, Voice, unit_of
from instruments.errors import InstrumentError, TransportError, blaming
from reports.verdict import Verdict

MOVED_SHARE, STEADY_SHARE = 0.05, 0.002
"""Of the rating: what power has to move by for a look that is not due yet, and in a step once it has come to rest."""
DEAF_LOOKS = 10
"""How many looks go on without a device that did not answer: each of them would wait for its time-out."""

Power = Callable[[], tuple[float, float] | None]


class SiteCheck:
    """Holds the sources of one terminal against each other; a disagreement counts when a second look confirms it.

    `power` is the power that the plant goes on with, kW and kvar; `every_s` is how often a look is due whatever moves;
    `strays` whether what is known at each step without asking anybody already looks wrong.
    """

    def __init__(
        self,
        site: str,
        rating_kva: float,
        voices: Sequence[Voice],
        power: Power,
        every_s: float,
        strays: Callable[[], bool] = lambda: False,
    ) -> None:
        self.site = site
        self._rating_kva, self._voices, self._power, self._every_s = rating_kva, voices, power, every_s
        self._strays = strays
        self._latest = self._seen = (math.nan, math.nan)
        self._seen_s = -math.inf
        self._skew = 0.0
        self._worst: dict[str, tuple[float, Finding]] = {}
        self._doubted: dict[str, Finding] = {}
        self._heard: set[str] = set()
        self._deaf: dict[str, int] = {}

    @property
    def is_broken(self) -> bool:
        """Whether an instrument here has been found wrong, so that nothing that rests on it can be told."""
        return any(finding.verdict is Verdict.ERROR for _, finding in self._worst.values())

    def take(self, time_s: float) -> None:
        """Take a step of the plant, and look where that is due; raises what instruments raise."""
        power = self._power()
        if power is None:
            return
        moved = math.hypot(power[0] - self._latest[0], power[1] - self._latest[1])
        self._latest, self._skew = power, 0.0 if math.isnan(moved) else moved
        if self._is_due(time_s, power):
            self._look(time_s)

    def measure(self, now_s: float) -> list[Measurement]:
        """Look a last time, and measure the worst disagreement in each quantity; not measured is who never answered."""
        if not math.isnan(self._latest[0]):
            self._look(now_s)
            if self._doubted:
                self._look(now_s)
        found = [
            finding.measurement(f"{quantity} at {self.site}", unit_of(quantity), time_s)
            for quantity, (time_s, finding) in self._worst.items()
        ]
        return [*found, *(self._unheard(v.name, now_s) for v in self._voices if v.name not in self._heard)]

    def _is_due(self, time_s: float, power: tuple[float, float]) -> bool:
        if self._doubted or time_s >= self._seen_s + self._every_s:
            return True
        moved = math.hypot(power[0] - self._seen[0], power[1] - self._seen[1])
        at_rest = self._skew <= STEADY_SHARE * self._rating_kva
        return (moved > MOVED_SHARE * self._rating_kva and at_rest) or (self._strays() and not self.is_broken)

    def _look(self, time_s: float) -> None:
        """Ask everyone.

        Sources are not asked at one instant: what power has moved by since the step before is allowed for.
        """
        self._seen_s, self._seen = time_s, self._latest
        said = [(voice, self._ask(voice)) for voice in self._voices]
        for quantity in dict.fromkeys(quantity for _, one in said for quantity in one):
            skew = self._skew if quantity in {ACTIVE, REACTIVE} else 0.0
            claims = [_claim(voice, *one[quantity], skew) for voice, one in said if quantity in one]
            finding = weigh([claim for claim in claims if math.isfinite(claim.value)])
            if finding is not None:
                self._note(quantity, finding, time_s)

    def _ask(self, voice: Voice) -> Said:
        if self._deaf.get(voice.name, 0) > 0:
            self._deaf[voice.name] -= 1
            return {}
        try:
            with blaming(voice.name):
                said = voice.say()
        except (TransportError, InstrumentError):
            if voice.if_wrong is Verdict.ERROR:
                raise
            self._deaf[voice.name] = DEAF_LOOKS
            return {}
        if said and math.isfinite(said.get(ACTIVE, (0.0, 0.0))[0]):
            self._heard.add(voice.name)
        return said

    def _note(self, quantity: str, finding: Finding, time_s: float) -> None:
        before = self._doubted.pop(quantity, None)
        if finding.suspects and not (before and set(before.suspects) & set(finding.suspects)):
            self._doubted[quantity] = finding
            return
        if quantity not in self._worst or finding.badness > self._worst[quantity][1].badness:
            self._worst[quantity] = time_s, finding

    def _unheard(self, name: str, now_s: float) -> Measurement:
        quantity = f"what {name} says at {self.site}"
        return Measurement(quantity, None, "", 0.0, now_s, name, clause=AGREEMENT_CLAUSE)


def _claim(voice: Voice, value: float, bound: float, skew: float) -> Claim:
    return Claim(voice.name, value, bound + skew, voice.if_wrong, voice.reference)
