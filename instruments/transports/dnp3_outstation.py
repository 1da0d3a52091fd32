"""The outstation's side of DNP3, on dnp3py: octets in, octets out, for whoever has a socket and a device behind it.

The driver's side rests on another implementation, so that each run holds one against the other. What dnp3py gives an
outstation: analogs as integers of 32 bits, changes without their time, no device attributes (those are ours).
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from dnp3.application.fragment import ObjectBlock
from dnp3.core.enums import CommandStatus, ControlCode
from dnp3.core.flags import IIN, AnalogQuality, BinaryQuality, CounterQuality
from dnp3.database import (
    AnalogInputConfig,
    AnalogOutputConfig,
    BinaryInputConfig,
    BinaryOutputConfig,
    CounterConfig,
    Database,
    DatabaseConfig,
    EventClass,
)
from dnp3.outstation import Outstation, OutstationConfig
from dnp3.outstation.handler import CommandResult, DefaultCommandHandler
from dnp3.outstation.peer import PeerId

from instruments.dnp3_points import ONLINE, Kind, PointValue, Ref
from instruments.transports.dnp3_attributes import GROUP, attribute_objects

ORDERS = {
    ControlCode.LATCH_ON: "latch_on",
    ControlCode.LATCH_OFF: "latch_off",
    ControlCode.PULSE_ON: "pulse_on",
    ControlCode.PULSE_OFF: "pulse_off",
    ControlCode.CLOSE_PULSE_ON: "close",
    ControlCode.TRIP_PULSE_ON: "trip",
}
FRAGMENT = 2048
"""Longest fragment, octets, sent or taken: what DNP3 equipment usually takes."""
READ, RESPONSE = 0x01, 0x81
COMMANDS = frozenset({0x03, 0x04, 0x05})
"""Functions whose answers repeat what was commanded: select, operate, direct operate."""
ALL_OF_IT, SEQUENCE = 0xC0, 0x0F
"""Bits of the application control octet: first and last fragment, sequence number."""
HEADER = 2
_DEFAULTS = {1: 2, 10: 2, 20: 1, 30: 1, 40: 1}
"""Variation in which a group of present values is sent: states with flags, numbers as integers of 32 bits."""
_Build = Callable[[list[Any]], list[ObjectBlock]]
_EVENTS = (EventClass.NONE, EventClass.CLASS_1, EventClass.CLASS_2, EventClass.CLASS_3)

logging.getLogger("dnp3").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Conduct:
    """What becomes of requests and answers on their way, for equipment that has to misbehave; else nothing.

    `listens`: whether a request is answered at all. `fragment` takes a request and a fragment of its answer. `source`
    takes the outstation's link address, and gives the one that it answers from; `octets` the frames of a fragment.
    """

    listens: Callable[[], bool] = lambda: True
    fragment: Callable[[bytes, bytes], bytes] = lambda _request, answer: answer
    source: Callable[[int], int] = lambda address: address
    octets: Callable[[bytes], bytes] = lambda frames: frames


@dataclass(frozen=True)
class ServedPoint:
    """A point of an outstation: the class its changes belong to (0: none) and, of an analog, which are changes."""

    ref: Ref
    event_class: int = 0
    deadband: float = 0.0


class Commands(Protocol):
    """What is behind an outstation's outputs. Both return a status of IEEE 1815-2012 Table 11-7, 0 for success."""

    def check(self, ref: Ref, order: float | str) -> int:
        """Tell whether an output could be commanded so; nothing is carried out."""

    def carry_out(self, ref: Ref, order: float | str) -> int:
        """Command an output."""


class Dnp3Outstation:
    """An outstation; its owner sets its points, its master commands its outputs. Not for several threads at once."""

    def __init__(
        self,
        address: int,
        points: Iterable[ServedPoint],
        commands: Commands,
        attributes: Mapping[int, str],
        master: int | None = None,
        conduct: Conduct = Conduct(),
    ) -> None:
        """Take its own link address, and its master's where it answers no other; `attributes` by variation."""
        self.address, self.master, self.attributes = address, master, dict(attributes)
        self.conduct = conduct
        listed = list(points)
        most = max(1, len(listed))
        self._database = Database(config=DatabaseConfig(most, most, most, most, most, most))
        for point in listed:
            _add(self._database, point)
        config = OutstationConfig(
            address=address,
            master_address=master or 0,
            max_fragment_size=FRAGMENT,
            time_sync_required=False,
            analog_output_static_variation=_DEFAULTS[40],
        )
        self._outstation = _RangedOutstation(config, self._database, _Handler(commands))
        self._held: dict[Ref, PointValue] = {}
        self.heard: Callable[[bytes], None] = lambda _fragment: None
        """Told of each request, as the fragment that it came in."""

    def set(self, ref: Ref, value: PointValue) -> None:
        """Give a point a value; a change is kept for the master where the point has a class of events."""
        if self._held.get(ref) == value:  # dnp3py would take it for a change of an analog without a dead band
            return
        self._held[ref] = value
        flags, database = ONLINE if value.flags is None else value.flags, self._database
        match ref.kind:
            case Kind.BINARY_INPUT:
                database.update_binary_input(ref.index, bool(value.value), BinaryQuality(flags))
            case Kind.BINARY_OUTPUT:
                database.update_binary_output(ref.index, bool(value.value), BinaryQuality(flags))
            case Kind.ANALOG_INPUT:
                database.update_analog_input(ref.index, value.value, AnalogQuality(flags))
            case Kind.ANALOG_OUTPUT:
                database.update_analog_output(ref.index, value.value, AnalogQuality(flags))
            case Kind.COUNTER:
                database.update_counter(ref.index, round(value.value), CounterQuality(flags))

    def forget_changes(self) -> None:
        """Drop all changes: what values a device comes up with is none."""
        self._database.clear_events()

    def answer(self, fragment: bytes, peer: PeerId) -> list[bytes]:
        """Return the fragments that answer a request."""
        self.heard(fragment)
        if not self.conduct.listens():
            return []
        if len(fragment) > HEADER and fragment[1] == READ and fragment[2] == GROUP:
            answers = [self._attributes(fragment)]
        else:
            answers = [response.to_bytes() for response in self._outstation.process_request(fragment, peer=peer)]
        return [self.conduct.fragment(fragment, answer) for answer in answers]

    def restart(self) -> None:
        """Indicate a restart until a master has acknowledged it."""
        self._outstation._state.set_restart()  # dnp3py has no public way

    def new_peer(self) -> int:
        """Return a number for a new connection."""
        return self._outstation.new_connection_id()

    def forget(self, connection: int) -> None:
        """Release what a connection that is gone had selected."""
        self._outstation.release_connection(connection)

    def _attributes(self, fragment: bytes) -> bytes:
        objects, is_complete = attribute_objects(fragment[HEADER:], self.attributes)
        indications = self._outstation.iin | (IIN(0) if is_complete else IIN.OBJECT_UNKNOWN)
        head = bytes((ALL_OF_IT | fragment[0] & SEQUENCE, RESPONSE))
        return head + int(indications).to_bytes(2, "little") + objects


class _RangedOutstation(Outstation):
    """Answers a read of a range with that range; dnp3py answers with every point of the group."""

    def _read_request_block(
        self, block: ObjectBlock, seen_keys: Collection[Any] = ()
    ) -> tuple[list[ObjectBlock], list[Any], IIN]:
        found = self._points_of(block.header.group, block.header.variation)
        asked = _range(block)
        if found is None or asked is None:
            return super()._read_request_block(block, seen_keys)
        points, build = found
        held = [points[index] for index in asked if index in points]
        error = IIN(0) if held and len(held) == len(asked) else IIN.PARAMETER_ERROR
        return (build(held) if held else []), [], error

    def _points_of(self, group: int, variation: int) -> tuple[dict[int, Any], _Build] | None:
        """Return the points of a group of present values in its default variation, and what writes them down."""
        if variation not in {0, _DEFAULTS.get(group)}:
            return None
        database, analog_output = self.database, self.config.analog_output_static_variation
        known: dict[int, tuple[dict[int, Any], _Build]] = {
            1: (dict(database.binary_inputs), self._build_binary_input_blocks),
            10: (dict(database.binary_outputs), self._build_binary_output_blocks),
            20: (dict(database.counters), self._build_counter_blocks),
            30: (dict(database.analog_inputs), self._build_analog_input_blocks),
            40: (dict(database.analog_outputs), partial(self._build_analog_output_blocks, variation=analog_output)),
        }
        return known.get(group)


class _Handler(DefaultCommandHandler):
    """Passes commands on; dnp3py has checked the form of the objects, and keeps what was selected."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def select_binary_output(
        self, index: int, code: ControlCode, count: int, on_time: int, off_time: int
    ) -> CommandResult:
        del on_time, off_time
        return self._binary(self._commands.check, index, code, count)

    def operate_binary_output(
        self, index: int, code: ControlCode, count: int, on_time: int, off_time: int, select_sequence: int
    ) -> CommandResult:
        del on_time, off_time, select_sequence
        return self._binary(self._commands.carry_out, index, code, count)

    def direct_operate_binary_output(
        self, index: int, code: ControlCode, count: int, on_time: int, off_time: int
    ) -> CommandResult:
        del on_time, off_time
        return self._binary(self._commands.carry_out, index, code, count)

    def select_analog_output(self, index: int, value: float) -> CommandResult:
        return _result(self._commands.check(Ref(Kind.ANALOG_OUTPUT, index), value))

    def operate_analog_output(self, index: int, value: float, select_sequence: int) -> CommandResult:
        del select_sequence
        return self.direct_operate_analog_output(index, value)

    def direct_operate_analog_output(self, index: int, value: float) -> CommandResult:
        return _result(self._commands.carry_out(Ref(Kind.ANALOG_OUTPUT, index), value))

    def _binary(self, work: "_Work", index: int, code: ControlCode, count: int) -> CommandResult:
        order = ORDERS.get(code)
        if order is None or count != 1:
            return CommandResult.not_supported()
        return _result(work(Ref(Kind.BINARY_OUTPUT, index), order))


class _Work(Protocol):
    def __call__(self, ref: Ref, order: float | str, /) -> int: ...


def _range(block: ObjectBlock) -> range | None:
    """Return the indices that a header asks for; None for one that gives no range."""
    width = {0x00: 1, 0x01: 2}.get(block.header.qualifier)
    if width is None or len(block.data) < 2 * width:
        return None
    start, stop = (int.from_bytes(block.data[at : at + width], "little") for at in (0, width))
    return range(start, stop + 1)


def _result(status: int) -> CommandResult:
    return CommandResult(CommandStatus(status))


def _add(database: Database, point: ServedPoint) -> None:
    index, events = point.ref.index, _EVENTS[point.event_class]
    match point.ref.kind:
        case Kind.BINARY_INPUT:
            database.add_binary_input(index, BinaryInputConfig(events))
        case Kind.BINARY_OUTPUT:
            database.add_binary_output(index, BinaryOutputConfig(EventClass.NONE))
        case Kind.ANALOG_INPUT:
            database.add_analog_input(index, AnalogInputConfig(events, point.deadband))
        case Kind.ANALOG_OUTPUT:
            database.add_analog_output(index, AnalogOutputConfig(track_commands=False))
        case Kind.COUNTER:
            database.add_counter(index, CounterConfig(events))
