"""The adopt handshake of SunSpec models 705 to 712: a set is written, its number requested, and the result asked for.

Set 1 shows what is in force and is read-only. The shape of the requested set is judged at the request. The first read
after it finds IN_PROGRESS, as on equipment that takes its time; the next one finds COMPLETED, and the set in force, or
FAILED.
"""

from collections.abc import Callable

from instruments.emulators.sunspec_image import ModelImage

IN_PROGRESS, COMPLETED, FAILED = 0, 1, 2


class Adoption:
    """The handshake of one model. `group` names its sets (`Crv`, `Ctl`), `points` its request and its result."""

    def __init__(
        self,
        model: ModelImage,
        group: str,
        points: tuple[str, str],
        sets: int,
        sound: Callable[[str], bool],
        adopted: Callable[[], None],
        completes: Callable[[], bool] = lambda: True,
        keeps_old: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take what judges a set and what is to be done then; and whether it is defective, and ends, or does it."""
        self._keeps_old = keeps_old
        self._model, self._group, self._sets = model, group, sets
        self._request, self._result = points
        self._sound, self._adopted, self._completes = sound, adopted, completes
        self._requested: int | None = None
        self._seen_in_progress = False
        model.set({self._request: 0, self._result: COMPLETED})
        model.locked = self.active

    @property
    def active(self) -> str:
        """Prefix of the set in force."""
        return self.prefix(1)

    def prefix(self, index: int) -> str:
        """Prefix of the points of a set."""
        return f"{self._group}[{index}]."

    def written(self, names: frozenset[str]) -> None:
        """Take note of the points that a client wrote."""
        if self._request in names:
            self._requested = int(self._model.get(self._request))
            self._seen_in_progress = False
            self._model.set({self._result: IN_PROGRESS})

    def before_read(self) -> None:
        """Finish at the second look."""
        if self._requested is not None and self._seen_in_progress:
            self.finish()
        self._seen_in_progress = True

    def finish(self) -> None:
        """Come to an end with a request that is under way."""
        if self._requested is None or not self._completes():
            return
        index, self._requested = self._requested, None
        good = 1 < index <= self._sets and self._sound(self.prefix(index))
        if good and not self._keeps_old():
            self._model.copy_group(self.prefix(index), self.active)
            self._adopted()
        self._model.set({self._result: COMPLETED if good else FAILED})
