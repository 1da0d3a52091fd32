"""DRAACS, CIS, head-end and meter data store around one call, on meters and a network made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from wiretap import Wiretap, citing

from bench.actors.customer_information import CustomerInformation
from bench.actors.meter_data import MeterDataManagement
from bench.actors.meter_reading import CreditMeters
from bench.actors.metering import AmiNetwork, MeteringSettings, NetMeters
from bench.actors.resource_control import PATIENCE_S, ResourceControl, ResourceSettings
from bench.bus import Message
from bench.customers import Customer, Premise
from bench.dispatch.demand_response import ResponseModel
from bench.messages.customers import (
    CallUndeliverable,
    CustomerCall,
    CustomerStatus,
    DemandResponseEvent,
    IntervalReadings,
    LoadAffected,
    MetersData,
    MetersReadRequest,
    SelectedCustomers,
)
from bench.messages.names import Information, Party
from bench.meter_store import MeterStore
from instruments.errors import InstrumentError
from instruments.readings import MeterEvents, MeterReading

SETTINGS = MeteringSettings(event_poll_s=1000.0, read_air_time_s=0.1, scheduled_read_s=9000.0, call_read_s=10.0)
RESOURCE = ResourceSettings(notice_s=30.0, compute_s=2.0, response=ResponseModel(1.0, 0.0, 0.0), meter_share=0.0)
VOLTAGES = {"net_a": 113.0, "net_b": 113.2, "net_c": 113.1, "net_d": 118.0}
RELIEF = {"net_a": 0.03, "net_b": 0.02, "net_c": 0.04, "net_d": 0.001}


@dataclass
class HandMeter:
    """A meter with a constant load, or none that answers."""

    p_w: float
    silent: bool = False

    def read_meter(self) -> MeterReading:
        self._answer()
        return MeterReading((120.0, 120.0), 240.0, 60.0, self.p_w, 0.0, 0.0, 0.0)

    def read_events(self) -> MeterEvents:
        self._answer()
        return MeterEvents(under_voltage=False, over_voltage=False, raw=0)

    def _answer(self) -> None:
        if self.silent:
            raise InstrumentError("the target failed to respond")


@dataclass
class HandNetwork:
    """Every meter gains the same from a customer."""

    def relief_v_per_kw(self, time_s: float, meters: Sequence[str], at_meters: Sequence[str]) -> np.ndarray:  # noqa: ARG002
        return np.array([[RELIEF[at]] * len(meters) for at in at_meters])


def premise(letter: str, number: int, enrolled: bool = True) -> Premise:
    programme, kw = ("demand_response", 3.0) if enrolled else ("", 0.0)
    records = Customer(f"s{letter}", "residential", programme, kw, "economy")
    return Premise(f"home_{letter}", number, f"net_{letter}", "credit_a" if letter == "a" else None, records)


PREMISES = (premise("a", 0), premise("b", 1), premise("c", 2, enrolled=False), premise("d", 3))


@dataclass
class Utility:
    """All utility systems around a call; what the homes answer is the test's."""

    tap: Wiretap
    meters: Mapping[str, HandMeter]
    store: MeterStore = field(default_factory=MeterStore)

    def order(self, reduction_kw: float) -> None:
        payload = DemandResponseEvent(
            event="e2",
            system_load_kw=8000.0,
            affected_meters=("net_a",),
            voltage_v=VOLTAGES,
            reduction_kw=reduction_kw,
            duration_s=3600.0,
        )
        self.send(Party.DISTRIBUTION_OPERATIONS, Party.RESOURCE_CONTROL, Information.DEMAND_RESPONSE_EVENT, payload)
        self.run(5.0)

    def answer(self, *customers: str) -> None:
        for name in customers:
            status = CustomerStatus(event="e2", customer=name, response="shedding")
            self.send(Party.PREMISE_INTERFACE, Party.AMI_NETWORK, Information.CUSTOMER_STATUS, status)

    def send(self, producer: Party, receiver: Party, information: Information, payload: object) -> None:
        self.tap.bus.send(Message(producer, receiver, information, payload, "e2"))  # type: ignore[arg-type]

    def run(self, seconds: float) -> None:
        self.tap.clock.run_until(self.tap.clock.now_s + seconds)

    def listing(self) -> SelectedCustomers:
        (message,) = self.tap.told(Information.SELECTED_CUSTOMERS)
        assert isinstance(message.payload, SelectedCustomers)
        return message.payload

    def called_premises(self) -> list[str]:
        calls = [m for m in self.tap.told(Information.CUSTOMER_CALL) if m.receiver is Party.PREMISE_INTERFACE]
        return [c.customer for m in calls if isinstance(m.payload, CustomerCall) for c in m.payload.customers]


def utility(premises: Sequence[Premise], provisioned: Sequence[str]) -> Utility:
    tap = Wiretap()
    net = {p.net_meter: HandMeter(5000.0) for p in premises}
    credit = {p.credit_meter: HandMeter(-1000.0) for p in premises if p.credit_meter}
    made = Utility(tap, {**net, **credit})
    for actor in (
        ResourceControl(tap.bus, HandNetwork(), RESOURCE),
        CustomerInformation(tap.bus, premises),
        NetMeters(tap.bus, net, citing, SETTINGS),
        CreditMeters(tap.bus, credit, citing),
        AmiNetwork(tap.bus, net, credit, provisioned, citing, SETTINGS),
        MeterDataManagement(tap.bus, made.store, {}),
    ):
        tap.clock.start(actor.run())
    return made


@pytest.fixture
def around() -> Utility:
    return utility(PREMISES, ["home_a", "home_b", "home_d"])


def test_enrolled_customers_are_chosen_by_location_until_the_amount_is_reached(around: Utility) -> None:
    around.order(4.0)
    listing = around.listing()
    assert [c.customer for c in listing.customers] == ["home_a", "home_b"], "c is not enrolled, d is far away"
    assert (listing.expected_kw, listing.available_kw) == (6.0, 9.0)


def test_the_listing_goes_to_three_systems_and_only_to_the_chosen_homes(around: Utility) -> None:
    around.order(4.0)
    around.run(5.0)
    calls = around.tap.told(Information.CUSTOMER_CALL)
    once = [m.receiver for m in calls if m.producer is Party.RESOURCE_CONTROL]
    assert once == [Party.AMI_NETWORK, Party.CUSTOMER_INFORMATION, Party.MDMS]
    assert around.called_premises() == ["home_a", "home_b"]


def test_a_listed_customer_who_is_not_provisioned_is_not_called_and_not_waited_for() -> None:
    """The records say that c is enrolled, the AMI knows nothing of it: told to the DRAACS, visible in the trace."""
    stale = utility((premise("a", 0), premise("c", 2)), ["home_a"])
    stale.order(6.0)
    stale.run(5.0)
    assert [c.customer for c in stale.listing().customers] == ["home_c", "home_a"]
    assert stale.called_premises() == ["home_a"]
    (told,) = stale.tap.told(Information.CALL_UNDELIVERABLE)
    assert told.payload == CallUndeliverable(event="e2", customers=("home_c",))
    assert told.receiver is Party.RESOURCE_CONTROL
    stale.answer("home_a")
    stale.run(2.0)
    assert len(stale.tap.told(Information.METERS_READ_REQUEST)) == 1, "nothing is expected of home_c"


def test_meters_are_read_when_the_last_customer_has_answered(around: Utility) -> None:
    around.order(4.0)
    around.answer("home_a")
    around.run(2.0)
    assert not around.tap.told(Information.METERS_READ_REQUEST)
    around.answer("home_b")
    around.run(2.0)
    (request,) = around.tap.told(Information.METERS_READ_REQUEST)
    assert request.payload == MetersReadRequest(event="e2", net_meters=("net_a", "net_b"), credit_meters=("credit_a",))


def test_meters_are_read_even_when_a_customer_never_answers(around: Utility) -> None:
    around.order(4.0)
    around.answer("home_a")
    around.run(RESOURCE.notice_s + PATIENCE_S + 5.0)
    assert len(around.tap.told(Information.METERS_READ_REQUEST)) == 1


def read_all(around: Utility) -> MetersData:
    around.order(4.0)
    around.run(40.0)
    around.answer("home_a", "home_b")
    around.run(60.0)
    told = around.tap.told(Information.METERS_DATA)
    assert [m.receiver for m in told] == [Party.RESOURCE_CONTROL, Party.MDMS, Party.DMS]
    assert isinstance(told[0].payload, MetersData)
    return told[0].payload


def test_all_meters_of_the_called_are_read_over_their_wires(around: Utility) -> None:
    data = read_all(around)
    assert [r.meter for r in data.net] == ["net_a", "net_b"]
    assert [r.meter for r in data.credit] == ["credit_a"]
    assert data.silent == ()
    for information in (Information.NET_READ_REQUEST, Information.NET_METER_DATA, Information.CREDIT_METER_DATA):
        assert all("wire:7" in m.evidence for m in around.tap.told(information)), "each cites an exchange"


def test_a_meter_that_never_answers_is_tried_again_then_listed_and_holds_nobody_up(around: Utility) -> None:
    around.meters["net_b"].silent = True
    data = read_all(around)
    assert [r.meter for r in data.net] == ["net_a"]
    assert data.silent == ("net_b",)
    intervals = [m.payload for m in around.tap.told(Information.INTERVAL_READINGS)]
    assert all(isinstance(p, IntervalReadings) and p.silent == ("net_b",) for p in intervals)


def test_interval_reads_begin_with_the_call_and_end_with_the_read_on_demand(around: Utility) -> None:
    read_all(around)
    times_s = [
        d.time_s
        for d in around.tap.heard
        if d.message.information is Information.INTERVAL_READINGS and d.message.receiver is Party.MDMS
    ]
    assert np.diff(times_s) == pytest.approx(SETTINGS.call_read_s)
    (request,) = [d.time_s for d in around.tap.heard if d.message.information is Information.METERS_READ_REQUEST]
    assert times_s[0] < 5.0
    assert times_s[-1] < request


def test_the_load_affected_is_computed_from_the_stored_readings_and_delivered(around: Utility) -> None:
    around.order(4.0)
    around.run(20.0)
    around.run(8.0)
    around.meters["net_a"].p_w -= 2000.0
    around.run(25.0)
    around.answer("home_a", "home_b")
    around.run(60.0)
    told = around.tap.told(Information.LOAD_AFFECTED)
    assert [m.receiver for m in told] == [Party.DISTRIBUTION_OPERATIONS, Party.DMS]
    result = told[0].payload
    assert isinstance(result, LoadAffected)
    assert result.by_customer_kw == pytest.approx({"home_a": 2.0, "home_b": 0.0})
    assert result.unverified == ("home_a", "home_b"), "registers that stand still while kilowatts flow do not add up"
    around.store.close()


def test_nobody_is_called_without_an_order(around: Utility) -> None:
    around.run(200.0)
    assert not around.tap.heard
