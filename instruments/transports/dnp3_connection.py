"""One TCP connection to DNP3 outstations: a request goes out, and what comes back is taken until it is answered."""

import socket
import threading
import time

from py1815.application import FunctionCode
from py1815.master.association import Exchange, MasterAssociation

from instruments.errors import TransportError

TIMEOUT_S = 2.0
RECEIVED = 4096


class Dnp3Connection:
    """One TCP connection, opened anew after an error; a late answer to a request given up does not outlive it."""

    def __init__(self, host: str, port: int, timeout_s: float = TIMEOUT_S) -> None:
        """Nothing is opened yet."""
        self.name = f"{host}:{port}"
        self.timeout_s = timeout_s
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._lock, self._ended = threading.Lock(), False
        self._came = 0

    def exchange(self, association: MasterAssociation, function: FunctionCode, body: bytes) -> Exchange:
        """Carry out one request; raises TransportError naming the address when there is no whole answer in time."""
        with self._lock:
            try:
                return self._exchange(association, function, body)
            except BaseException as error:
                self._drop()
                association.connection_reset()
                association.take()
                if not isinstance(error, OSError):
                    raise
                raise TransportError(f"{self.name} {self._reason(error)}") from error

    def close(self) -> None:
        """Close the connection for good: a later request raises TransportError."""
        with self._lock:
            self._ended = True
            self._drop()

    def _exchange(self, association: MasterAssociation, function: FunctionCode, body: bytes) -> Exchange:
        link = self._opened()
        if not self._take_news(link, association):
            self._drop()
            association.connection_reset()
            link = self._opened()
        self._came, deadline_s = 0, time.monotonic() + self.timeout_s
        link.settimeout(self.timeout_s)
        link.sendall(association.request(function, body))
        while association.busy:
            self._take(link, association, deadline_s)
        finished = association.take()
        if finished is None or not finished.complete:
            raise TimeoutError
        return finished

    def _take(self, link: socket.socket, association: MasterAssociation, deadline_s: float) -> None:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0.0:
            raise TimeoutError
        link.settimeout(left_s)
        data = link.recv(RECEIVED)
        if not data:
            raise ConnectionResetError
        self._came += len(data)
        if reply := association.receive(data):
            link.sendall(reply)

    def _take_news(self, link: socket.socket, association: MasterAssociation) -> bool:
        """Take what an outstation sent unasked; False when the far end has closed in the meantime."""
        link.settimeout(0.0)
        try:
            data = link.recv(RECEIVED)
        except BlockingIOError:
            return True
        except OSError:
            return False
        reply = association.receive(data)
        if reply:
            link.settimeout(self.timeout_s)
            link.sendall(reply)
        return bool(data)

    def _opened(self) -> socket.socket:
        if self._socket is None:
            if self._ended:
                raise TransportError(f"{self.name} was closed")
            try:
                self._socket = socket.create_connection(self._address, timeout=self.timeout_s)
            except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
                reason = getattr(error, "strerror", None) or error
                raise TransportError(f"cannot connect to {self.name}: {reason}") from error
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _reason(self, error: OSError) -> str:
        if isinstance(error, TimeoutError):
            heard = f" in {self._came} octets" if self._came else ""
            return f"gave no sound answer{heard} (time-out {self.timeout_s:g} s)"
        return f"closed the connection (time-out {self.timeout_s:g} s)"
