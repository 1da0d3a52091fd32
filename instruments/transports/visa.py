"""SCPI over VISA. The one module that imports PyVISA; it uses the pure Python backend, so no vendor library is needed.

Each call is one message and one answer. A setting travels together with its acknowledgement (`...;*ESR?;*OPC?`, or what
the instrument's habits have in its place), for a message without an answer followed by a query costs 44 ms: Nagle's
algorithm waits for the delayed acknowledgement.
"""

import re
import socket
from types import TracebackType
from typing import Any, Self

import pyvisa
from pyvisa.resources import MessageBasedResource
from pyvisa_py.protocols.rpc import RPCError

from instruments.dialects.language import Acknowledgement, Habits
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.transports.framed_session import FramedSession, framed_place
from instruments.transports.scpi_acknowledgement import (
    NO_ERROR,
    Acknowledged,
    read_acknowledgement,
    split_units,
    without_headers,
)
from instruments.transports.scpi_values import parse_values, split_command
from instruments.transports.watched_socket import WatchedSocket, close_what_is_left
from instruments.wire import Value, WireExchange, WireObserver, unobserved

ANSWER_LIMIT = 65536
"""Longest answer taken, bytes; a device that sends more without an end is refused."""

ERROR_READS = 64
"""Most entries read from an error queue; a queue that does not end is an error of the instrument."""

_FAILURES = (pyvisa.Error, OSError, EOFError, RPCError)
"""What the backend raises when a link fails; the last two on VXI-11."""
_SOCKET_RESOURCE = re.compile(r"TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET", re.IGNORECASE)


Session = MessageBasedResource | FramedSession


class VisaLink:
    """A connection to one instrument, made at the first exchange and made again after one that failed.

    `resource` is a VISA resource name such as `TCPIP0::127.0.0.1::5025::SOCKET`, or `yokogawa+tcp://HOST:10001` for the
    framed protocol of that maker's LAN port. `observer` gets every exchange.
    `habits` are how the instrument ends lines and tells of errors.
    All methods raise TransportError, naming the resource, when the instrument does not answer within `timeout_s`;
    making a link raises ConfigError for a name that is none.
    """

    def __init__(
        self,
        resource: str,
        observer: WireObserver = unobserved,
        timeout_s: float = 2.0,
        habits: Habits = Habits(),  # noqa: B008  frozen
    ) -> None:
        _check_name(resource)
        self.resource = resource
        self.timeout_s = timeout_s
        self._observer = observer
        self.habits = habits
        self._session: Session | None = None
        self._socket: WatchedSocket | FramedSession | None = None
        self._cleared = self._ended = False

    def query(self, text: str) -> str:
        """Send a query and return its answer as it came, without the terminator."""
        answer = self._exchange(text)
        self._observer(WireExchange("scpi", "query", text, parse_values(answer)))
        return answer

    def query_checked(self, text: str) -> str:
        """Send a query together with what tells errors and return the answer to the query.

        Raises InstrumentError when the instrument reports an error, or that it was restarted, since the last check.
        """
        answer, told = self._acknowledged(text, "query", setting=False)
        self._finish("query", text, parse_values(answer), told)
        return answer

    def command(self, text: str) -> None:
        """Send a setting and wait until it is done: one message, one answer.

        Raises InstrumentError when the instrument reports an error, or that it was restarted, since the last check.
        """
        surplus, told = self._acknowledged(text, "write", setting=True)
        if surplus:
            raise self._broken("write", text, f"answered {surplus!r} to what is no query")
        address, values = split_command(text)
        self._finish("write", address, values, told)

    def start(self, text: str) -> None:
        """Send what begins something that takes its time, and do not wait for its end: nobody asks `*OPC?`.

        Raises InstrumentError as `command` does.
        """
        _, told = self._acknowledged(text, "write", setting=False)
        self._finish("write", text, (), told)

    def tell(self, text: str) -> None:
        """Send a message that nothing answers, and do not wait: for `*RST`, after which some are deaf for a while."""
        session = self._opened()
        if not self._cleared:
            self._cleared = self._clear(session)
        try:
            session.write(text)
        except _FAILURES as error:
            raise self._broken("write", text, self._reason(error)) from error
        self._observer(WireExchange("scpi", "write", text, ()))

    def check_errors(self) -> None:
        """Empty the instrument's error queue; raises InstrumentError listing all that was in it."""
        self._raise_errors([])

    def _raise_errors(self, errors: list[str]) -> None:
        while len(errors) < ERROR_READS:
            answer = self.query(self.habits.error_query)
            if NO_ERROR.match(answer):
                break
            errors.append(answer)
        if errors:
            raise InstrumentError(f"{self.resource} reports: {'; '.join(errors)}")

    def close(self) -> None:
        """Close the connection; the next exchange would open it again."""
        session, self._session, self._socket = self._session, None, None
        if session is not None:
            session.close()

    def end(self) -> None:
        """Close the connection for good: a later exchange, also one of another thread, raises TransportError."""
        self._ended = True
        self.close()

    def _acknowledged(self, text: str, operation: str, *, setting: bool) -> tuple[str, Acknowledged]:
        """Send a message with its acknowledgement; return the rest of the answer, and what was told."""
        answer = self._exchange(f"{text};{self.habits.words(setting=setting)}")
        asked: tuple[Acknowledgement, ...] = self.habits.asks(setting=setting)
        try:
            return read_acknowledgement(answer, asked)
        except ValueError as error:
            raise self._broken(operation, text, str(error)) from None

    def _finish(self, operation: str, address: str, values: tuple[Value, ...], told: Acknowledged) -> None:
        """Report an exchange and raise what was told of it."""
        if told.is_fine:
            self._observer(WireExchange("scpi", operation, address, values))
            return
        self._observer(WireExchange("scpi", operation, address, values, str(told)))
        if told.restarted:
            raise InstrumentError(f"{self.resource} was restarted and lost its settings (noticed at {address!r})")
        self._raise_errors([told.error] if told.error else [])
        raise InstrumentError(f"{self.resource} flags an error ({told}) at {address!r} and queues none")

    def _exchange(self, text: str) -> str:
        session = self._opened()
        if not self._cleared:
            self._cleared = self._clear(session)
        return self._round_trip(session, text)

    def _opened(self) -> Session:
        if self._session is None and not self._ended:
            place = framed_place(self.resource)
            self._session = self._open_framed(*place) if place else self._open()
        session = self._session
        if self._ended or session is None:  # also where another thread ended it while it was opened
            self.close()
            raise TransportError(f"{self.resource} was closed")
        return session

    def _open_framed(self, host: str, port: int) -> FramedSession:
        try:
            session = FramedSession(host, port, self.timeout_s, ANSWER_LIMIT)
        except OSError as error:
            reason = f"cannot connect and log in: {self._reason(error)}"
            self._observer(WireExchange("scpi", "open", self.resource, (), reason))
            raise TransportError(f"{self.resource}: {reason}") from error
        self._observer(WireExchange("scpi", "login", session.login.user, session.said))
        self._socket = session
        return session

    def _open(self) -> MessageBasedResource:
        wait_ms = round(1000 * self.timeout_s)
        try:
            _resolve_host(self.resource)
            session = _resource_manager().open_resource(
                self.resource,
                open_timeout=wait_ms,
                timeout=wait_ms,
                read_termination=self.habits.end,
                write_termination=self.habits.end,
            )
        except Exception as error:  # the backend raises bare Exception for a connection it cannot make
            close_what_is_left(error)
            reason = f"cannot connect: {error}"
            self._observer(WireExchange("scpi", "open", self.resource, (), reason))
            raise TransportError(f"{self.resource}: {reason}") from error
        if not isinstance(session, MessageBasedResource):
            session.close()
            raise ConfigError(f"{self.resource} is not a resource that takes messages")
        self._socket = _watched(session, self.timeout_s)
        if self.resource.upper().endswith("INSTR"):
            session.clear()  # an answer that was never read belongs to nobody
        return session

    def _clear(self, session: Session) -> bool:
        """Drop what the status registers and the error queue hold from before this link existed."""
        knows = self.habits.knows_completion
        answer = self._round_trip(session, "*CLS;*OPC?" if knows else f"*CLS;{self.habits.error_query}")
        if answer != "1" if knows else not NO_ERROR.match(answer):
            login = f"; to the login it said {session.said}" if isinstance(session, FramedSession) else ""
            raise self._broken("write", "*CLS", f"acknowledged with {answer!r}{login}")
        self._observer(WireExchange("scpi", "write", "*CLS", ()))
        return True

    def _round_trip(self, session: Session, text: str) -> str:
        if len(text) > self.habits.longest_message:
            raise ConfigError(f"{self.resource} takes {self.habits.longest_message} bytes at once, not {len(text)}")
        if len(split_units(text)) > self.habits.most_units:
            raise ConfigError(f"{self.resource} takes {self.habits.most_units} units at once, and not {text!r}")
        try:
            session = self._begun(session)
            session.write(text)
            answer = session.read_bytes(ANSWER_LIMIT, break_on_termchar=True)
        except _FAILURES as error:
            raise self._broken("query", text, self._reason(error)) from error
        except BaseException:  # an interrupt in the middle: the answer on its way belongs to nobody
            self.close()
            raise
        end = self.habits.end.encode("ascii")
        if not answer.endswith(end):
            raise self._broken("query", text, f"sent {len(answer)} bytes without an end")
        if self._socket and self._socket.received != len(answer):
            raise self._broken("query", text, "sent more than one answer")
        if not answer.isascii():
            raise self._broken("query", text, f"sent bytes that are not ASCII: {answer[:40]!r}")
        text = answer[: -len(end)].decode("ascii").strip()
        return without_headers(text) if self.habits.echoes_headers else text

    def _begun(self, session: Session) -> Session:
        """Return the session for an exchange: a new one where something came that would be taken for its answer."""
        if self._socket and self._socket.begin():
            self.close()
            session = self._opened()
            if self._socket:
                self._socket.begin()
        return session

    def _reason(self, error: Exception) -> str:
        if isinstance(error, pyvisa.VisaIOError) and error.error_code == pyvisa.constants.StatusCode.error_timeout:
            return f"no answer within {self.timeout_s:g} s"
        if isinstance(error, ConnectionRefusedError):
            return "connection refused: nothing listens at this address"
        return str(error)

    def _broken(self, operation: str, address: str, reason: str) -> TransportError:
        """Close the connection, so that a late answer is never taken for the next one, and say why."""
        self.close()
        self._observer(WireExchange("scpi", operation, address, (), reason))
        return TransportError(f"{self.resource}: {reason} (to {address!r})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_name(resource: str) -> None:
    if framed_place(resource):
        return
    try:
        pyvisa.rname.parse_resource_name(resource)
    except pyvisa.rname.InvalidResourceName as error:
        raise ConfigError(f"{resource!r} is not a VISA resource name: {error}") from error


def _watched(session: MessageBasedResource, timeout_s: float) -> WatchedSocket | None:
    """Put a watch on the backend's socket; None for a resource that has none."""
    backend: Any = session.visalib
    inner = backend.sessions[session.session]
    if not isinstance(getattr(inner, "interface", None), socket.socket):
        return None
    inner.interface = WatchedSocket(inner.interface, timeout_s)
    watched: WatchedSocket = inner.interface
    return watched


def prepare_visa() -> None:
    """Load the backend, so that the first exchange does not have to wait for it."""
    _resource_manager()


def _resource_manager() -> pyvisa.ResourceManager:
    """Return the process's manager. PyVISA keeps one, and makes it anew after somebody closed it: so it is not kept."""
    return pyvisa.ResourceManager("@py")


def _resolve_host(resource: str) -> None:
    """Look the host name up before the backend does, which leaks its socket when there is none; raises OSError."""
    if match := _SOCKET_RESOURCE.fullmatch(resource):
        socket.getaddrinfo(match["host"], int(match["port"]), socket.AF_INET)
