"""Modbus RTU over pymodbus' serial client: the port opened in words, one deadline for an answer, a look at every frame.

After MODBUS over Serial Line V1.02. A frame has neither a number nor a length: a late answer cannot be told from the
one that is awaited. So after any failure the line is listened to until no late answer can come any more.
"""

import errno
import grp
import os
import select
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import serial
from pymodbus.client import ModbusSerialClient
from pymodbus.client.base import ModbusBaseSyncClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import ModbusPDU

from instruments.errors import TransportError
from instruments.transports.modbus_client import READS, REFUSED, check_answer
from instruments.transports.serial_line import SerialLine

CRC = 2
"""Bytes of the checksum at the end of a frame."""
SHORTEST = 5
"""Unit, function, one byte and checksum: an exception."""
WRITE_ANSWER = 8
LONGEST = 256
"""Bytes of a frame."""
PSEUDO_TERMINALS = "/dev/pts/"


class StrictSerialClient(ModbusSerialClient):
    """pymodbus' client that takes no answer but the one to its request, whole and within `timeout_s` of the request."""

    def __init__(self, line: SerialLine, timeout_s: float) -> None:
        super().__init__(
            line.path,
            baudrate=line.baud,
            parity=line.parity,
            stopbits=line.stop,
            timeout=timeout_s + 2 * LONGEST * line.character_s,  # its own, behind the deadline that is kept here
            retries=0,
            trace_packet=self._seen,
        )
        self.socket: Any
        self._line = line
        self._timeout_s = timeout_s
        self._deadline_s = self.quiet_from_s = 0.0
        self._asked = self._heard = b""

    def send(self, request: bytes, addr: tuple[Any, ...] | None = None) -> int:
        """Send a request after the silent interval; its deadline begins, and is as much later as the line is slow."""
        time.sleep(max(0.0, self.quiet_from_s + self._line.silence_s - time.monotonic()))
        self._heard = b""
        self._deadline_s = time.monotonic() + self._timeout_s + transfer_s(self._line, request)
        return int(super().send(request, addr))

    def recv(self, size: int | None) -> bytes:
        """Receive until the deadline; raises TimeoutError when nothing came, ModbusIOException for no answer."""
        del size
        data = self.listen(self._deadline_s)
        if not data and self._heard:
            raise ModbusIOException(_what_it_is(self._asked, self._heard))
        if not data:
            raise TimeoutError
        return data

    def listen(self, until_s: float) -> bytes:
        """Return what comes first until a moment of the monotonic clock, if anything; raises ConnectionException."""
        try:
            ready = select.select([self.socket.fileno()], [], [], max(0.0, until_s - time.monotonic()))[0]
            data = bytes(self.socket.read(self.socket.in_waiting or 1)) if ready else b""
        except (OSError, TypeError) as error:  # TypeError: closed by another thread
            raise ConnectionException(str(error)) from error
        if data:
            self.quiet_from_s = time.monotonic()
        return data

    def _seen(self, sending: bool, data: bytes) -> bytes:
        """Give the framer an answer when it is whole and sound, and nothing before."""
        if sending:
            self._asked = data
            return data
        self._heard = data
        return data if is_whole(self._asked, data) else b""


def transfer_s(line: SerialLine, request: bytes) -> float:
    """Return how long a request and its answer are on the line, s: no time of the device's."""
    count = int.from_bytes(request[4:6], "big") if request[1] in READS else 0
    answer = SHORTEST + 2 * count if count else WRITE_ANSWER
    return (len(request) + answer) * line.character_s


def is_whole(asked: bytes, received: bytes) -> bool:
    """Tell whether the answer to a request is there; raises ModbusIOException saying what is wrong with it."""
    if len(received) < SHORTEST or received[0] != asked[0] or received[1] & ~REFUSED != asked[1]:
        return False  # the deadline will tell what it is
    if asked[1] in READS and received.startswith(asked):
        raise ModbusIOException("it is the request's own echo: the adapter hears what it sends")
    size = SHORTEST if received[1] & REFUSED else WRITE_ANSWER
    if received[1] in READS:
        size = SHORTEST + received[2]
    if len(received) < size:
        return False
    frame = received[:size]
    if not has_sound_checksum(frame):
        raise ModbusIOException("its answer has a wrong checksum: noise on the line, or two units with one number")
    check_answer(asked[1:-CRC], frame[1:-CRC])
    if len(received) > size:
        raise ModbusIOException("it sent more than the answer")
    return True


def has_sound_checksum(frame: bytes) -> bool:
    """Tell whether the last two bytes of a frame are the checksum of all others."""
    return FramerRTU.check_CRC(frame[:-CRC], int.from_bytes(frame[-CRC:], "big"))


def _what_it_is(asked: bytes, received: bytes) -> str:
    """Say what came in an answer's place until the deadline."""
    if len(received) >= SHORTEST and has_sound_checksum(received):
        if received[0] != asked[0]:
            return f"unit {received[0]} answered in its place"
        return f"it answered function {received[1]} to {asked[1]}"
    if received[0] == asked[0] and received[1:2] == asked[1:2]:
        return f"it broke off its answer after {len(received)} bytes"
    return f"{len(received)} bytes came that are no answer to it: noise, or a line that is set otherwise"


class SerialConnection:
    """One port, opened when it is needed and anew after an error. One request is on the line at a time."""

    def __init__(self, line: SerialLine, timeout_s: float) -> None:
        """Nothing is opened yet."""
        self.name = line.path
        self.line = line
        self._timeout_s = timeout_s
        self._client = StrictSerialClient(line, timeout_s)
        self._stale_until_s = 0.0
        self._lock, self._ended = threading.Lock(), False

    def request(self, work: Callable[[ModbusBaseSyncClient], ModbusPDU]) -> ModbusPDU:
        """Carry out one request; raises TransportError naming the port when there is no sound answer."""
        with self._lock:
            if self._ended:
                raise TransportError(f"{self.name} was closed")
            if not self._client.connected:
                self._client.socket = opened(self.line, self._timeout_s)
            try:
                self._let_run_out()
                return work(self._client)
            except (ModbusException, OSError, termios.error) as error:
                self._failed(isinstance(error, ConnectionException | OSError | termios.error))
                raise TransportError(f"{self.name} {self._reason(error)} (time-out {self._timeout_s:g} s)") from error
            except BaseException:  # an interrupt in the middle: the answer on its way belongs to nobody
                self._failed(gone=False)
                raise

    def close(self) -> None:
        """Close the port for good: a later request raises TransportError."""
        with self._lock:
            self._ended = True
            self._client.close()  # type: ignore[no-untyped-call]  # pymodbus leaves it without annotations

    def _let_run_out(self) -> None:
        """Take what comes and nobody waits for, until nothing can come; raises ModbusIOException when it goes on."""
        end_s = max(self._stale_until_s, time.monotonic()) + self._timeout_s
        while self._client.listen(max(self._stale_until_s, self._client.quiet_from_s + self.line.silence_s)):
            if time.monotonic() > end_s:
                raise ModbusIOException("the line never falls silent")
        self._stale_until_s = 0.0

    def _failed(self, gone: bool) -> None:
        """Let a late answer run out before the next request; give up a port that is not there any more."""
        self._stale_until_s = time.monotonic() + self._timeout_s
        if gone:
            self._client.close()  # type: ignore[no-untyped-call]

    def _reason(self, error: Exception) -> str:
        if isinstance(error, ConnectionException | OSError | termios.error):
            return "is gone: the port does not carry anything any more"
        told = str(error).partition("] ")[2]  # behind pymodbus' own "Modbus Error: [Input/Output]"
        return "gave no answer" if told.startswith("No response") else f"gave no sound answer: {told}"


def opened(line: SerialLine, timeout_s: float) -> Any:
    """Open a port for this process alone; raises TransportError that says why it cannot be had."""
    try:
        return serial.Serial(
            line.path,
            line.baud,
            parity=_parity(line),
            stopbits=line.stop,
            timeout=0,
            write_timeout=timeout_s,
            exclusive=True,
        )
    except (OSError, ValueError, termios.error) as error:
        raise TransportError(f"cannot open {line.path}: {_why(line, error)}") from error


def _parity(line: SerialLine) -> str:
    """Return the parity to set: a pseudo-terminal carries bytes and no bits, and refuses one the second time."""
    return "N" if os.path.realpath(line.path).startswith(PSEUDO_TERMINALS) else line.parity


def _why(line: SerialLine, error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if not Path(line.path).exists():
        return "there is no serial port of this name"
    if number in {errno.EACCES, errno.EPERM}:
        return f"this user may not use it; it belongs to the group {_group(line.path)}"
    if number in {errno.EAGAIN, errno.EBUSY}:
        return "another program has it open"
    return f"it is no serial port, or cannot be set to {line.settings}"


def _group(path: str) -> str:
    number = os.stat(path).st_gid  # noqa: PTH116  the number, for a group that has no name
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
