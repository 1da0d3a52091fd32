"""The judge of dispatched DER: orders, the four sequences, requests at their times, status and credit meters."""

from dataclasses import dataclass, field, replace

import pytest
from by_hand import power, row

from bench.bus import Delivery, Message
from bench.dispatch.eligibility import ResourceClass
from bench.measurement import Measurement, PowerReading
from bench.messages.customers import MeterData, MeterReadRequest, MeterRegisters
from bench.messages.equipment import AlertAcknowledgement, AssetCommand, EquipmentState, EquipmentStatus, Payload
from bench.messages.names import Information, Party
from bench.messages.resource_paths import PATHS, REQUESTS
from bench.messages.resources import DispatchOrder, DispatchRequest, ResourceRequest
from bench.use_case.dispatch_judge import EARLY_S, DispatchJudge, device_of, sequence_of
from bench.use_case.model import Row
from bench.use_case.tables import load

NOON_S, EVENING_S, HOUR_S = 43200.0, 64800.0, 3600.0
READ_AFTER_S = 90.0
DMS, NETWORK, PREMISE = Party.DMS, Party.AMI_NETWORK, Party.PREMISE_INTERFACE
METERS = {"battery": "credit_battery", "wall": "credit_wall", "dg": "credit_dg", "gas": "credit_gas"}
CLASSES = dict(zip(METERS, ResourceClass, strict=True))


def request(device: str, start_s: float = EVENING_S, power_kw: float = 200.0) -> ResourceRequest:
    hour = int(start_s // HOUR_S)
    return ResourceRequest(
        request=f"{device}@{hour:02d}:00",
        device=device,
        resource=CLASSES[device],
        power_kw=power_kw,
        start_s=start_s,
        duration_s=HOUR_S,
    )


ORDERED = (request("battery", NOON_S, -300.0), *(request(device) for device in METERS))


def dispatch_row(number: str, information: Information = Information.EQUIPMENT_STATUS, **columns: str) -> Row:
    return row(number, DMS, NETWORK, information, **({"per": "device"} | columns))


SENT = {group: dispatch_row(f"2.3.{path.sequence}.1", path.request) for group, path in PATHS.items()}
STATUS_A = dispatch_row("2.3.1A.6", limit_from="schedule")
READ_A = dispatch_row("2.4.1A.1", Information.CREDIT_READ_REQUEST, per="meter", limit_from="schedule")
READ_C = dispatch_row("2.4.1C.2", Information.CREDIT_READ_REQUEST, per="meter")


@dataclass
class FakeDer:
    """Terminals at which the test says what is measured."""

    powers_kw: dict[str, float] = field(default_factory=lambda: dict.fromkeys(METERS, 200.0))
    contradiction: str | None = None
    measured: Measurement | None = None
    asked: list[tuple[AssetCommand, float]] = field(default_factory=list)

    def effect(self, command: AssetCommand, since_s: float) -> Measurement | None:
        self.asked.append((command, since_s))
        return self.measured

    def holds(self, state: EquipmentState) -> str | None:  # noqa: ARG002
        return self.contradiction

    def power(self, device: str) -> PowerReading | None:
        known_kw = self.powers_kw.get(device)
        return None if known_kw is None else PowerReading(known_kw, 0.5, "power_analyzer", EVENING_S)


def delivered(payload: Payload, information: Information, time_s: float = EVENING_S) -> Delivery:
    return Delivery(1, time_s, time_s, Message(DMS, NETWORK, information, payload, "day-1"))


def order(*requests: ResourceRequest) -> Delivery:
    return delivered(DispatchOrder(event="day-1", requests=requests), Information.DISPATCH_ORDER)


@pytest.fixture
def field_of_der() -> FakeDer:
    return FakeDer()


@pytest.fixture
def judge(field_of_der: FakeDer) -> DispatchJudge:
    made = DispatchJudge(field_of_der, METERS, READ_AFTER_S)
    made.witness(order(*ORDERED))
    return made


def dispatch(asked: ResourceRequest, sent_s: float = EVENING_S) -> Delivery:
    payload = DispatchRequest(event="day-1", request=asked)
    return delivered(payload, PATHS[asked.resource].request, sent_s)


def shown(meter: str, power_kw: float) -> MeterData:
    registers = MeterRegisters(
        meter=meter, time_s=EVENING_S, voltage_v=(), p_w=-1000.0 * power_kw, q_var=0.0, import_wh=0.0, export_wh=0.0
    )
    return MeterData(event="day-1", registers=registers)


def reported(device: str, name: str) -> EquipmentStatus:
    state = EquipmentState(device=device, kind="battery", available=True, power_kw=200.0)
    return EquipmentStatus(event="day-1", equipment=state, request=name)


def test_every_class_of_der_has_a_path_of_its_own() -> None:
    assert set(PATHS) == set(ResourceClass)
    assert [PATHS[group].sequence for group in ResourceClass] == ["1A", "1B", "1C", "1D"]
    for column in ("sequence", "request", "device"):
        assert len({getattr(path, column) for path in PATHS.values()}) == len(PATHS), f"two classes share a {column}"
    assert frozenset(path.request for path in PATHS.values()) == REQUESTS


@pytest.mark.parametrize("group", ResourceClass)
def test_a_class_travels_the_rows_of_its_sequence_to_its_own_inverter(group: ResourceClass) -> None:
    """The step tables say by which parties the request of a sequence goes."""
    path, rows = PATHS[group], load().rows.values()
    sent = [r for r in rows if r.information == path.request and r.kind == "exchange"]
    assert {sequence_of(r) for r in sent} == {path.sequence}
    assert path.inverter in {r.receiver for r in sent}
    owner = "Utility" if group.startswith("utility") else "Customer"
    assert path.inverter.startswith(owner)
    assert path.device.startswith(owner)


@pytest.mark.parametrize(
    ("number", "sequence"),
    [
        *(("2.3.1A.1", "1A"), ("2.4.1D.5", "1D"), ("3.3.1B.4", "1B"), ("3.4.1C.2", "1C")),
        *(("2.5", None), ("1.3.4", None), ("1.19.5.1A.1", None), ("3.10.1A.1", None), ("2.3", None)),
    ],
)
def test_a_row_names_its_sequence_where_der_are_dispatched_and_nowhere_else(number: str, sequence: str | None) -> None:
    assert sequence_of(row(number, DMS, NETWORK, Information.EQUIPMENT_STATUS)) == sequence


def test_a_request_is_named_by_device_and_time() -> None:
    assert [device_of(name) for name in ("battery@18:00", "battery")] == ["battery", "battery"]


@pytest.mark.parametrize("device", METERS)
def test_what_concerns_a_der_is_of_the_sequence_of_its_class_alone(judge: DispatchJudge, device: str) -> None:
    asked, own = request(device), CLASSES[device]
    payloads: list[Payload] = [
        DispatchRequest(event="day-1", request=asked),
        reported(device, asked.request),
        MeterReadRequest(event="day-1", meter=METERS[device]),
        shown(METERS[device], 200.0),
    ]
    for payload in payloads:
        assert [judge.selects(SENT[group], payload) for group in ResourceClass] == [g is own for g in ResourceClass]
        assert not judge.selects(row("2.5", DMS, NETWORK, Information.INSUFFICIENT_RESOURCES), payload)


def test_what_concerns_no_der_is_of_no_sequence(judge: DispatchJudge) -> None:
    for payload in (
        shown("net_home", 1.0),
        MeterReadRequest(event="day-1", meter="net_home"),
        AlertAcknowledgement(event="day-1"),
        reported("battery", ""),
    ):
        assert judge.instance(payload) is None
        assert not judge.selects(SENT[ResourceClass.UTILITY_STORAGE], payload)
        assert judge.selects(row("2.8", DMS, NETWORK, Information.NET_METER_DATA), payload)


def test_a_der_that_nobody_ordered_is_of_no_sequence(field_of_der: FakeDer) -> None:
    idle = DispatchJudge(field_of_der, METERS, READ_AFTER_S)
    assert not any(idle.selects(made, DispatchRequest(event="day-1", request=request("dg"))) for made in SENT.values())
    assert all(idle.required(made, EVENING_S) == {} for made in SENT.values())


def test_requests_are_instances_and_so_are_credit_meters(judge: DispatchJudge) -> None:
    assert judge.instance(DispatchRequest(event="day-1", request=request("battery", NOON_S))) == "battery@12:00"
    assert judge.instance(reported("battery", "battery@18:00")) == "battery@18:00"
    assert judge.instance(shown("credit_dg", 200.0)) == "credit_dg"
    assert judge.instance(MeterReadRequest(event="day-1", meter="credit_dg")) == "credit_dg"


def test_a_request_is_required_from_its_time_on_and_none_replaces_another(judge: DispatchJudge) -> None:
    sent = SENT[ResourceClass.UTILITY_STORAGE]
    assert judge.required(sent, NOON_S - 1.0) == {}
    assert judge.required(sent, NOON_S) == {"battery@12:00": None}
    assert judge.required(sent, EVENING_S) == {"battery@12:00": None, "battery@18:00": None}
    assert judge.required(SENT[ResourceClass.CUSTOMER_GENERATION], EVENING_S) == {"gas@18:00": None}


def test_the_limit_of_a_scheduled_row_counts_from_the_request_s_own_time(judge: DispatchJudge) -> None:
    assert judge.required(STATUS_A, EVENING_S) == {"battery@12:00": NOON_S, "battery@18:00": EVENING_S}


def test_credit_meters_are_required_from_the_need_on_and_not_for_charging_before_it(judge: DispatchJudge) -> None:
    assert judge.required(READ_A, EVENING_S) == {}, "nothing is needed before a plan says so"
    judge.needed_from_s = EVENING_S
    assert judge.required(READ_A, NOON_S) == {}
    assert judge.required(READ_A, EVENING_S) == {"credit_battery": EVENING_S + READ_AFTER_S}
    assert judge.required(READ_C, EVENING_S) == {"credit_dg": None}


def test_pending_is_all_that_was_ordered_up_to_the_need(judge: DispatchJudge) -> None:
    judge.needed_from_s = EVENING_S
    later = request("battery", EVENING_S + HOUR_S)
    judge.witness(order(later))
    assert judge.pending(SENT[ResourceClass.UTILITY_STORAGE]) == {"battery@12:00", "battery@18:00"}
    assert judge.pending(READ_A) == {"credit_battery"}
    judge.needed_from_s = NOON_S
    assert judge.pending(SENT[ResourceClass.UTILITY_STORAGE]) == {"battery@12:00"}
    assert judge.pending(READ_C) == set(), "no generator is asked for at noon"


def test_a_request_as_it_was_ordered_stands(judge: DispatchJudge) -> None:
    assert judge.untrue(dispatch(request("dg"))) is None
    assert judge.untrue(dispatch(request("dg"), EVENING_S - EARLY_S)) is None
    assert judge.untrue(dispatch(request("dg"), EVENING_S + 600.0)) is None, "whether it is late, the limit says"


@pytest.mark.parametrize(
    "change",
    [{"power_kw": 100.0}, {"power_kw": -200.0}, {"duration_s": 60.0}, {"device": "battery"}, {"start_s": NOON_S}],
    ids=lambda change: next(iter(change)),
)
def test_a_request_that_differs_from_the_order_is_refused(judge: DispatchJudge, change: dict[str, object]) -> None:
    objection = judge.untrue(dispatch(request("dg").model_copy(update=change)))
    assert objection is not None
    assert "is not what was ordered" in objection


def test_a_request_that_nobody_ordered_is_refused(judge: DispatchJudge) -> None:
    objection = judge.untrue(dispatch(request("dg", NOON_S), NOON_S))
    assert objection is not None
    assert "dg@12:00" in objection


def test_a_request_before_its_time_is_refused_and_tells_both_times(judge: DispatchJudge) -> None:
    sent_s = EVENING_S - EARLY_S - 0.5
    assert judge.untrue(dispatch(request("dg"), sent_s)) == f"was sent at {sent_s:.1f} s, before its time at 64800.0 s"


@pytest.mark.parametrize(
    ("told_kw", "stands"),
    [(200.0, True), (203.4, True), (196.6, True), (204.0, False), (180.0, False), (0.0, False), (-200.0, False)],
)
def test_a_credit_meter_has_to_show_what_is_measured_where_it_hangs(
    judge: DispatchJudge, told_kw: float, stands: bool
) -> None:
    """1 % of 200 kW, 1 kW that may change meanwhile, and the instrument's 0.5 kW: 3.5 kW."""
    objection = judge.untrue(delivered(shown("credit_dg", told_kw), Information.CREDIT_METER_DATA))
    assert (objection is None) is stands, objection
    if objection is not None:
        assert objection == f"credit_dg tells {told_kw:.1f} kW, but power_analyzer measures 200.0 kW at dg"


def test_a_charging_battery_is_metered_with_its_sign(judge: DispatchJudge, field_of_der: FakeDer) -> None:
    field_of_der.powers_kw["battery"] = -300.0
    assert judge.untrue(delivered(shown("credit_battery", -300.0), Information.CREDIT_METER_DATA)) is None
    assert judge.untrue(delivered(shown("credit_battery", 300.0), Information.CREDIT_METER_DATA)) is not None


def test_a_credit_meter_that_nothing_checks_proves_nothing(judge: DispatchJudge, field_of_der: FakeDer) -> None:
    del field_of_der.powers_kw["dg"]
    objection = judge.untrue(delivered(shown("credit_dg", 200.0), Information.CREDIT_METER_DATA))
    assert objection == "nothing but credit_dg measures the power of dg"


def test_a_status_is_held_against_the_instruments(judge: DispatchJudge, field_of_der: FakeDer) -> None:
    told = delivered(reported("dg", "dg@18:00"), Information.EQUIPMENT_STATUS)
    assert judge.untrue(told) is None
    field_of_der.contradiction = "dg reports 200.0 kW, but power_analyzer measures 0.0"
    assert judge.untrue(told) == field_of_der.contradiction


@pytest.mark.parametrize(
    ("name", "kind", "power_kw"),
    [("battery@12:00", "battery", -300.0), ("wall@18:00", "battery", 200.0), ("gas@18:00", "generator", 200.0)],
)
def test_an_effect_is_that_of_its_own_request(
    judge: DispatchJudge, field_of_der: FakeDer, name: str, kind: str, power_kw: float
) -> None:
    field_of_der.measured = power(power_kw)
    assert judge.effect(dispatch_row("2.3.1A.5"), name, NOON_S) == replace(power(power_kw), row="2.3.1A.5")
    ((command, since_s),) = field_of_der.asked
    assert (command.device, command.kind, command.power_kw, since_s) == (device_of(name), kind, power_kw, NOON_S)


def test_an_effect_of_what_nobody_asked_for_is_not_measured(judge: DispatchJudge, field_of_der: FakeDer) -> None:
    field_of_der.measured = power(200.0)
    assert judge.effect(dispatch_row("2.3.1C.4"), "dg@03:00", NOON_S) is None
    field_of_der.measured = None
    assert judge.effect(dispatch_row("2.3.1C.4"), "dg@18:00", NOON_S) is None, "nothing was measured yet"
