"""Physical proof of what resources did: at their terminals, in their batteries and at the feeder's head.

Commands and the MDMS's result are taken from the bus, as what is to be proven; everything that proves it comes from the
plant, from instruments and from the batteries' own registers.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from bench.bus import Delivery
from bench.measurement import Limits, Measurement, PowerReading
from bench.messages.customers import CustomerCall, LoadAffected
from bench.messages.equipment import AssetCommand, OperationalCommand, Payload
from bench.messages.names import Information
from bench.messages.resources import DispatchRequest, PeakingRequirements, ResourceRequest, TransmissionConstraint
from bench.plant.plant import PlantState
from instruments.errors import InstrumentError, TransportError
from instruments.readings import StorageReading

COMMAND_CLAUSE = "resource: holds its command while that is in force"
ENERGY_CLAUSE = "battery: stored energy follows the measured power"
HEAD_CLAUSE = "feeder's head: takes less by what was required"
RELIEF_CLAUSE = "resources and customers: spare the grid what is required"
AFFECTED_CLAUSE = "total load affected: within 5 % of the true difference"

SETTLE_S = 30.0
"""How long after a command a resource may be on its way to it, s."""
AHEAD_S = 5.0
"""How much earlier than its message a command may have been written, and so runs out, s."""
ENERGY_TOLERANCE, STATE_TOLERANCE = 0.05, 0.005
"""How far the change of stored energy may lie from what flowed: a share of that, and one of the capacity, per unit."""
STATE_STEP_PCT = 0.01
"""What a register of the state of charge resolves, percentage points."""
HEAD_MEAN_S = 5.0
"""Over how long the power at the feeder's head is averaged before it is compared, s."""
AFFECTED_TOLERANCE_PCT = 5.0
HOUR_S = 3600.0

ReadPower = Callable[[], PowerReading | None]


@dataclass(frozen=True)
class MeasuredResource:
    """A resource that takes commands: its power as another source measures it, and within what it has to hold them."""

    reading: ReadPower
    accuracy_kw: float


@dataclass
class InForce:
    """A command in force since a time, and of the power measured meanwhile that which was farthest from it."""

    command: AssetCommand
    since_s: float
    farthest: PowerReading | None = None

    def covers(self, time_s: float) -> bool:
        """Whether the resource must be at its command at a time."""
        return self.since_s + SETTLE_S <= time_s <= self.since_s + self.command.duration_s - AHEAD_S

    def take(self, reading: PowerReading) -> None:
        """Keep a reading when it is farther from the command than all before."""
        if self.farthest is None or self._off_kw(reading) > self._off_kw(self.farthest):
            self.farthest = reading

    def _off_kw(self, reading: PowerReading) -> float:
        return abs(reading.power_kw - self.command.power_kw)


class CommandWatch:
    """Holds every resource's measured power against its command at each step of the plant."""

    def __init__(self, resources: Mapping[str, MeasuredResource]) -> None:
        self._resources = resources
        self._commands: dict[str, list[InForce]] = {}

    def hear(self, delivery: Delivery) -> None:
        """Take a command; on its way it is passed on, and is in force when it has come to the last."""
        command = commanded(delivery.message.payload)
        if command is None or command.device not in self._resources:
            return
        given = self._commands.setdefault(command.device, [])
        if given and given[-1].command == command and given[-1].farthest is None:
            given[-1].since_s = delivery.time_s
        else:
            given.append(InForce(command, delivery.time_s))

    def take(self, state: PlantState) -> None:
        """Take a step of the plant."""
        for device, given in self._commands.items():
            reading = self._resources[device].reading()
            if reading is not None and given[-1].covers(state.time_s):
                given[-1].take(reading)

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure for each command the power farthest from it; one that was replaced before it had to be held is none.

        A command too small to be told from doing nothing widens the uncertainty, so that it cannot pass.
        """
        return [
            self._measured(device, one, now_s)
            for device, given in self._commands.items()
            for one in given
            if one.farthest is not None or one is given[-1]
        ]

    def _measured(self, device: str, held: InForce, now_s: float) -> Measurement:
        wanted_kw, accuracy_kw, reading = held.command.power_kw, self._resources[device].accuracy_kw, held.farthest
        uncertainty_kw = reading.uncertainty_kw if reading else 0.0
        if 0.0 < abs(wanted_kw) <= accuracy_kw + uncertainty_kw:
            uncertainty_kw = max(uncertainty_kw, 2.0 * accuracy_kw)
        return Measurement(
            quantity=f"power of {device} farthest from its command of {wanted_kw:.0f} kW at {held.since_s:.0f} s",
            value=reading.power_kw if reading else None,
            unit="kW",
            uncertainty=uncertainty_kw,
            time_s=reading.time_s if reading else now_s,
            source=reading.source if reading else "any instrument",
            limits=Limits.around(wanted_kw, accuracy_kw),
            clause=COMMAND_CLAUSE,
        )


def commanded(payload: Payload) -> AssetCommand | None:
    """Return what a command or a scheduled request asks of a device."""
    if isinstance(payload, OperationalCommand):
        return payload.command
    if not isinstance(payload, DispatchRequest):
        return None
    asked = payload.request
    return AssetCommand(device=asked.device, kind="battery", power_kw=asked.power_kw, duration_s=asked.duration_s)


@dataclass(frozen=True)
class MeasuredBattery:
    """A battery that is alone at its terminal.

    `power_scale`: what one watt of it stands for on the feeder; `efficiency`: share of charged energy that is stored.
    """

    reading: ReadPower
    read_storage: Callable[[], StorageReading]
    power_scale: float
    efficiency: float


@dataclass
class Flow:
    """What was read of a battery at the beginning, and the energy through its terminal since, kWh on the feeder."""

    before: StorageReading | None
    latest: PowerReading | None = None
    discharged_kwh: float = 0.0
    charged_kwh: float = 0.0
    uncertainty_kwh: float = 0.0

    def take(self, reading: PowerReading) -> None:
        """Add the energy since the latest reading (trapezoid)."""
        if self.latest is not None:
            hours = (reading.time_s - self.latest.time_s) / HOUR_S
            energy_kwh = (reading.power_kw + self.latest.power_kw) / 2.0 * hours
            self.discharged_kwh += max(energy_kwh, 0.0)
            self.charged_kwh += max(-energy_kwh, 0.0)
            self.uncertainty_kwh += reading.uncertainty_kw * hours
        self.latest = reading


class EnergyBalance:
    """Holds each battery's state of charge, as its registers say, against the energy through its terminal."""

    def __init__(self, batteries: Mapping[str, MeasuredBattery]) -> None:
        self.batteries = batteries
        self._flows: dict[str, Flow] = {}

    def take(self, state: PlantState) -> None:  # noqa: ARG002 - each step has one, but what counts is at the terminal
        """Read every battery at the first step, and add up what flows from then on."""
        for name, battery in self.batteries.items():
            if name not in self._flows:
                self._flows[name] = Flow(_storage(battery))
            reading = battery.reading()
            if reading is not None:
                self._flows[name].take(reading)

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure the change of stored energy since the first step, by the battery's registers."""
        return [self.measure_one(name, now_s) for name in self._flows]

    def measure_one(self, name: str, now_s: float) -> Measurement:
        """Measure that of one battery; not measured before the first step."""
        battery, flow = self.batteries[name], self._flows.get(name, Flow(None))
        after, stored_kwh, capacity_kwh = _storage(battery), None, 0.0
        if flow.before is not None and after is not None and flow.latest is not None:
            capacity_kwh = after.capacity_wh * battery.power_scale / 1000.0
            stored_kwh = (after.soc_pct - flow.before.soc_pct) / 100.0 * capacity_kwh
        throughput_kwh = flow.discharged_kwh + flow.charged_kwh
        return Measurement(
            quantity=f"change of stored energy that {name} reports",
            value=stored_kwh,
            unit="kWh",
            uncertainty=flow.uncertainty_kwh + STATE_STEP_PCT / 100.0 * capacity_kwh,
            time_s=now_s,
            source=f"{name} against {flow.latest.source}" if flow.latest else name,
            limits=Limits.around(
                battery.efficiency * flow.charged_kwh - flow.discharged_kwh,
                ENERGY_TOLERANCE * throughput_kwh + STATE_TOLERANCE * capacity_kwh,
            ),
            clause=ENERGY_CLAUSE,
        )


def _storage(battery: MeasuredBattery) -> StorageReading | None:
    try:
        return battery.read_storage()
    except (TransportError, InstrumentError):
        return None


class HeadPower:
    """The plant's power at the feeder's head, before and during a reduction."""

    def __init__(self) -> None:
        self._steps: list[tuple[float, float]] = []
        self._before_kw: float | None = None

    def take(self, state: PlantState) -> None:
        """Take a step of the plant."""
        self._steps.append((state.time_s, state.snapshot.head_p_kw))

    def note(self, now_s: float) -> None:
        """Take what has flowed of late for the power before the reduction."""
        self._before_kw = self._mean_kw(now_s)

    def measure(self, required_kw: float, now_s: float) -> list[Measurement]:
        """Measure how much less flows of late than what was noted; nothing where nothing was."""
        if self._before_kw is None:
            return []
        return [
            Measurement(
                quantity="reduction of the power at the feeder's head",
                value=self._before_kw - self._mean_kw(now_s),
                unit="kW",
                uncertainty=0.0,
                time_s=now_s,
                source="feeder model",
                limits=Limits(lower=required_kw),
                clause=HEAD_CLAUSE,
            )
        ]

    def _mean_kw(self, now_s: float) -> float:
        recent = [power_kw for time_s, power_kw in self._steps if time_s > now_s - HEAD_MEAN_S]
        return math.fsum(recent) / len(recent)


class AffectedLoad:
    """Holds the total load affected, when the MDMS has computed it, against what the called customers' loads lack."""

    def __init__(self, shed_kw: Callable[[Collection[str]], float]) -> None:
        """Take what gives the true difference of these customers' loads to the same moment without a call, kW."""
        self._shed_kw = shed_kw
        self._called: dict[str, tuple[str, ...]] = {}
        self._found: list[tuple[str, float, float, float]] = []

    def hear(self, delivery: Delivery) -> None:
        """Take whom a call lists, and what was computed of it."""
        message = delivery.message
        if isinstance(message.payload, CustomerCall) and len(message.payload.customers) > 1:
            listed = tuple(customer.customer for customer in message.payload.customers)
            self._called[message.payload.event] = listed
        elif isinstance(message.payload, LoadAffected) and message.information is Information.LOAD_AFFECTED_CALCULATION:
            event, told_kw = message.payload.event, message.payload.total_kw
            self._found.append((event, told_kw, self._shed_kw(self._called.get(event, ())), delivery.time_s))

    def measure(self) -> list[Measurement]:
        """Measure the error of each result; it has none where nothing was really shed."""
        return [self._error(*found) for found in self._found]

    def _error(self, event: str, told_kw: float, true_kw: float, time_s: float) -> Measurement:
        return Measurement(
            quantity=f"error of the total load affected of {event}, {told_kw:.1f} kW against {true_kw:.1f} kW",
            value=100.0 * (told_kw - true_kw) / true_kw if true_kw > 0.0 else None,
            unit="%",
            uncertainty=0.0,
            time_s=time_s,
            source="feeder model",
            limits=Limits.around(0.0, AFFECTED_TOLERANCE_PCT),
            clause=AFFECTED_CLAUSE,
        )


class Relief:
    """Holds what resources deliver and customers shed together against what the control centre requires."""

    def __init__(self, resources: Mapping[str, MeasuredResource], shed_kw: Callable[[Collection[str]], float]) -> None:
        self._resources, self._shed_kw = resources, shed_kw
        self._plan: PeakingRequirements | None = None
        self._constraint: TransmissionConstraint | None = None
        self._asked: dict[str, ResourceRequest] = {}
        self._called: set[str] = set()

    def hear(self, delivery: Delivery) -> None:
        """Take what is required, what is asked of resources, and whom calls list."""
        match delivery.message.payload:
            case PeakingRequirements() as plan:
                self._plan = plan
            case TransmissionConstraint() as constraint:
                self._constraint = constraint
            case DispatchRequest(request=request):
                self._asked[request.request] = request
            case CustomerCall(customers=customers):
                self._called |= {customer.customer for customer in customers}

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure the relief at resources' terminals and customers' loads; nothing where nothing is required."""
        required_kw = self._required_kw(now_s)
        if required_kw is None:
            return []
        at_work = {r.device for r in self._asked.values() if r.start_s <= now_s < r.start_s + r.duration_s}
        readings = [self._resources[device].reading() for device in sorted(at_work)]
        known = [reading for reading in readings if reading is not None]
        total_kw = math.fsum(reading.power_kw for reading in known) + self._shed_kw(sorted(self._called))
        return [
            Measurement(
                quantity=f"power that {len(at_work)} resources and {len(self._called)} called customers spare the grid",
                value=total_kw if len(known) == len(at_work) else None,
                unit="kW",
                uncertainty=math.fsum(reading.uncertainty_kw for reading in known),
                time_s=now_s,
                source="resources' terminals and feeder model",
                limits=Limits(lower=required_kw),
                clause=RELIEF_CLAUSE,
            )
        ]

    def _required_kw(self, now_s: float) -> float | None:
        if self._constraint is not None:
            return self._constraint.requirement_kw
        plan = self._plan
        number = math.floor((now_s - plan.start_s) / plan.interval_s) if plan else -1
        return plan.requirement_kw[number] if plan and 0 <= number < len(plan.requirement_kw) else None


@dataclass(frozen=True)
class ResourceProof:
    """All of these for one scenario; `take` follows the plant, `hear` the bus."""

    commands: CommandWatch
    energy: EnergyBalance
    affected: AffectedLoad
    relief: Relief
    head: HeadPower = field(default_factory=HeadPower)

    def take(self, state: PlantState) -> None:
        """Take a step of the plant."""
        for watch in (self.commands, self.energy, self.head):
            watch.take(state)

    def hear(self, delivery: Delivery) -> None:
        """Take a message."""
        for watch in (self.commands, self.affected, self.relief):
            watch.hear(delivery)
