"""What goes wrong on a link while one of its faults is in force; without one nothing is drawn by chance."""

import random

from instruments.emulators.faults import FaultSet


class LinkFaults:
    """The faults of one link. Times are seconds of the scenario; chance comes from the seed alone."""

    def __init__(self, faults: FaultSet, seed: int = 0) -> None:
        self._faults = faults
        self._random = random.Random(seed)  # noqa: S311 - a reproducible channel, not a secret

    def loses(self, time_s: float) -> bool:
        """Whether a frame that is sent now does not get through."""
        if self._faults.active("partition", time_s):
            return True
        loss = self._faults.active("loss", time_s)
        return loss is not None and self._chance(loss.value)

    def held_s(self, time_s: float) -> float:
        """Return how much longer than usual a frame is on its way, s."""
        delay, reordering = self._faults.active("delay", time_s), self._faults.active("reordering", time_s)
        held_s = delay.value if delay else 0.0
        return held_s + (reordering.value if reordering and self._chance(_DETOUR) else 0.0)

    def repeats(self, time_s: float) -> bool:
        """Whether the sender misses the acknowledgement of a frame, and so sends it again."""
        duplication = self._faults.active("duplication", time_s)
        return duplication is not None and self._chance(duplication.value)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability


class OfWritten(LinkFaults):
    """What goes wrong with messages about what was written over the link already: they can come late, but not fail."""

    def loses(self, time_s: float) -> bool:  # noqa: ARG002
        """Lose nothing: the exchange behind the message got through, or there would be no message."""
        return False


_DETOUR = 0.5
"""Share of the frames that take the longer way while frames are reordered."""
