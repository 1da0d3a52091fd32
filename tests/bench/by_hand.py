"""A small use case made by hand, and a matcher on it whose judge says what the test tells it to."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.bus import Delivery, Message
from bench.clock import Clock
from bench.evidence import Evidence
from bench.link_log import LinkLog
from bench.measurement import Limits, Measurement, PowerReading
from bench.messages.customers import CustomerStatus, Override
from bench.messages.equipment import AssetCommand, OperationalCommand, Payload, VoltageOutOfRangeEvent
from bench.messages.names import Information, Party
from bench.messages.resources import PeakingRequirements, RequiredResources, TransmissionConstraint
from bench.use_case.conformance import Conformance
from bench.use_case.hindrances import Hindrances
from bench.use_case.model import Row
from bench.use_case.row_watch import Instance
from reports.run_directory import RunWriter
from reports.verdict import RowState


def row(number: str, producer: Party, receiver: Party, information: Information, **columns: Any) -> Row:
    """Make a row that sends, once, within 30 s of the rows before it, unless `columns` say otherwise."""
    cells = {
        "order": 1,
        "scenario": number.split(".", maxsplit=1)[0],
        "row": number,
        "kind": "exchange",
        "verb": "sends",
        "producer": producer.value,
        "receiver": receiver.value,
        "information": information.value,
        "per": "once",
        "wire": "none",
        "limit_s": 30.0,
        "limit_from": "rows",
        "activity": "made by hand",
        "erratum": "",
    }
    return Row.model_validate(cells | columns)


def alert(meter: str = "m1", voltage_v: float = 113.0) -> VoltageOutOfRangeEvent:
    return VoltageOutOfRangeEvent(meter=meter, condition="under", voltage_v=voltage_v)


def command(device: str = "battery", power_kw: float = 500.0) -> OperationalCommand:
    asset = AssetCommand(device=device, kind="battery", power_kw=power_kw, duration_s=3600.0)
    return OperationalCommand(event="e1", command=asset)


@dataclass
class FakeJudge:
    """Requires, objects and measures as the test says; a payload's instance is its meter or its device."""

    requires: dict[str, dict[str, float | None]] = field(default_factory=dict)
    soon: dict[str, set[str]] = field(default_factory=dict)
    objections: dict[str, str] = field(default_factory=dict)
    measurements: dict[str, Measurement] = field(default_factory=dict)

    def selects(self, row: Row, payload: Payload) -> bool:  # noqa: ARG002
        return True

    def instance(self, row: Row, payload: Payload) -> str:
        if row.per == "meter" and isinstance(payload, VoltageOutOfRangeEvent):
            return payload.meter
        if row.per == "customer" and isinstance(payload, Override | CustomerStatus):
            return payload.customer
        return payload.command.device if row.per == "device" and isinstance(payload, OperationalCommand) else ""

    def required(self, row: Row, time_s: float, occurrence: str = "") -> Mapping[str, float | None]:  # noqa: ARG002
        return self.requires.get(row.number, {"": None} if row.per == "once" else {})

    def pending(self, row: Row, time_s: float) -> set[str]:  # noqa: ARG002
        return self.soon.get(row.number, set())

    def objection(self, row: Row, delivery: Delivery) -> str | None:  # noqa: ARG002
        return self.objections.get(row.number)

    def forbidden(self, row: Row, delivery: Delivery) -> str | None:  # noqa: ARG002
        return self.objections.get(f"forbidden {row.number}")

    def remark(self, row: Row, delivery: Delivery) -> str:  # noqa: ARG002
        return self.objections.get(f"remark {row.number}", "")

    def effect(self, row: Row, instance: str, since_s: float, occurrence: str = "") -> Measurement | None:  # noqa: ARG002
        return self.measurements.get(instance)

    def vacant(self, row: Row, occurrence: str = "") -> str | None:  # noqa: ARG002
        return self.objections.get(f"vacant {row.number}")

    def not_rightly_absent(self, row: Row) -> str | None:
        return self.objections.get(f"absent {row.number}")


def power(value: float | None, uncertainty: float = 5.0, commanded: float = 500.0) -> Measurement:
    """Measure a battery that has to hold its command within 30 kW."""
    return Measurement(
        "active power of battery", value, "kW", uncertainty, 1.0, "power_analyzer", Limits.around(commanded, 30.0)
    )


@dataclass
class FakeHomes:
    """Customers, meters and plant that answer what the test gives them."""

    enrolled: set[str] = field(default_factory=lambda: {"a", "b"})
    offered_kw: float = 6.2
    true_shed_kw: float = 6.1
    load_kw: float = 8010.0
    lowest_v: tuple[float, float] = (114.5, 114.2)
    wrong: str | None = None
    noted: list[str] = field(default_factory=list)

    def is_enrolled(self, customer: str) -> bool:
        return customer in self.enrolled

    def is_right(self, override: Override) -> bool:
        return override.code_proof == "right"

    def offer_kw(self, customers: Collection[str]) -> float:  # noqa: ARG002
        return self.offered_kw

    def shed_kw(self, customers: Collection[str]) -> float:  # noqa: ARG002
        return self.true_shed_kw

    def head_load_kw(self) -> float:
        return self.load_kw

    def lowest_after_v(self, customers: Collection[str], at_meters: Collection[str]) -> tuple[float, float]:  # noqa: ARG002
        return self.lowest_v

    def note_load(self, customers: Sequence[str]) -> None:
        self.noted += customers

    def reduction(self, customer: str, by_profile: bool) -> Measurement:
        wanted = 3.0 if by_profile else 0.0
        return Measurement(customer, 3.0, "kW", 0.0, 40.0, f"net_{customer}", Limits.around(wanted, 0.4))

    def misread(self, meter: str, power_w: float) -> str | None:  # noqa: ARG002
        return self.wrong


@dataclass
class FakePlans:
    """Models, plant and equipment that answer about planned DER what the test gives them."""

    objections: dict[str, str] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=lambda: {"battery": 500.0, "dg": 300.0})
    small: set[str] = field(default_factory=set)
    load_kw: float = 8000.0
    powers_kw: dict[str, float] = field(default_factory=lambda: {"battery": 500.0, "dg": 300.0})

    def planned_wrongly(self, plan: PeakingRequirements) -> str | None:  # noqa: ARG002
        return self.objections.get("plan")

    def scheduled_wrongly(self, plan: PeakingRequirements, required: RequiredResources) -> str | None:  # noqa: ARG002
        return self.objections.get("schedule")

    def constrained_wrongly(self, constraint: TransmissionConstraint) -> str | None:  # noqa: ARG002
        return self.objections.get("constraint")

    def rating_kw(self, device: str) -> float | None:
        return self.most_kw(device, 0.0)

    def most_kw(self, device: str, duration_s: float) -> float | None:  # noqa: ARG002
        return self.most.get(device)

    @property
    def dispatchable(self) -> frozenset[str]:
        return frozenset(self.most) - self.small

    def is_eligible(self, device: str) -> bool:
        return device not in self.small

    def head_load_kw(self) -> float:
        return self.load_kw

    def power(self, device: str) -> PowerReading | None:
        known_kw = self.powers_kw.get(device)
        return None if known_kw is None else PowerReading(known_kw, 1.0, "power_analyzer", 40.0)


class Stage:
    """A matcher on a clock that the test moves by hand, with evidence in a run directory of its own."""

    def __init__(
        self,
        folder: Path,
        rows: tuple[Row, ...],
        before: Mapping[str, set[str]],
        judge: FakeJudge,
        rivals: Callable[[str], frozenset[str]] = lambda _number: frozenset(),
        absent: Collection[str] = (),
        repeating: Collection[str] = (),
    ) -> None:
        self.clock = Clock()
        self.writer = RunWriter.create(folder / "run")
        self.evidence = Evidence(self.writer, self.clock, "1")
        self.judge, self.links = judge, LinkLog()
        self.conformance = Conformance(
            rows,
            lambda number: frozenset(before.get(number, ())),
            judge,
            self.evidence,
            self.clock,
            rivals,
            absent,
            repeating,
            Hindrances(self.links, judge, self.clock),
        )

    def until(self, time_s: float) -> None:
        """Let time pass in steps of a second, as the plant does."""
        while self.clock.now_s < time_s:
            self.clock.run_until(min(self.clock.now_s + 1.0, time_s))
            self.conformance.tick()

    def arrive(
        self,
        producer: Party,
        receiver: Party,
        information: Information,
        payload: Payload,
        correlation: str = "e1",
        evidence: tuple[str, ...] = (),
        hindrance: str = "",
    ) -> Delivery:
        """Let a message arrive now."""
        message = Message(producer, receiver, information, payload, correlation, evidence=evidence)
        now = self.clock.now_s
        delivery = Delivery(self.evidence.message(message, now, now), now, now, message, hindrance)
        self.conformance.hear(delivery)
        return delivery

    def state(self, number: str) -> RowState:
        return self.conformance.watches[number].state

    def instance(self, number: str, name: str = "") -> Instance:
        return self.conformance.watches[number].instances[name]

    def notes(self, number: str) -> str:
        return "; ".join(self.conformance.watches[number].notes)
