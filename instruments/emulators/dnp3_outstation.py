"""An emulated device as a DNP3 outstation: laid out by a point map, filled from the device's behaviour, and served.

Values are packed and commands read here on their own: the driver's reading of the same map must share no mistake.
"""

import asyncio
import math
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from instruments.dnp3_map import Dnp3Map, Dnp3Point
from instruments.dnp3_points import ONLINE, REFERENCE_ERROR, PointValue, Ref
from instruments.emulators.contacts import CommandRefused
from instruments.emulators.dnp3_defects import Active, Dnp3Defects, sound
from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_server import NoAnswer
from instruments.emulators.point_bank import Binding, Value
from instruments.errors import ConfigError
from instruments.readings import Identity
from instruments.transports.dnp3_conversation import Dnp3Conversation
from instruments.transports.dnp3_outstation import Dnp3Outstation, ServedPoint

SUCCESS, NOT_SUPPORTED, ALREADY_ACTIVE, LOCAL, OUT_OF_RANGE, BLOCKED = 0, 4, 5, 7, 12, 15
"""Status of a command (IEEE 1815-2012 Table 11-7)."""
LOG_LENGTH = 10_000
STATES = {"latch_on": True, "pulse_on": True, "close": True, "latch_off": False, "pulse_off": False, "trip": False}
"""What an order means to an output that holds a state."""


@dataclass(frozen=True)
class Commanded:
    """One command as it came in, and the status that was answered; `is_select` where it was only selected."""

    ref: Ref
    order: float | str
    status: int
    is_select: bool = False


class PointOutstation:
    """Points of one device; `log` holds the last commands, oldest first, and `heard` is told of each.

    `flags` may say of a point by name that its quality is another than online. A device that fails with another
    exception than CommandRefused is answered as not supported and listed in `failures`.
    """

    def __init__(
        self,
        address: int,
        point_map: Dnp3Map,
        bindings: Mapping[str, Binding],
        identity: Identity,
        master: int | None,
        refresh: Callable[[], None] = lambda: None,
        active: Active = sound,
    ) -> None:
        """Lay out the points; `refresh` goes before each look at the device, `active` tells which faults it has then.

        Raises ConfigError for points that the device does not have or cannot take.
        """
        self._map, self._bindings, self._refresh = point_map, bindings, refresh
        self.log: deque[Commanded] = deque(maxlen=LOG_LENGTH)
        self.heard: Callable[[Commanded], None] = lambda _commanded: None
        self.failures: list[Exception] = []
        self.flags: dict[str, int] = {}
        self._check()
        self._defects = Dnp3Defects(active, self._is_local)
        self._selected: Ref | None = None
        attributes = _attributes(identity) if point_map.attributes else {}
        self._inputs = {point.input: name for name, point in point_map.points.items() if point.input}
        self._outputs = {point.output: name for name, point in point_map.points.items() if point.output}
        self.outstation = Dnp3Outstation(
            address,
            [_served(ref, point_map.points[name]) for ref, name in self._inputs.items()],
            self,
            attributes,
            master,
            self._defects.conduct,
        )

        self.sample()
        self.outstation.forget_changes()

    def sample(self) -> None:
        """Take the present values from the device, so that changes are noticed; raises NoAnswer when it is gone."""
        self._refresh()
        if self._defects.is_restarted():
            self.outstation.restart()
        if self._defects.is_frozen:
            return
        for ref, name in self._inputs.items():
            get = self._bindings[name].get
            if get is not None:
                self.outstation.set(ref, self._value(name, get()))

    @property
    def keeps_changes(self) -> bool:
        """Whether it has a point whose changes it keeps for its master."""
        return any(point.event_class for point in self._map.points.values())

    def check(self, ref: Ref, order: float | str) -> int:
        """Tell whether an output could be commanded so."""
        name, status = self._outputs.get(ref), self._defects.refusal(selected=False)
        if status is None:
            status = NOT_SUPPORTED if name is None else _meaning(self._map.points[name], order)[0]
        self._selected = ref if status == SUCCESS else None
        self._note(Commanded(ref, order, status, is_select=True))
        return status

    def carry_out(self, ref: Ref, order: float | str) -> int:
        """Command an output."""
        status, self._selected = self._carried_out(ref, order), None
        self._note(Commanded(ref, order, status))
        return status

    def _value(self, name: str, value: Value) -> PointValue:
        """Return a value as it is sent: one that the device has no finite number for is offline."""
        if isinstance(value, float) and not math.isfinite(value):
            return PointValue(0.0, REFERENCE_ERROR)
        told = PointValue(_raw(self._map.points[name], value), self.flags.get(name, ONLINE))
        return told if self._map.points[name].output else self._defects.flagged(told)

    def _is_local(self) -> bool:
        """Whether the device says in a point of its own that it is in local."""
        binding = self._bindings.get("panel_switch") or self._bindings.get("local")
        return binding is not None and binding.get is not None and binding.get() in {"local", True}

    def _carried_out(self, ref: Ref, order: float | str) -> int:
        name = self._outputs.get(ref)
        put = self._bindings[name].put if name is not None else None
        if name is None or put is None:
            return NOT_SUPPORTED
        if (wrong := self._defects.refusal(selected=self._selected == ref)) is not None:
            return wrong
        status, value = _meaning(self._map.points[name], order)
        if status != SUCCESS or self._defects.swallows:
            return status
        try:
            put(value)
        except CommandRefused as refusal:
            return LOCAL if refusal.local else ALREADY_ACTIVE if refusal.busy else BLOCKED
        except Exception as error:  # a defect of the emulator must reach its owner and not kill the link
            self.failures.append(error)
            return NOT_SUPPORTED
        self.sample()
        return SUCCESS

    def _note(self, commanded: Commanded) -> None:
        self.log.append(commanded)
        self.heard(commanded)

    def _check(self) -> None:
        for name, point in self._map.points.items():
            binding = self._bindings.get(name)
            if binding is None:
                known = ", ".join(sorted(self._bindings))
                raise ConfigError(f"point map {self._map.dnp3_map}: the emulator has no point {name!r}; known: {known}")
            if (point.output and binding.put is None) or (point.input and binding.get is None):
                raise ConfigError(f"point map {self._map.dnp3_map}: {name!r} cannot be read or commanded as it says")


class Dnp3Server:
    """Serves outstations at one address, each to whoever asks for its link address; takes the host's lock."""

    def __init__(self, host: EmulatorHost, *outstations: PointOutstation) -> None:
        self.outstations = outstations
        self._host = host

    def listen(self, address: str = "127.0.0.1", port: int = 0) -> tuple[str, int]:
        """Serve on an address (port 0: any free one) and return it; raises ConfigError when it cannot be had."""
        return self._host.serve(lambda: _Connection(self._host, self.outstations), address, port)


class _Connection(asyncio.Protocol):
    def __init__(self, host: EmulatorHost, outstations: tuple[PointOutstation, ...]) -> None:
        self._host, self._outstations = host, outstations
        self._conversations = [Dnp3Conversation(each.outstation) for each in outstations]
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  the loop makes no other kind
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        for conversation in self._conversations:
            conversation.end()

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        try:
            with self._host.lock:
                for each in self._outstations:
                    each.sample()
                answers = b"".join(conversation.receive(data) for conversation in self._conversations)
        except NoAnswer:
            self._transport.abort()
            return
        if answers:
            self._transport.write(answers)


def _served(ref: Ref, point: Dnp3Point) -> ServedPoint:
    return ServedPoint(ref, point.event_class, point.deadband / point.scale)


def _attributes(identity: Identity) -> dict[int, str]:
    return {252: identity.manufacturer, 250: identity.model, 242: identity.version, 248: identity.serial}


def _raw(point: Dnp3Point, value: Value) -> float:
    if isinstance(value, str):
        return float(point.labels[value])
    return float(value) if point.is_flag else float(round(value / point.scale))


def _meaning(point: Dnp3Point, order: float | str) -> tuple[int, Value]:
    """Return the status of a command, and what it asks of the device."""
    if isinstance(order, str):
        return _meaning_of_state(point, order)
    if point.labels:
        label = next((label for label, number in point.labels.items() if number == order), None)
        return (OUT_OF_RANGE, "") if label is None else (SUCCESS, label)
    value, slack = order * point.scale, 1e-6 * point.scale
    lowest, highest = point.limits or (0.0, 0.0)
    return (SUCCESS if lowest - slack <= value <= highest + slack else OUT_OF_RANGE), value


def _meaning_of_state(point: Dnp3Point, order: str) -> tuple[int, Value]:
    if point.orders:
        label = next((label for label, wanted in point.orders.items() if wanted == order), None)
    else:
        wanted = STATES[order]
        label = next((label for label, number in point.labels.items() if bool(number) == wanted), None)
        if not point.labels:
            return SUCCESS, wanted
    return (NOT_SUPPORTED, "") if label is None else (SUCCESS, label)
