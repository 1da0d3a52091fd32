"""The guardian: a process of its own that makes real equipment safe when the bench is gone without having done so.

It knows nothing of the bench but what stands in its orders: the sections of the devices and their addresses. It opens
connections only when it acts, each device in a thread of its own, and tries again what did not work.
"""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from bench.assembly.drivers import DriverRack
from bench.assembly.resources import parse_resource
from bench.config import Device
from instruments.transports.visa import prepare_visa
from instruments.wire import WireExchange

RECORD_FILE = "guardian.jsonl"
"""What the guardian did, in the run directory; there is none when it had nothing to do."""
READY, DONE, ACT = "ready", "done", "act"
"""Words on the pipes: to the bench, the guardian is up; from the bench, all is proven safe, or it is not."""
WATCH_S = 0.2
"""How often the parent's process id is looked at, beside the end of the pipe, s."""
REQUEST_S = 1.0
"""Longest wait for one answer, s; a section's shorter time-out counts."""
AGAIN_S = 0.1
GONE_S, ASKED_S = 60.0, 8.0
"""How long a device is tried: after the bench is gone, and while a bench waits for the outcome, s."""


@dataclass(frozen=True)
class Ward:
    """A device to be made safe: its section of the bench file, and where it answers."""

    name: str
    device: Device
    resource: str

    def plain(self) -> dict[str, Any]:
        """Return it as data for the pipe."""
        return {"name": self.name, "device": self.device.model_dump(mode="json"), "resource": self.resource}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Ward":
        """Take it from the pipe, with a time-out that leaves time to try again."""
        device = Device.model_validate(plain["device"])
        wait_s = min(device.patience_s, REQUEST_S)
        return cls(plain["name"], device.model_copy(update={"timeout_s": wait_s}), plain["resource"])


@dataclass
class Outcome:
    """What came of one device; `safe` is what the driver proved by reading back."""

    device: str
    safe: bool = False
    attempts: int = 0
    elapsed_s: float = 0.0
    error: str = ""
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    """Those of the last attempt that wrote something or failed."""


class Orders:
    """The pipe from the bench: first the wards, then at most one word, then its end."""

    def __init__(self, pipe: int) -> None:
        self._pipe, self._pending, self._ended = pipe, b"", False

    def line(self, parent: int | None = None) -> str | None:
        """Return the next line; None when the pipe ends, or `parent` is not the parent any more."""
        while b"\n" not in self._pending:
            if self._ended or (parent is not None and os.getppid() != parent):
                return None
            if select.select([self._pipe], [], [], WATCH_S)[0]:
                received = os.read(self._pipe, 65536)
                self._pending += received
                self._ended = not received
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode()


class Record:
    """Appends lines to a file that is opened when there is something to write; a disk that is full stops nothing."""

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, **entry: Any) -> None:
        """Append one line and bring it to the disk."""
        line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry}) + "\n"
        with suppress(OSError), Path(self._path).open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def guard() -> None:
    """Wait for the bench's word or its end, and act unless the word was that all is proven safe."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # who stops the bench does not stop what guards it
    orders = Orders(sys.stdin.fileno())
    first = orders.line()
    if first is None:
        return
    told = json.loads(first)
    wards = [Ward.of(plain) for plain in told["wards"]]
    _prepare(wards)
    _answer(READY)
    word = orders.line(told["bench_pid"])
    if word != DONE:
        asked = word == ACT
        because = "the bench could not prove the safe state" if asked else f"process {told['bench_pid']} is gone"
        act(wards, Record(told["record"]), because, ASKED_S if asked else GONE_S)


def act(wards: list[Ward], record: Record, because: str, limit_s: float) -> list[Outcome]:
    """Make every device safe, all at the same time; return and record what came of each within `limit_s`."""
    began_s = time.monotonic()
    outcomes = {ward.name: Outcome(ward.name) for ward in wards}
    finished: SimpleQueue[Outcome] = SimpleQueue()
    for group in _together(wards):
        work = ([(ward, outcomes[ward.name]) for ward in group], began_s + limit_s, finished)
        Thread(target=_make_safe, args=work, name=f"safe-{group[0].name}", daemon=True).start()
    record.write(event="acting", because=because, guardian_pid=os.getpid(), devices=list(outcomes))
    waiting = set(outcomes)
    while waiting and (left_s := began_s + limit_s + REQUEST_S - time.monotonic()) > 0:
        with suppress(Empty):
            outcome = finished.get(timeout=left_s)
            outcome.elapsed_s = round(time.monotonic() - began_s, 3)
            waiting.discard(outcome.device)
            record.write(**asdict(outcome))
    for name in sorted(waiting):
        outcomes[name].error = f"did not finish within {limit_s:g} s"
        record.write(**asdict(outcomes[name]))
    record.write(event="ended", unsafe=sorted(name for name, outcome in outcomes.items() if not outcome.safe))
    return list(outcomes.values())


def _together(wards: list[Ward]) -> Iterator[list[Ward]]:
    """Group wards that cannot be reached at the same time: those on one serial port, which one has at a time."""
    ports: dict[str, list[Ward]] = {}
    for ward in wards:
        resource = parse_resource(ward.resource)
        if resource.line is None:
            yield [ward]
        else:
            ports.setdefault(resource.lease_key, []).append(ward)
    yield from ports.values()


def _make_safe(group: list[tuple[Ward, Outcome]], end_s: float, finished: SimpleQueue[Outcome]) -> None:
    """Try the devices of a group in turn until all are safe, or the time is over."""
    while group:
        for ward, outcome in group:
            outcome.attempts += 1
            outcome.error = _attempt(ward, outcome)
            outcome.safe = not outcome.error
            if outcome.safe:
                finished.put(outcome)
        group = [(ward, outcome) for ward, outcome in group if not outcome.safe]
        if time.monotonic() + AGAIN_S > end_s:
            break
        if group:
            time.sleep(AGAIN_S)
    for _, outcome in group:
        finished.put(outcome)


def _attempt(ward: Ward, outcome: Outcome) -> str:
    """Open the driver anew, make its device safe and close: one that takes a single client is free for the next."""
    exchanges: list[dict[str, Any]] = []

    def observe(exchange: WireExchange) -> None:
        if exchange.operation != "read" or exchange.error:
            exchanges.append(asdict(exchange))

    rack = DriverRack()
    try:
        rack.open(ward.name, ward.device, parse_resource(ward.resource), observe).make_safe()
    except Exception as error:  # a mistake in a driver is an outcome like any other
        return f"{type(error).__name__}: {error}"
    finally:
        outcome.exchanges = exchanges
        with suppress(Exception):
            rack.close()
    return ""


def _prepare(wards: list[Ward]) -> None:
    """Do beforehand what takes time and sends nothing; raises ConfigError for a device that no driver fits."""
    rack = DriverRack()
    for ward in wards:
        rack.open(ward.name, ward.device, parse_resource(ward.resource), lambda _exchange: None)
    prepare_visa()


def _answer(word: str) -> None:
    with suppress(OSError):
        sys.stdout.write(word + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    guard()
