"""A broker in memory, and a system behind it that takes turns with the bench, so that both live in virtual time."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from queue import SimpleQueue
from threading import Thread
from typing import Any

from bench.bus import Bus
from bench.outside.protocol import FROM_BENCH
from bench.outside.stand_in import StandIn
from instruments.transports.mqtt import Heard
from instruments.wire import WireExchange, WireObserver, unobserved

TOPIC = "derbench/dms"


class Broker:
    """Topics and who listens to them; what is retained is told to whoever comes later."""

    def __init__(self) -> None:
        self.links: list[MemoryLink] = []
        self.retained: dict[str, str] = {}

    def publish(self, topic: str, text: str, retain: bool) -> None:
        if retain:
            self.retained[topic] = text
        for link in self.links:
            link.take(topic, text)


class MemoryLink:
    """One end; `before` is called before each look at what has come."""

    def __init__(
        self, broker: Broker, before: Callable[[], None] = lambda: None, observer: WireObserver = unobserved
    ) -> None:
        self.broker, self.before, self.observer = broker, before, observer
        self.topics: list[str] = []
        self.waiting: list[Heard] = []
        broker.links.append(self)

    def subscribe(self, topic: str) -> None:
        self.topics.append(topic)
        for retained, text in self.broker.retained.items():
            if retained == topic and text:
                self.take(retained, text)

    def take(self, topic: str, text: str) -> None:
        if any(fnmatchcase(topic, listened) for listened in self.topics):
            self.waiting.append(Heard(topic, text))

    def publish(self, topic: str, text: str, retain: bool = False) -> None:
        self.broker.publish(topic, text, retain)
        self.observer(WireExchange("mqtt", "publish", topic, (text,)))

    def heard(self) -> list[Heard]:
        self.before()
        found, self.waiting = self.waiting, []
        for each in found:
            self.observer(WireExchange("mqtt", "receive", each.topic, (each.text,)))
        return found

    def close(self) -> None:
        self.broker.links.remove(self)


class TurnTaking:
    """A stand-in in a thread of its own that runs only while the bench looks what it has said.

    It gives its turn back when it has nothing to do, and when it waits for an answer of the field.
    """

    def __init__(self, broker: Broker, now_s: Callable[[], float]) -> None:
        self.warned: list[str] = []
        self._now_s, self._its_turn, self._our_turn = now_s, SimpleQueue[bool](), SimpleQueue[bool]()
        self._looks = 0
        self.link = MemoryLink(broker, self._look)
        for word in FROM_BENCH:
            self.link.subscribe(f"{TOPIC}/{word}")
        self.stand_in = StandIn(self.link, TOPIC, self.warned.append)
        Thread(target=self._live, daemon=True).start()

    def take_turn(self) -> None:
        """Let it do what is due."""
        self._its_turn.put(True)
        self._our_turn.get(timeout=30.0)

    def _live(self) -> None:
        while True:
            self._its_turn.get()
            self._looks = 0
            self.stand_in.step(self._now_s())
            self._our_turn.put(True)

    def _look(self) -> None:
        """Look for the first time in a turn at once; whoever looks again waits for something."""
        self._looks += 1
        if self._looks > 1 and not self.link.waiting:
            self._our_turn.put(True)
            self._its_turn.get()


class Outside:
    """What stands behind the bench's side of the broker: turns are taken once the bench's bus is there."""

    def __init__(self) -> None:
        self.broker = Broker()
        self.bus: Bus | None = None
        self.system = TurnTaking(self.broker, lambda: self.bus.clock.now_s if self.bus else 0.0)

    def link(self, _host: str, _port: int, observer: WireObserver, *_: Any) -> MemoryLink:
        """Stand in for the making of the bench's own link."""
        return MemoryLink(self.broker, self._turn, observer)

    def _turn(self) -> None:
        if self.bus is not None:
            self.system.take_turn()
