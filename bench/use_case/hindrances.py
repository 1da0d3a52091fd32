"""What links did to the messages of a row: why one is missing, or came out of its order."""

from collections.abc import Iterable, Iterator

from bench.clock import Clock
from bench.link_log import LinkLog
from bench.use_case.asking import Judge
from bench.use_case.model import Row


class Hindrances:
    """Asks the record of the links for whoever misses a message; texts are to be appended to a reason."""

    def __init__(self, links: LinkLog, judge: Judge, clock: Clock) -> None:
        self._links, self._judge, self._clock = links, judge, clock

    def of(self, row: Row, name: str) -> str:
        """Say what a link has done to the message of an instance, or to the way to its device; empty for nothing."""
        found = next(self._done_to(row, name), "") or self.unreached(name)
        if not (found or name):
            found = self._links.cut_off_from(row.producer, self._clock.now_s)
        return f"; {found}" if found else ""

    def of_any(self, rows: Iterable[Row]) -> str:
        """Say what links have done to messages of any instance of these rows; empty for nothing."""
        found = {what for row in rows for what in self._done_to(row)}
        return "; ".join(["", *sorted(found)])

    def unreached(self, text: str) -> str:
        """Say which of the devices that a text names was lately out of reach; empty for none."""
        return self._links.cut_off(text, self._clock.now_s)

    def _done_to(self, row: Row, name: str | None = None) -> Iterator[str]:
        for letter, what in self._links.missing():
            ends = (letter.producer.value, letter.receiver.value, letter.information.value)
            if ends != (row.producer, row.receiver, row.information) or not self._judge.selects(row, letter.payload):
                continue
            if name is None or self._judge.instance(row, letter.payload) == name:
                yield what
