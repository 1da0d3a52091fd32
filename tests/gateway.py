"""Gateways between a driver and its device that are honest until they are told to lie; no code of ours is in them.

A Modbus/TCP gateway passes frames on and answers in the device's place as its lie says. A SCPI gateway does so with
lines. Both live on loopback, in threads, and end with their context.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HEADER = struct.Struct(">HHHB")
READS, WRITES = {3, 4}, {6, 16}
SLOW_S = 1.0
"""Longer than the time-out of the benches that the gateways are tried with."""

Forward = Callable[[bytes], bytes]


@dataclass
class Lie:
    """What a gateway answers to a request; by itself it passes on what the device answers. None is silence."""

    def answer(self, frame: bytes, forward: Forward) -> bytes | None:
        return forward(frame)


@dataclass
class SwallowsWrites(Lie):
    """Acknowledges every write, passes none on, and gives back what was written to whoever reads it."""

    written: dict[int, int] = field(default_factory=dict)

    def answer(self, frame: bytes, forward: Forward) -> bytes | None:
        function, address, count = struct.unpack_from(">BHH", frame, 7)
        if function in WRITES:
            words = (count,) if function == 6 else struct.unpack_from(f">{count}H", frame, 13)
            self.written |= dict(enumerate(words, address))
            return with_length(frame[:12])
        return patched(frame, forward(frame), self.written.get)


@dataclass
class Freezes(Lie):
    """Passes writes on, and gives to each read for ever the answer that it had in `kept`, or the first time."""

    kept: dict[bytes, bytes] = field(default_factory=dict)

    def answer(self, frame: bytes, forward: Forward) -> bytes | None:
        if frame[7] not in READS:
            return forward(frame)
        if frame[6:] not in self.kept:
            self.kept[frame[6:]] = forward(frame)
        return frame[:2] + self.kept[frame[6:]][2:]


@dataclass
class Biases(Lie):
    """Scales what is read from some registers, signed."""

    registers: frozenset[int]
    factor: float

    def answer(self, frame: bytes, forward: Forward) -> bytes | None:
        return patched(frame, forward(frame), self._scaled)

    def _scaled(self, register: int, word: int) -> int:
        if register not in self.registers:
            return word
        return round((word - 0x10000 * (word >= 0x8000)) * self.factor) & 0xFFFF


@dataclass
class Delays(Lie):
    """Answers truly, and too late."""

    def answer(self, frame: bytes, forward: Forward) -> bytes | None:
        answer = forward(frame)
        threading.Event().wait(SLOW_S)
        return answer


@dataclass
class Breaks(Lie):
    """Answers with a frame that is broken in one way."""

    how: str

    def answer(self, frame: bytes, forward: Forward) -> bytes | None:
        sound = forward(frame)
        broken = {
            "transaction": bytes((sound[0] ^ 0x55, sound[1] ^ 0xAA)) + sound[2:],
            "unit": sound[:6] + bytes((sound[6] ^ 0x20,)) + sound[7:],
            "truncated": sound[:-1],
            "short": with_length(sound[:-2]),
            "garbage": bytes((byte * 7 + 13) % 256 for byte in sound),
        }
        return broken.get(self.how)


def with_length(frame: bytes) -> bytes:
    """Return a frame whose header says how long it is."""
    return frame[:4] + struct.pack(">H", len(frame) - 6) + frame[6:]


def patched(frame: bytes, answer: bytes, patch: Callable[[int, int], int]) -> bytes:
    """Return the answer to a read with each of its registers put through `patch`; anything else as it is."""
    function, address, count = struct.unpack_from(">BHH", frame, 7)
    if function not in READS or answer[7] != function:
        return answer
    words = struct.unpack_from(f">{count}H", answer, 9)
    return answer[:9] + struct.pack(f">{count}H", *(patch(address + i, word) for i, word in enumerate(words)))


@dataclass
class Gateway:
    """A gateway at `port`; the device is at `target`. It is honest until `lie` is set, and keeps what was read."""

    port: int
    target: int
    lie: Lie = field(default_factory=Lie)
    lied: int = 0
    heard: dict[bytes, bytes] = field(default_factory=dict)
    """The last answer to each read."""


@contextmanager
def modbus_gateway() -> Iterator[Gateway]:
    """Serve a gateway, and keep a port free for the device that it stands in front of."""
    with serving(_serve_modbus) as gateway:
        yield gateway


@contextmanager
def serving(serve: Callable[[Gateway, socket.socket], None]) -> Iterator[Gateway]:
    """Accept connections until the end, each served in a thread of its own; all sockets are closed at the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    gateway = Gateway(listener.getsockname()[1], free_port())
    open_sockets: list[socket.socket] = [listener]

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            open_sockets.append(client)
            threading.Thread(target=_guarded, args=(serve, gateway, client), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield gateway
    finally:
        for one in open_sockets:
            _shut(one)


def free_port() -> int:
    """Return a port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def _guarded(serve: Callable[[Gateway, socket.socket], None], gateway: Gateway, client: socket.socket) -> None:
    try:
        serve(gateway, client)
    except (OSError, struct.error):  # a side has gone: so does the other
        pass
    finally:
        client.close()


def _serve_modbus(gateway: Gateway, client: socket.socket) -> None:
    with socket.create_connection(("127.0.0.1", gateway.target), timeout=5.0) as device:
        device.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def forward(frame: bytes) -> bytes:
            device.sendall(frame)
            answer = read_frame(device)
            if frame[7] in READS:
                gateway.heard[frame[6:]] = answer
            return answer

        while True:
            frame = read_frame(client)
            gateway.lied += type(gateway.lie) is not Lie
            answer = gateway.lie.answer(frame, forward)
            if answer is not None:
                client.sendall(answer)


def read_frame(side: socket.socket) -> bytes:
    """Read one Modbus frame; raises OSError at the end of the stream."""
    head = _exactly(side, 7)
    return head + _exactly(side, HEADER.unpack(head)[2] - 1)


@dataclass
class FreezesLines(Lie):
    """Gives to each SCPI message for ever the answer that it had the first time."""

    kept: dict[bytes, bytes] = field(default_factory=dict)

    def answer(self, frame: bytes, forward: Forward) -> bytes | None:
        if frame not in self.kept:
            self.kept[frame] = forward(frame)
        return self.kept[frame]


@dataclass
class BiasesValues(Lie):
    """Scales every number in the answers to one query."""

    query: bytes
    factor: float

    def answer(self, frame: bytes, forward: Forward) -> bytes | None:
        answer = forward(frame)
        if self.query not in frame:
            return answer
        values, _, event = answer.strip().rpartition(b";")
        scaled = ",".join(f"{float(word) * self.factor:.6E}" for word in values.split(b","))
        return scaled.encode() + b";" + event + b"\n"


@contextmanager
def scpi_gateway() -> Iterator[Gateway]:
    """Serve a gateway for lines, and keep a port free for the instrument that it stands in front of."""
    with serving(_serve_scpi) as gateway:
        yield gateway


def _serve_scpi(gateway: Gateway, client: socket.socket) -> None:
    with (
        socket.create_connection(("127.0.0.1", gateway.target), timeout=5.0) as device,
        device.makefile("rb") as answers,
        client.makefile("rb") as messages,
    ):

        def forward(line: bytes) -> bytes:
            device.sendall(line)
            return answers.readline()

        for line in messages:
            gateway.lied += type(gateway.lie) is not Lie
            answer = gateway.lie.answer(line, forward)
            if answer is not None:
                client.sendall(answer)


def _exactly(side: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = side.recv(count - len(data))
        if not part:
            raise ConnectionResetError("the other side has closed")
        data += part
    return data
