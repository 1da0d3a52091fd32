"""What the DNP3 tests share: frames put together by hand, a scripted outstation, a served device, two other masters."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dnp3.master.config import MasterConfig
from dnp3.master.master import Master
from dnp3.master.tcp_runner import MasterTcpRunner
from py1815.master.sync import Master as OtherMaster

from instruments.dnp3_map import load_dnp3_map
from instruments.emulators.dnp3_outstation import Dnp3Server, PointOutstation
from instruments.emulators.host import EmulatorHost
from instruments.transports.dnp3 import Dnp3Connections, Dnp3Link
from instruments.wire import WireExchange

MAPS = Path(__file__).parents[2] / "fixtures" / "point_maps"
LTC = load_dnp3_map(MAPS / "ltc_dnp3.yaml")
CAPACITOR = load_dnp3_map(MAPS / "capacitor_dnp3.yaml")
OUTSTATION, MASTER = 10, 1
FROM_MASTER, FROM_OUTSTATION = 0xC4, 0x44
"""Control octets of unconfirmed user data."""


def crc(data: bytes) -> bytes:
    """The link layer's CRC bit by bit: polynomial 0x3D65, least significant bit first, inverted at the end."""
    register = 0
    for octet in data:
        register ^= octet
        for _ in range(8):
            register = (register >> 1) ^ (0xA6BC if register & 1 else 0)
    return (~register & 0xFFFF).to_bytes(2, "little")


def frame(control: int, destination: int, source: int, data: bytes = b"") -> bytes:
    """A link frame of up to 250 octets of data, a CRC behind the head and behind each 16 octets."""
    addresses = destination.to_bytes(2, "little") + source.to_bytes(2, "little")
    head = bytes((0x05, 0x64, 5 + len(data), control)) + addresses
    blocks = [data[at : at + 16] for at in range(0, len(data), 16)]
    return head + crc(head) + b"".join(block + crc(block) for block in blocks)


def asked(octets: str, outstation: int = OUTSTATION) -> bytes:
    """A master's frame; `octets` are transport octet and fragment as hex."""
    return frame(FROM_MASTER, outstation, MASTER, bytes.fromhex(octets))


def answered(octets: str, outstation: int = OUTSTATION) -> bytes:
    """An outstation's frame."""
    return frame(FROM_OUTSTATION, MASTER, outstation, bytes.fromhex(octets))


Turn = tuple[bytes, bytes | None]
"""What has to come, and what is answered; None hangs up."""


class _Script(asyncio.Protocol):
    def __init__(self, turns: deque[Turn], wrong: list[str]) -> None:
        self._turns = turns
        self._wrong = wrong
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._came = b""

    def data_received(self, data: bytes) -> None:
        self._came += data
        while self._came and (not self._turns or len(self._came) >= len(self._turns[0][0])):
            expected, answer = self._turns.popleft() if self._turns else (b"", b"")
            self._take(expected, answer)

    def _take(self, expected: bytes, answer: bytes | None) -> None:
        came, self._came = self._came[: len(expected)] or self._came, self._came[len(expected) :] if expected else b""
        if came != expected:
            self._wrong.append(f"the driver sent {came.hex(' ')} in place of {expected.hex(' ') or 'nothing'}")
        if answer is None:
            self._transport.abort()
        else:
            self._transport.write(answer)


@contextmanager
def conversation(*turns: Turn, timeout_s: float = 2.0) -> Iterator[Dnp3Link]:
    """A link to a scripted outstation 10; at the end all turns were taken, byte for byte."""
    left, wrong = deque(turns), []
    with EmulatorHost() as host, Dnp3Connections() as connections:
        yield connections.link(*host.serve(lambda: _Script(left, wrong)), OUTSTATION, timeout_s=timeout_s)
    assert not wrong, "; ".join(wrong)
    assert not left, f"the driver never sent {[expected.hex(' ') for expected, _ in left]}"


class Dnp3Wire:
    """Outstations behind one address, links to them, and what crossed the wire."""

    def __init__(self, host: EmulatorHost, connections: Dnp3Connections, outstations: tuple[PointOutstation, ...]):
        self.host, self.outstations = host, outstations
        self.address = Dnp3Server(host, *outstations).listen()
        self.exchanges: list[WireExchange] = []
        self._connections = connections

    def link(self, outstation: int = OUTSTATION, timeout_s: float = 2.0, master: int = MASTER) -> Dnp3Link:
        return self._connections.link(*self.address, outstation, master, self.exchanges.append, timeout_s)


@contextmanager
def serving(*outstations: PointOutstation) -> Iterator[Dnp3Wire]:
    with EmulatorHost() as host, Dnp3Connections() as connections:
        yield Dnp3Wire(host, connections, outstations)
        failures = [failure for outstation in outstations for failure in outstation.failures]
        assert not failures, f"the emulator failed while it answered: {failures!r}"


def with_dnp3py(address: tuple[str, int], work: Callable[[MasterTcpRunner], Awaitable[Any]]) -> Any:
    """Do something with the master of dnp3py; its handler keeps what it reads."""

    async def run() -> Any:
        master = Master(config=MasterConfig(address=MASTER, outstation_address=OUTSTATION))
        async with MasterTcpRunner(master, *address, response_timeout=2.0) as runner:
            return await work(runner)

    return asyncio.run(run())


@contextmanager
def with_py1815(address: tuple[str, int]) -> Iterator[Any]:
    """The blocking master of py1815, with its own socket, scheduler and store."""
    host, port = address
    with OtherMaster() as master:
        yield master.add("it", host=host, port=port, outstation_address=OUTSTATION, master_address=MASTER)
