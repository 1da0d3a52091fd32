"""The DRAACS after an authorized reduction: it tracks what meters show, and calls further customers for the rest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from wiretap import Wiretap

from bench.actors.resource_control import ResourceControl, ResourceSettings
from bench.bus import Message
from bench.dispatch.demand_response import ResponseModel
from bench.messages.customers import (
    CustomerCall,
    DemandResponseEvent,
    EnrolledCustomer,
    Enrolment,
    IntervalReadings,
    MeterRegisters,
    MetersData,
    SelectedCustomers,
)
from bench.messages.equipment import Payload
from bench.messages.names import Information, Party
from bench.messages.resources import LoadReductionEvent, ResponseTracking

CONTRACTED_KW, LOAD_W = 3.0, 8000.0
MODEL = ResponseModel(0.9, 0.05, 0.1)
NOTICE_S = 30.0


class NoNetwork:
    """A reduction is for its size: nobody asks where customers are."""

    def relief_v_per_kw(self, time_s: float, meters: Sequence[str], at_meters: Sequence[str]) -> np.ndarray:  # noqa: ARG002
        raise AssertionError("the place of customers does not matter here")


@dataclass
class Town:
    """The DRAACS on a bus with a tap; customers shed their share of the contract, as the test says."""

    customers: int = 12
    meter_share: float = 0.001
    tap: Wiretap = field(default_factory=Wiretap)
    shares: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = ResourceSettings(NOTICE_S, compute_s=2.0, response=MODEL, meter_share=self.meter_share)
        self.draacs = ResourceControl(self.tap.bus, NoNetwork(), settings)
        self.tap.clock.start(self.draacs.run())

    def names(self) -> list[str]:
        return [f"h{number:02d}" for number in range(self.customers)]

    def tell(self, producer: Party, information: Information, payload: Payload, correlation: str = "day-1") -> None:
        self.tap.bus.send(Message(producer, Party.RESOURCE_CONTROL, information, payload, correlation))
        self.run(5.0)

    def run(self, seconds: float) -> None:
        self.tap.clock.run_until(self.tap.clock.now_s + seconds)

    def authorize(self, reduction_kw: float, may_override: bool = False) -> None:
        order = LoadReductionEvent(
            event="day-1",
            system_load_kw=8000.0,
            reduction_kw=reduction_kw,
            duration_s=3600.0,
            may_override=may_override,
        )
        self.tell(Party.WHOLESALE_POWER, Information.REDUCTION_EVENT, order)
        listed = tuple(
            EnrolledCustomer(customer=n, net_meter=f"net_{n}", credit_meter=None, contracted_kw=CONTRACTED_KW)
            for n in self.names()
        )
        enrolment = Enrolment(event="day-1", customers=listed)
        self.tell(Party.CUSTOMER_INFORMATION, Information.ENROLMENT, enrolment)

    def listings(self) -> list[SelectedCustomers]:
        told = [m.payload for m in self.tap.told(Information.SELECTED_CUSTOMERS)]
        return [payload for payload in told if isinstance(payload, SelectedCustomers)]

    def called(self) -> list[list[str]]:
        return [[customer.customer for customer in listing.customers] for listing in self.listings()]

    def calls(self) -> list[CustomerCall]:
        told = self.tap.told(Information.REDUCTION_CALL)
        return [m.payload for m in told if m.receiver is Party.AMI_NETWORK and isinstance(m.payload, CustomerCall)]

    def tracked(self) -> list[ResponseTracking]:
        told = [m.payload for m in self.tap.told(Information.RESPONSE_TRACKING)]
        return [payload for payload in told if isinstance(payload, ResponseTracking)]

    def metered(self, silent: Sequence[str] = ()) -> None:
        """Read the meters of the last call before and after; those called shed their share of the contract."""
        listing = self.listings()[-1]
        names = [customer.customer for customer in listing.customers]
        before = tuple(registers(name, LOAD_W) for name in names)
        readings = IntervalReadings(event=listing.event, time_s=self.tap.clock.now_s, registers=before, silent=())
        self.tell(Party.AMI_NETWORK, Information.INTERVAL_READINGS, readings, listing.event)
        after = tuple(
            registers(name, LOAD_W - 1000.0 * CONTRACTED_KW * self.shares.get(name, 0.9))
            for name in names
            if name not in silent
        )
        data = MetersData(
            event=listing.event, net=after, credit=(), silent=tuple(f"net_{name}" for name in names if name in silent)
        )
        self.tell(Party.AMI_NETWORK, Information.METERS_DATA, data, listing.event)


def registers(name: str, p_w: float) -> MeterRegisters:
    return MeterRegisters(
        meter=f"net_{name}", time_s=0.0, voltage_v=(), p_w=p_w, q_var=0.0, import_wh=0.0, export_wh=0.0
    )


@pytest.fixture
def town() -> Town:
    return Town()


def test_as_many_are_called_as_can_be_counted_on(town: Town) -> None:
    town.authorize(10.0)
    (listing,) = town.listings()
    assert (listing.event, listing.reduction_kw) == ("day-1", 10.0)
    assert listing.expected_kw - listing.precision_kw >= 10.0
    fewer = math.ceil(10.0 / (MODEL.rate * CONTRACTED_KW))
    assert fewer < len(listing.customers) < town.customers, "more than the mean needs, and not everybody"


@pytest.mark.parametrize("may_override", [True, False])
def test_customers_are_called_by_the_order_s_terms(town: Town, may_override: bool) -> None:
    town.authorize(10.0, may_override)
    (call,) = town.calls()
    assert (call.may_override, call.duration_s) == (may_override, 3600.0)
    assert not town.tap.told(Information.CUSTOMER_CALL), "a reduction has a call of its own"


def test_what_was_reached_ends_the_tracking(town: Town) -> None:
    town.authorize(10.0)
    town.shares = dict.fromkeys(town.names(), 1.0)
    town.metered()
    (found,) = town.tracked()
    assert found.decision == "reached"
    assert found.achieved_kw == pytest.approx(CONTRACTED_KW * len(town.called()[0]))
    town.run(600.0)
    assert len(town.listings()) == 1, "nobody is called for nothing"


def test_customers_who_keep_their_load_are_made_up_for_by_others(town: Town) -> None:
    town.authorize(10.0)
    town.shares = dict.fromkeys(town.called()[0][:2], 0.0)
    town.metered()
    (found,) = town.tracked()
    assert found.decision == "further request"
    first, second = town.called()
    assert not set(first) & set(second), "nobody is called twice"
    further = town.listings()[1]
    assert further.event == "day-1/2"
    assert further.reduction_kw == pytest.approx(10.0 - found.achieved_kw + found.uncertainty_kw)
    assert [call.event for call in town.calls()] == ["day-1", "day-1/2"]
    assert not town.calls()[1].may_override, "the terms of the order hold for further calls too"


def test_what_all_calls_brought_is_counted_together(town: Town) -> None:
    town.authorize(10.0)
    town.shares = dict.fromkeys(town.called()[0][:2], 0.0)
    town.metered()
    town.metered()
    first, second = town.tracked()
    assert second.achieved_kw == pytest.approx(first.achieved_kw + 0.9 * CONTRACTED_KW * len(town.called()[1]))
    assert second.decision == "reached"


def test_it_stops_when_nobody_is_left_and_says_so(town: Town) -> None:
    town.authorize(30.0)
    town.shares = dict.fromkeys(town.names(), 0.5)
    while town.listings() and len(town.tracked()) < len(town.listings()):
        town.metered()
    assert town.tracked()[-1].decision == "nothing left"
    assert sorted(name for names in town.called() for name in names) == town.names()
    assert town.tracked()[-1].achieved_kw == pytest.approx(0.5 * CONTRACTED_KW * town.customers)


def test_a_reduction_hidden_in_the_meters_uncertainty_is_not_reached() -> None:
    """Meters of 5 % leave more than a kilowatt open; what they show barely exceeds what was authorized."""
    coarse = Town(meter_share=0.05)
    coarse.authorize(10.0)
    called = coarse.called()[0]
    coarse.shares = dict.fromkeys(called, 10.2 / CONTRACTED_KW / len(called))
    coarse.metered()
    (found,) = coarse.tracked()
    assert found.achieved_kw == pytest.approx(10.2)
    assert found.uncertainty_kw > 0.2
    assert found.decision == "further request"


def test_the_model_of_responses_is_refined_by_what_was_measured(town: Town) -> None:
    town.authorize(10.0)
    town.shares = dict.fromkeys(town.names(), 0.5)
    town.metered()
    (found,) = town.tracked()
    assert 0.5 <= found.rate < MODEL.rate, "customers give less than was believed"
    assert found.common_sd < MODEL.common_sd, "and that is known better now"
    further = town.listings()[1]
    assert further.customers[0].expected_kw == pytest.approx(found.rate * CONTRACTED_KW)


def test_a_customer_whose_meter_is_silent_is_counted_as_nothing(town: Town) -> None:
    town.authorize(10.0)
    silent = town.called()[0][:3]
    town.shares = dict.fromkeys(town.names(), 1.0)
    town.metered(silent)
    (found,) = town.tracked()
    assert found.achieved_kw == pytest.approx(CONTRACTED_KW * (len(town.called()[0]) - 3))


def test_meters_of_an_order_by_operators_are_not_tracked(town: Town) -> None:
    order = DemandResponseEvent(
        event="e2", system_load_kw=8000.0, affected_meters=(), voltage_v={}, reduction_kw=5.0, duration_s=3600.0
    )
    town.tell(Party.DISTRIBUTION_OPERATIONS, Information.DEMAND_RESPONSE_EVENT, order, "e2")
    data = MetersData(event="e2", net=(), credit=(), silent=())
    town.tell(Party.AMI_NETWORK, Information.METERS_DATA, data, "e2")
    assert not town.tracked()
