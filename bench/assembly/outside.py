"""Connects the systems of the bench file that are outside, and gives them their places among the actors."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic, sleep

from pydantic import ValidationError

from bench.actors.base import Actor
from bench.assembly.security import tls_client
from bench.bus import Bus
from bench.clock import misfit
from bench.config.systems import SystemSection, parse_broker
from bench.messages.names import Party
from bench.outside.field import Field
from bench.outside.gateway import OutsideLink, OutsideSystem
from bench.outside.protocol import FROM_SYSTEM, HELLO, Begin, Hello, topic_of
from bench.stage import Cast
from bench.system_faults import ACTORS
from instruments.errors import ConfigError, TransportError
from instruments.readings import Identity
from instruments.transports.mqtt import Credentials, MqttLink
from instruments.wire import WireObserver

LOOK_S = 0.05
"""How often is looked for a hello, s."""
OPERATES = frozenset({Party.DMS})
"""Whose place reads and operates equipment."""


@dataclass(frozen=True)
class Connected:
    """A system that has said hello."""

    name: str
    topic: str
    link: MqttLink
    identity: Identity

    @property
    def party(self) -> Party:
        """Whose place it takes."""
        return ACTORS[self.name]


@dataclass
class OutsideSystems:
    """All systems of a bench that are outside; without any, every actor is the bench's own."""

    connected: list[Connected] = field(default_factory=list)
    _places: list[OutsideSystem] = field(default_factory=list)

    def connect(self, name: str, section: SystemSection, observer: WireObserver) -> Identity:
        """Wait until a system says hello, and return who it is; raises TransportError when it does not."""
        link = connect(section, FROM_SYSTEM, observer)
        try:
            identity = _await_hello(link, section)
        except BaseException:
            link.close()
            raise
        self.connected.append(Connected(name, section.topic, link, identity))
        return identity

    def taking_places(self, cast: Cast, bus: Bus, begin: Begin, equipment: Field) -> Cast:
        """Return the cast with a system in the place of each actor that it stands for."""
        for each in self.connected:
            operated = equipment if each.party in OPERATES else None
            self._places.append(OutsideSystem(bus, each.party, each.topic, each.link, begin, operated))
        return in_places(cast, self._places)

    def close(self) -> None:
        """Say that the scenario is over, and disconnect; a link that is lost already is only closed."""
        for place in self._places:
            try:
                place.end()
            except TransportError:
                continue
        for each in self.connected:
            each.link.close()
        self.connected, self._places = [], []


def in_places(cast: Cast, systems: Sequence[OutsideSystem]) -> Cast:
    """Return the cast with systems in the places of actors; raises ConfigError for a place that nobody has."""
    outside = {system.party: system for system in systems}
    if missing := outside.keys() - {actor.party for actor in cast.actors}:
        raise ConfigError(f"nobody on this bench has the place of {', '.join(sorted(missing))}")
    actors: list[Actor] = [outside.get(actor.party, actor) for actor in cast.actors]
    return replace(cast, actors=actors, processes=(*cast.processes, *(system.listen() for system in systems)))


def connect(section: SystemSection, words: Sequence[str], observer: WireObserver, last_will: str = "") -> MqttLink:
    """Connect to the broker of a system's section and listen for words below its topic.

    Raises TransportError, or ConfigError for its files.
    """
    broker = parse_broker(section.broker)
    credentials = Credentials(section.user, section.password or "") if section.user else None
    tls = tls_client(section.tls) if section.tls else None
    link = MqttLink(broker.host, broker.port, observer, section.timeout_s, credentials, tls, last_will)
    try:
        for word in words:
            link.subscribe(topic_of(section.topic, word))
    except TransportError:
        link.close()
        raise
    return link


def _await_hello(link: OutsideLink, section: SystemSection) -> Identity:
    until_s, topic = monotonic() + section.wait_s, topic_of(section.topic, HELLO)
    while True:
        for heard in link.heard():
            if heard.topic == topic and heard.text:
                return _read_hello(heard.text)
        if monotonic() >= until_s:
            raise TransportError(f"nobody said hello under {topic!r} within {section.wait_s:g} s")
        sleep(LOOK_S)


def _read_hello(text: str) -> Identity:
    try:
        hello = Hello.model_validate_json(text)
    except ValidationError as error:
        raise TransportError(f"what says hello does not say who it is: {misfit(error)}") from error
    return Identity(hello.manufacturer, hello.model, version=hello.version, serial=hello.serial)
