"""What stands between pymodbus' client and a socket: one deadline for an answer, and a look at every frame.

pymodbus takes an answer of another function, or an echo of other values, for the one that was asked, waits anew for
each byte that drips in, and keeps what nobody asked for.
"""

import struct
import time
from typing import Any

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusIOException

HEADER = struct.Struct(">HHHB")
"""Transaction, protocol, length (of unit and PDU), unit."""
MIN_LENGTH, MAX_LENGTH = 3, 254
"""Of an answer: the shortest is an exception."""
READS = frozenset({0x03, 0x04})
REFUSED = 0x80
ECHOED = 4
"""Address, and count or value, bytes: what a write's answer repeats."""
_ALERT = b"\x15\x03"
"""What a TLS record begins with that complains."""


class StrictClient(ModbusTcpClient):
    """pymodbus' client that takes no answer but the one to its request, whole and within `timeout_s` of the request."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        super().__init__(host, port=port, timeout=timeout_s, retries=0, trace_packet=self._seen)
        self._timeout_s = timeout_s
        self._deadline_s = 0.0
        self._asked = b""

    def send(self, request: bytes, addr: tuple[Any, ...] | None = None) -> int:
        """Send a request; its deadline begins."""
        self._deadline_s = time.monotonic() + self._timeout_s
        if self.socket is not None:
            self.socket.settimeout(self._timeout_s)
        return int(super().send(request, addr))

    def recv(self, size: int | None) -> bytes:
        """Receive what is there until the deadline; raises TimeoutError after it."""
        left_s = self._deadline_s - time.monotonic()
        if self.socket is None or left_s <= 0.0:
            raise TimeoutError
        self.socket.settimeout(left_s)
        data = bytes(self.socket.recv(size or 4096))
        return data or self._handle_abrupt_socket_close(size, [], 0.0)

    def drain(self) -> bool:
        """Take what lies in the socket and nobody asked for; tell whether there was any."""
        if self.socket is None:
            return False
        self.socket.settimeout(0.0)
        try:
            return bool(self.socket.recv(4096))
        except OSError:  # nothing there; or broken, which the next request finds out
            return False

    def _seen(self, sending: bool, data: bytes) -> bytes:
        if sending:
            self._asked = data
        else:
            check_answers(self._asked, data)
        return data


def check_answers(asked: bytes, received: bytes) -> None:
    """Hold all frames received so far against the request; raises ModbusIOException saying what is wrong.

    Frames of other transactions or units are left to be skipped: they are late, or meant for somebody else.
    """
    start = 0
    while len(received) - start >= HEADER.size:
        transaction, protocol, length, unit = HEADER.unpack_from(received, start)
        if protocol != 0 or not MIN_LENGTH <= length <= MAX_LENGTH:
            hint = "; it speaks TLS: the resource is modbus+tls://" if received.startswith(_ALERT) else ""
            raise ModbusIOException(f"what it sent is no Modbus frame{hint}")
        end = start + HEADER.size - 1 + length
        if len(received) < end:
            return
        if (transaction, unit) == (HEADER.unpack_from(asked)[0], asked[HEADER.size - 1]):
            check_answer(asked[HEADER.size :], received[start + HEADER.size : end])
            if len(received) > end:
                raise ModbusIOException("it sent more than the answer")
            return
        start = end


def check_answer(asked: bytes, answer: bytes) -> None:
    """Hold the PDU of an answer against that of its request; raises ModbusIOException saying what is wrong."""
    function = asked[0]
    if answer[0] == function | REFUSED:
        sound = len(answer) == len(("function", "code"))
    elif answer[0] != function:
        raise ModbusIOException(f"it answered function {answer[0]} to {function}")
    elif function in READS:
        (count,) = struct.unpack_from(">H", asked, 3)
        _check_registers(count, answer)
        return
    else:
        sound = answer[1:] == asked[1 : 1 + ECHOED]
    if not sound:
        raise ModbusIOException(f"it answered {answer.hex(' ')} to the write {asked[: 1 + ECHOED].hex(' ')}")


def _check_registers(count: int, answer: bytes) -> None:
    if len(answer) < len(("function", "bytes")) or answer[1] != len(answer) - 2 or answer[1] % 2:
        raise ModbusIOException("it miscounts the bytes of its answer")
    if answer[1] != 2 * count:
        raise ModbusIOException(f"it sent {answer[1] // 2} registers, {count} were asked")
