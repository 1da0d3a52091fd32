"""When to look next at a battery that charges or discharges for hours: the sooner the nearer its end is."""

from bench.certification.storage.figures import LookFigures

SHARE = 0.1
"""Of the time to the end, and of the time since, that passes until the next look."""
THERE_PU = 1e-3
"""A charge that is told so near to the end is there."""


class Pace:
    """The pace of one leg at a power that moves all of the capacity in `whole_s`, to the charge `to_pu`.

    The battery tells how near that is. One that tells nothing of use is looked at often enough from the time on at
    which it should be there, by its power.
    """

    def __init__(self, looks: LookFigures, whole_s: float, to_pu: float) -> None:
        self.whole_s = whole_s
        self._looks, self._to_pu = looks, to_pu
        self.next_s = looks.shortest_s
        """How long until the next look, s."""
        self._due_s: float | None = None
        self._there_s: float | None = None

    def take(self, time_s: float, told_pu: float) -> None:
        """Take what the battery told at a look."""
        left_s = abs(self._to_pu - told_pu) * self.whole_s
        if self._due_s is None:
            self._due_s = time_s + left_s
        if self._there_s is None and left_s <= THERE_PU * self.whole_s:
            self._there_s = time_s
        since_s = 0.0 if self._there_s is None else time_s - self._there_s
        told_s = SHARE * max(left_s, since_s)
        soon_s = max(SHARE * (self._due_s - time_s), self._looks.near_s, SHARE * since_s)
        self.next_s = min(max(told_s, self._looks.shortest_s), soon_s, self._looks.longest_s)
