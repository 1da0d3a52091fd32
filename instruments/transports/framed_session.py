"""Messages in frames with a login before them, as the LAN port of Yokogawa's WT3000 and WT1600 wants them (port 10001).

Four bytes in network byte order stand before each text: the highest bit says that a message ends with this frame, the
others have the length of its text; nothing else ends a message (note of the maker on its legacy products; field report
on a WT1600 in sunspec/svp_energy_lab, issue 19). The instrument speaks first, is given a user's name and a password,
and says something to each. What it says to a login that it refuses is not known here: whether one holds, its first
answer shows. To what is no query it may answer with an empty message.
"""

import re
import socket
import struct
import time
from dataclasses import dataclass

_HEADER = struct.Struct(">I")
_LAST = 1 << 31
_RESOURCE = re.compile(r"yokogawa\+tcp://(?P<host>[^:/\s]+):(?P<port>\d{1,5})", re.IGNORECASE)


@dataclass(frozen=True)
class Login:
    """Who asks to be let in; an instrument as it is delivered knows this one."""

    user: str = "anonymous"
    password: str = ""


def framed_place(resource: str) -> tuple[str, int] | None:
    """Return host and port of `yokogawa+tcp://HOST:PORT`, None for a resource of another form."""
    found = _RESOURCE.fullmatch(resource)
    return (found["host"], int(found["port"])) if found else None


def framed(text: bytes) -> bytes:
    """Put a whole message into one frame."""
    return _HEADER.pack(_LAST | len(text)) + text


class FramedSession:
    """A connection that is logged in; takes the place of a backend's session and of the socket under it.

    Everything raises OSError: TimeoutError when a whole message has not come `timeout_s` after the exchange began,
    ConnectionError when the far end has closed, or has sent more than `limit` bytes in one message.
    """

    def __init__(self, host: str, port: int, timeout_s: float, limit: int, login: Login = Login()) -> None:
        """Connect and log in; `said` has what the instrument said to that."""
        self._timeout_s, self._limit, self.login = timeout_s, limit, login
        self.received = 0
        self.said: tuple[str, ...] = ()
        self._deadline_s = time.monotonic() + timeout_s
        self._socket = socket.create_connection((host, port), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.said = self._log_in()
        except BaseException:
            self.close()
            raise

    def begin(self) -> bool:
        """Begin an exchange; tell whether something is there already that nobody asked for."""
        self._deadline_s, self.received = time.monotonic() + self._timeout_s, 0
        stale = False
        while self._is_there():
            stale = bool(self._message()) or stale  # an empty one answers what was no query
        return stale

    def write(self, text: str) -> None:
        """Send a message."""
        self._socket.settimeout(self._timeout_s)
        self._socket.sendall(framed(text.encode("ascii")))

    def read_bytes(self, _count: int, break_on_termchar: bool = True) -> bytes:  # noqa: ARG002 as a backend's session
        """Return the next message that is not empty, with an end."""
        while not (text := self._message()):
            pass
        answer = text.rstrip(b"\r\n") + b"\n"
        self.received = len(answer)
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _log_in(self) -> tuple[str, ...]:
        said = [self._message()]
        for word in (self.login.user, self.login.password):
            self.write(word)
            said.append(self._message())
        return tuple(text.decode("latin-1").strip() for text in said)

    def _is_there(self) -> bool:
        self._socket.setblocking(False)
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False

    def _message(self) -> bytes:
        """Read frames up to the last one of a message."""
        text, last = b"", False
        while not last:
            (header,) = _HEADER.unpack(self._exactly(_HEADER.size))
            last, length = bool(header & _LAST), header & ~_LAST
            if len(text) + length > self._limit:
                raise ConnectionError(f"it sends a message of {len(text) + length} bytes, more than {self._limit}")
            text += self._exactly(length)
        return text

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            left_s = self._deadline_s - time.monotonic()
            if left_s <= 0.0:
                raise TimeoutError(f"no whole answer within {self._timeout_s:g} s")
            self._socket.settimeout(left_s)
            try:
                part = self._socket.recv(count - len(found))
            except TimeoutError:
                raise TimeoutError(f"no whole answer within {self._timeout_s:g} s") from None
            if not part:
                raise ConnectionResetError("it closed the connection")
            found += part
        return found
