"""DNP3 master over TCP, on py1815's state machine of an association. Outstations behind one address share a connection.

Synchronous, one request under way at a time. A read is asked for once and a command is never sent again.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

from py1815.application import FunctionCode, object_header
from py1815.decode import PointType
from py1815.master import controls, requests
from py1815.master.association import Exchange, MasterAssociation

from instruments.dnp3_points import PointEvent, PointValue, Ref
from instruments.errors import Doubtful, InstrumentError, TransportError
from instruments.transports.dnp3_answers import (
    POINT_TYPES,
    changes,
    disbelief,
    objection,
    present_values,
    refused,
    restarted,
    shown,
)
from instruments.transports.dnp3_attributes import ATTRIBUTES, parse_attributes
from instruments.transports.dnp3_connection import TIMEOUT_S, Dnp3Connection
from instruments.wire import Value, WireExchange, WireObserver, unobserved

EVENTS_KEPT = 1000
MASTER = 1
"""Link address of the bench where its file gives none."""
E = TypeVar("E", bound=Exception)

logging.getLogger("py1815").addHandler(logging.NullHandler())  # what it drops is told by the error that follows


@dataclass(frozen=True)
class Poll:
    """What a poll of classes brought: present values, and changes in their order."""

    values: dict[Ref, PointValue] = field(default_factory=dict)
    events: tuple[PointEvent, ...] = ()


class Dnp3Link:
    """One outstation. Each request and its answer go to the observer, points written as `ai 0-3, bi 7`.

    Raises TransportError when the link fails; InstrumentError when the outstation refuses or lacks a point; Doubtful
    when it answers what cannot be believed, says that it is in trouble where values are read, or shows that it was
    restarted since the last exchange: what it held by then is lost. The restart is acknowledged by then.
    """

    def __init__(
        self,
        connection: Dnp3Connection,
        outstation: int,
        master: int = MASTER,
        observer: WireObserver = unobserved,
        before: Callable[[str], None] = lambda _operation: None,
    ) -> None:
        """Take the link addresses of both; `before` is told of each request, `read` or `write`, before it is sent."""
        self.name = f"{connection.name}/{outstation}"
        self._connection = connection
        self._observer = observer
        self._before = before
        self._association = MasterAssociation(
            outstation_address=outstation, master_address=master, response_timeout=connection.timeout_s
        )
        self._is_known = False
        self._owes_acknowledgement = False
        self._unasked: deque[PointEvent] = deque(maxlen=EVENTS_KEPT)

    def read(self, refs: Iterable[Ref]) -> dict[Ref, PointValue]:
        """Read points' present values in one request."""
        wanted = sorted(set(refs))
        by_type: dict[PointType, list[int]] = {}
        for ref in wanted:
            by_type.setdefault(POINT_TYPES[ref.kind], []).append(ref.index)
        label = spans(wanted)
        found = self._poll("read", label, requests.read_points(by_type)).values if wanted else {}
        if missing := [ref for ref in wanted if ref not in found]:
            raise self._reported(InstrumentError(f"{self.name} did not send {spans(missing)}"), "read", label, ())
        if wanted:
            told = tuple(shown(ref.kind, found[ref]) for ref in wanted)
            self._observer(WireExchange("dnp3", "read", label, told))
        return {ref: found[ref] for ref in wanted}

    def poll(self, *classes: int) -> Poll:
        """Read classes, by default all: 1, 2 and 3 bring changes (also those sent unasked before), 0 present values."""
        wanted = classes or (1, 2, 3, 0)
        label = f"class {', '.join(map(str, wanted))}"
        polled = self._poll("read", label, requests.class_scan(*wanted))
        events = (*self._unasked, *polled.events)
        self._unasked.clear()
        told = [shown(ref.kind, value) for ref, value in polled.values.items()]
        self._observer(WireExchange("dnp3", "read", label, (*told, *(shown(e.ref.kind, e.value) for e in events))))
        return Poll(polled.values, events)

    def operate(
        self, ref: Ref, order: float | str, select: bool = False, variation: int = 1, pulse_ms: int = 0
    ) -> None:
        """Command an output: `latch_on`, `latch_off`, `pulse_on`, `pulse_off`, `trip` or `close`, or a raw number.

        With `select` it is selected first and operated only when that was accepted. `variation` of g41: 1 and 2 are
        integers of 32 and 16 bits, 3 and 4 floats of 32 and 64. `pulse_ms`: how long a pulse is to last, 0 leaves that
        to the outstation. Raises ValueError for an order that cannot be sent.
        """
        if isinstance(order, str):
            command = controls.binary(ref.index, {"operation": order, "on_time_ms": pulse_ms})
        else:
            command = controls.analog(ref.index, order, variation)
        plan = controls.Plan((command,), controls.Mode.SELECT if select else controls.Mode.DIRECT)
        done: list[Exchange] = []
        while (step := plan.next(done)) is not None:
            done.append(self._command(ref, order, command, *step))

    def write_time(self, time_ms: int) -> None:
        """Set the outstation's clock, ms since 1970, UTC."""
        self._request("write", "time", (time_ms,), FunctionCode.WRITE, requests.write_time(time_ms))
        self._observer(WireExchange("dnp3", "write", "time", (time_ms,)))

    def read_attributes(self) -> dict[int, str]:
        """Read who made it and what it is, by variation of group 0; what the outstation has nothing of is left out."""
        body = b"".join(object_header(0, variation, start=0, stop=0) for variation in ATTRIBUTES)
        exchange = self._request("read", "attributes", (), FunctionCode.READ, body, may_lack=True)
        found, is_whole = parse_attributes(b"".join(part.unread for part in exchange.undecoded))
        if not is_whole:
            cut = Doubtful(f"{self.name} sent device attributes that end in the middle")
            raise self._reported(cut, "read", "attributes", ())
        self._observer(WireExchange("dnp3", "read", "attributes", tuple(found.values())))
        return found

    def _poll(self, operation: str, label: str, body: bytes) -> Poll:
        exchange = self._request(operation, label, (), FunctionCode.READ, body)
        if error := disbelief(self.name, exchange):
            raise self._reported(error, operation, label, ())
        return Poll(dict(present_values(exchange.objects)), tuple(changes(exchange.objects)))

    def _command(
        self, ref: Ref, order: float | str, command: controls.Command, function: FunctionCode, body: bytes
    ) -> Exchange:
        operation = "select" if function is FunctionCode.SELECT else "write"
        exchange = self._request(operation, str(ref), (order,), function, body, may_lack=True)
        if error := objection(self.name, _VERBS[operation], f"{ref} to {order}", command, exchange):
            raise self._reported(error, operation, str(ref), (order,))
        self._observer(WireExchange("dnp3", operation, str(ref), (order,)))
        return exchange

    def _request(
        self,
        operation: str,
        label: str,
        values: tuple[Value, ...],
        function: FunctionCode,
        body: bytes,
        may_lack: bool = False,
    ) -> Exchange:
        """Carry out a request; one that `may_lack` what it is about looks at the answer's errors by itself."""
        if self._owes_acknowledgement and function is not FunctionCode.OPERATE:  # which has to follow its select
            self._acknowledge_restart()
        self._before("write" if operation == "write" else "read")
        exchange = self._carried(operation, label, values, function, body)
        self._unasked.extend(e for news in self._association.take_unsolicited() for e in changes(news.objects))
        words = "" if may_lack else refused(exchange)
        if words:
            raise self._reported(
                InstrumentError(f"{self.name} refused to {operation} {label}: {words}"), operation, label, values
            )
        if restarted(exchange):
            self._meet_restart(operation, label, values, function)
        self._is_known = True
        return exchange

    def _acknowledge_restart(self) -> None:
        exchange = self._carried("acknowledge", "restart", (), FunctionCode.WRITE, requests.clear_restart())
        self._owes_acknowledgement = False
        if words := refused(exchange) or ("it is indicated still" if restarted(exchange) else ""):
            told = f"{self.name} does not take that its restart is acknowledged: {words}"
            raise self._reported(Doubtful(told), "acknowledge", "restart", ())
        self._observer(WireExchange("dnp3", "acknowledge", "restart", ()))

    def _meet_restart(self, operation: str, label: str, values: tuple[Value, ...], function: FunctionCode) -> None:
        """Acknowledge a restart, which is no news at the first contact; behind a select not before its operate."""
        is_news = self._is_known and not self._owes_acknowledgement
        self._owes_acknowledgement = True
        if function is not FunctionCode.SELECT:
            self._acknowledge_restart()
        if is_news:
            lost = Doubtful(f"{self.name} was restarted and may have lost its settings (noticed at {label})")
            raise self._reported(lost, operation, label, values)

    def _carried(
        self, operation: str, label: str, values: tuple[Value, ...], function: FunctionCode, body: bytes
    ) -> Exchange:
        try:
            return self._connection.exchange(self._association, function, body)
        except TransportError as error:
            named = TransportError(str(error).replace(self._connection.name, self._whereabouts))
            raise self._reported(named, operation, label, values) from error.__cause__

    @property
    def _whereabouts(self) -> str:
        """Its name, with its address where that is not part of it: for whoever has to look at the cable."""
        address = self._connection.name
        return self.name if address in self.name else f"{self.name} at {address}"

    def _reported(self, error: E, operation: str, label: str, values: tuple[Value, ...]) -> E:
        """Report an exchange that failed; the wire log names devices, so an address that changes stays out of it."""
        told = str(error)
        for name in (self._whereabouts, self.name, self._connection.name):
            told = told.replace(name, "the device")
        self._observer(WireExchange("dnp3", operation, label, values, told))
        return error


_VERBS = {"select": "select", "write": "operate"}


class Dnp3Connections:
    """The connections of a bench, one for each address; a context manager that closes them all."""

    def __init__(self, before: Callable[[str], None] = lambda _operation: None) -> None:
        """Take who is told of each request, `read` or `write`, before it is on the wire."""
        self._before = before
        self._open: dict[tuple[str, int], Dnp3Connection] = {}

    def link(
        self,
        host: str,
        port: int,
        outstation: int,
        master: int = MASTER,
        observer: WireObserver = unobserved,
        timeout_s: float = TIMEOUT_S,
    ) -> Dnp3Link:
        """Return a link to an outstation; the first link to an address sets its time-out."""
        key = (host, port)
        if key not in self._open:
            self._open[key] = Dnp3Connection(host, port, timeout_s)
        return Dnp3Link(self._open[key], outstation, master, observer, self._before)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open.values():
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def spans(refs: Iterable[Ref]) -> str:
    """Write points down with neighbours joined: `ai 0-3, bi 7`."""
    runs: list[list[Ref]] = []
    for ref in sorted(refs):
        if runs and runs[-1][-1] == Ref(ref.kind, ref.index - 1):
            runs[-1].append(ref)
        else:
            runs.append([ref])
    return ", ".join(f"{run[0]}" + (f"-{run[-1].index}" if len(run) > 1 else "") for run in runs)
