"""Home controllers, displays and the people in front of them, on appliances made by hand."""

import hmac
from dataclasses import dataclass, field
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wiretap import Wiretap

from bench.actors.home import STATUS_AFTER_S, TRIES, CustomerDisplays, CustomerEnergyManagement, Customers
from bench.bus import Message
from bench.dispatch import override_code
from bench.dispatch.override_code import code_proof, is_right_code
from bench.messages.customers import CustomerCall, CustomerStatus, Override, OverrideRefused, SelectedCustomer
from bench.messages.names import Information, Party
from instruments.errors import WaitTimeout

CODES = {"a": "11112222", "b": "33334444"}
SHARES = {"a": 0.75, "b": 0.5, "c": 0.0}
START_S, DURATION_S = 30.0, 3600.0


@dataclass
class HandAppliances:
    """Remembers what it was told to switch."""

    sheds: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)

    def schedule_shed(self, name: str, share: float, start_s: float, end_s: float) -> None:
        self.sheds[name] = (share, start_s, end_s)

    def cancel_shed(self, name: str) -> None:
        self.cancelled.append(name)


@dataclass
class Street:
    """Homes a, b and c on a bus with a tap."""

    tap: Wiretap
    appliances: HandAppliances
    people: Customers

    def call(self, *customers: str) -> None:
        for name in customers:
            listed = SelectedCustomer(customer=name, net_meter=f"net_{name}", credit_meter=None, expected_kw=3.0)
            call = CustomerCall(event="e2", start_s=START_S, duration_s=DURATION_S, customers=(listed,))
            self.deliver(Information.CUSTOMER_CALL, call)
        self.run(1.0)

    def reduce(self, *customers: str, may_override: bool = False) -> None:
        """Call customers for a reduction of load, which they may not decline unless it says so."""
        for name in customers:
            listed = SelectedCustomer(customer=name, net_meter=f"net_{name}", credit_meter=None, expected_kw=3.0)
            call = CustomerCall(
                event="e2", start_s=START_S, duration_s=DURATION_S, may_override=may_override, customers=(listed,)
            )
            self.deliver(Information.REDUCTION_CALL, call)
        self.run(1.0)

    def deliver(self, information: Information, call: CustomerCall) -> None:
        for receiver in (Party.CUSTOMER_ENERGY, Party.CUSTOMER_DISPLAY):
            self.tap.bus.send(Message(Party.PREMISE_INTERFACE, receiver, information, call, "e2"))

    def run(self, seconds: float) -> None:
        self.tap.clock.run_until(self.tap.clock.now_s + seconds)

    def statuses(self) -> dict[str, str]:
        told = [m.payload for m in self.tap.told(Information.CUSTOMER_STATUS)]
        return {s.customer: s.response for s in told if isinstance(s, CustomerStatus)}

    def accepted(self) -> list[Message]:
        return [m for m in self.tap.told(Information.OVERRIDE) if m.receiver is Party.CUSTOMER_ENERGY]

    def refusals(self) -> list[OverrideRefused]:
        return [
            m.payload for m in self.tap.told(Information.OVERRIDE_REFUSED) if isinstance(m.payload, OverrideRefused)
        ]


@pytest.fixture
def street() -> Street:
    tap, appliances = Wiretap(), HandAppliances()
    people = Customers(tap.bus, CODES, overriding=1, forgetful=1)
    for actor in (CustomerEnergyManagement(tap.bus, SHARES, appliances), CustomerDisplays(tap.bus, CODES), people):
        tap.clock.start(actor.run())
    return Street(tap, appliances, people)


def test_a_home_sheds_by_its_own_profile_and_says_so_afterwards(street: Street) -> None:
    street.call("a", "b", "c")
    assert street.appliances.sheds == {
        "a": (0.75, START_S, START_S + DURATION_S),
        "b": (0.5, START_S, START_S + DURATION_S),
    }
    assert street.statuses() == {}, "nothing has come of it yet"
    street.run(START_S + STATUS_AFTER_S)
    assert street.statuses() == {"a": "shedding", "b": "shedding", "c": "nothing in the profile"}


def test_the_right_code_keeps_the_load_and_goes_no_further_than_the_display(street: Street) -> None:
    street.call("a", "b")
    street.people.type_code("a", CODES["a"])
    street.run(1.0)
    assert street.appliances.cancelled == ["a"]
    (message,) = street.accepted()
    assert message.payload == Override(event="e2", customer="a")
    street.run(START_S + STATUS_AFTER_S)
    assert street.statuses() == {"a": "overridden", "b": "shedding"}


def test_a_wrong_code_is_refused_and_the_home_sheds(street: Street) -> None:
    street.call("a")
    street.people.type_code("a", "00000000")
    street.run(START_S + STATUS_AFTER_S)
    assert street.refusals() == [OverrideRefused(event="e2", customer="a", tries_left=TRIES - 1)]
    assert street.appliances.cancelled == []
    assert street.statuses() == {"a": "shedding"}


def test_after_so_many_wrong_codes_the_right_one_is_refused_too(street: Street) -> None:
    street.call("a")
    for code in ("1", "2", "3", CODES["a"]):
        street.people.type_code("a", code)
    street.run(1.0)
    assert [refusal.tries_left for refusal in street.refusals()] == [2, 1, 0, 0]
    assert street.appliances.cancelled == []


def test_tries_are_counted_for_each_customer(street: Street) -> None:
    street.call("a", "b")
    for _ in range(TRIES):
        street.people.type_code("a", "0")
    street.people.type_code("b", CODES["b"])
    street.run(1.0)
    assert street.appliances.cancelled == ["b"]


def test_somebody_elses_code_is_a_wrong_one(street: Street) -> None:
    street.call("a", "b")
    street.people.type_code("a", CODES["b"])
    street.run(1.0)
    assert street.appliances.cancelled == []


def test_a_display_without_a_call_takes_no_code(street: Street) -> None:
    proof = code_proof(CODES["a"], "e2", "a")
    override = Override(event="e2", customer="a", code_proof=proof)
    street.tap.bus.send(Message(Party.CUSTOMER, Party.CUSTOMER_DISPLAY, Information.OVERRIDE, override, "e2"))
    street.run(1.0)
    assert street.appliances.cancelled == []
    assert len(street.refusals()) == 1


def test_a_proof_from_a_record_declines_no_other_call() -> None:
    proof = code_proof(CODES["a"], "e2", "a")
    assert is_right_code(CODES["a"], "e2", "a", proof)
    assert not is_right_code(CODES["a"], "e3", "a", proof)
    assert not is_right_code(CODES["a"], "e2", "b", proof)
    assert CODES["a"] not in proof


@given(st.text("0123456789", max_size=40), st.text("0123456789", max_size=40))
def test_a_wrong_code_takes_the_display_as_long_as_any_other(right: str, typed: str) -> None:
    """Whatever the codes are, what is compared has the same length, by a comparison that reads all of it."""
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    with patch.object(override_code, "hmac", SimpleNamespace(new=hmac.new, compare_digest=compare)):
        answer = is_right_code(right, "e2", "a", code_proof(typed, "e2", "a"))
    assert compared == [(64, 64)]
    assert answer is (right == typed)


def test_people_decline_what_their_displays_show(street: Street) -> None:
    with pytest.raises(WaitTimeout, match="0 customers see a call, 2 are to decline"):
        street.people.decline()
    street.call("a", "b")
    street.people.decline()
    street.run(1.0)
    assert street.appliances.cancelled == ["a"]
    assert [refusal.customer for refusal in street.refusals()] == ["b"]


def test_a_reduction_sheds_like_any_other_call(street: Street) -> None:
    street.reduce("a", "c")
    assert set(street.appliances.sheds) == {"a"}
    street.run(START_S + STATUS_AFTER_S)
    assert street.statuses() == {"a": "shedding", "c": "nothing in the profile"}


def test_no_override_is_taken_where_none_is_allowed_neither_at_the_display_nor_behind_it(street: Street) -> None:
    """The right code at the display, and an override straight to the home controller: each refuses by itself."""
    with pytest.raises(WaitTimeout, match="no customer sees a call"):
        street.people.try_all_ways()
    street.reduce("a", "b")
    street.people.try_all_ways()
    street.run(START_S + STATUS_AFTER_S)
    refused = [m for m in street.tap.told(Information.OVERRIDE_REFUSED) if isinstance(m.payload, OverrideRefused)]
    assert {m.producer for m in refused} == {Party.CUSTOMER_DISPLAY, Party.CUSTOMER_ENERGY}
    assert {m.receiver for m in refused} == {Party.CUSTOMER}
    assert [m.payload.allowed for m in refused if isinstance(m.payload, OverrideRefused)] == [False, False]
    assert not [m for m in street.accepted() if m.producer is Party.CUSTOMER_DISPLAY]
    assert street.appliances.cancelled == []
    assert street.statuses() == {"a": "shedding", "b": "shedding"}


def test_a_reduction_that_allows_it_may_be_declined_at_the_display(street: Street) -> None:
    street.reduce("a", may_override=True)
    street.people.type_code("a", CODES["a"])
    street.run(START_S + STATUS_AFTER_S)
    assert street.appliances.cancelled == ["a"]
    assert street.statuses() == {"a": "overridden"}


def test_an_override_that_no_display_has_checked_is_refused(street: Street) -> None:
    street.call("a")
    bare = Override(event="e2", customer="a")
    street.tap.bus.send(Message(Party.CUSTOMER, Party.CUSTOMER_ENERGY, Information.OVERRIDE, bare, "e2"))
    street.run(START_S + STATUS_AFTER_S)
    assert street.appliances.cancelled == []
    assert street.statuses() == {"a": "shedding"}
    assert [(refusal.customer, refusal.allowed) for refusal in street.refusals()] == [("a", True)]


def test_a_refusal_holds_for_its_own_call_alone(street: Street) -> None:
    street.reduce("a")
    listed = SelectedCustomer(customer="a", net_meter="net_a", credit_meter=None, expected_kw=3.0)
    street.deliver(
        Information.CUSTOMER_CALL,
        CustomerCall(event="e3", start_s=START_S, duration_s=DURATION_S, customers=(listed,)),
    )
    street.run(1.0)
    street.people.type_code("a", CODES["a"])
    street.run(1.0)
    assert street.appliances.cancelled == ["a"]
