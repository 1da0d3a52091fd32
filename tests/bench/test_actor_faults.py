"""Actors that misbehave on demand: what a faulty one sends instead, only while it is faulty, and nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from playing import EMULATED
from wiretap import Wiretap

from bench.actors.field_control import ScadaControls
from bench.assembly.actor_faults import ForgetfulControls, Reach, misbehave
from bench.assembly.defects import Defects
from bench.bus import Message
from bench.config import load_bench
from bench.customers import Customer, Premise
from bench.faults import SYSTEMS, check_fault, parse_fault
from bench.messages.customers import CustomerCall, LoadAffected, Override, OverrideRefused, SelectedCustomer
from bench.messages.equipment import (
    AlertHistory,
    AlertRecord,
    AreaRequest,
    AssetCommand,
    Payload,
    RelevantAlertHistory,
    SelectedAssets,
)
from bench.messages.names import Information, Party
from bench.system_faults import ACTOR_KINDS, ACTORS
from instruments.errors import ConfigError

DRAACS, DISPLAY, HOME = Party.RESOURCE_CONTROL, Party.CUSTOMER_DISPLAY, Party.CUSTOMER_ENERGY
MDMS, DMS, APPLICATION = Party.MDMS, Party.DMS, Party.DER_AUTOMATION


@dataclass
class Appliances:
    """Appliances that note who was given the load back."""

    cancelled: list[str] = field(default_factory=list)

    def schedule_shed(self, name: str, share: float, start_s: float, end_s: float) -> None:
        raise AssertionError(f"no fault sheds load: {name}, {share}, {start_s} to {end_s} s")

    def cancel_shed(self, name: str) -> None:
        self.cancelled.append(name)


def premise(name: str, programme: str = "demand_response") -> Premise:
    return Premise(name, 0, f"meter_{name}", None, Customer(name, "flat", programme, 2.0, "economy"))


PREMISES = (premise("a"), premise("b", programme=""), premise("c"))
RATING_KW = {"battery": 1000.0}


@dataclass
class Cast:
    """A bus with faulty actors on it."""

    fault: str
    tap: Wiretap = field(default_factory=Wiretap)
    appliances: Appliances = field(default_factory=Appliances)

    def __post_init__(self) -> None:
        defects = Defects([parse_fault(self.fault)])
        misbehave(self.tap.bus, defects, Reach(PREMISES, self.appliances, RATING_KW))

    def sent(self, message: Message, at_s: float = 1.0) -> list[Message]:
        """Send a message at a time; return what arrived of it."""
        self.tap.clock.run_until(at_s)
        before = len(self.tap.heard)
        self.tap.bus.send(message)
        self.tap.clock.run_until(at_s + 1.0)
        return [delivery.message for delivery in self.tap.heard[before:]]


def listed(name: str) -> SelectedCustomer:
    return SelectedCustomer(customer=name, net_meter=f"meter_{name}", credit_meter=None, expected_kw=2.0)


def alert(meter: str) -> AlertRecord:
    return AlertRecord(meter=meter, condition="under", voltage_v=113.0, time_s=1.0)


CALL = Message(
    DRAACS,
    Party.AMI_NETWORK,
    Information.CUSTOMER_CALL,
    CustomerCall(event="e2", start_s=9.0, duration_s=60.0, customers=(listed("a"),)),
    "e2",
)
REFUSED = OverrideRefused(event="e2", customer="a", tries_left=2)
WRONG_CODE = Message(DISPLAY, Party.CUSTOMER, Information.OVERRIDE_REFUSED, REFUSED, "e2")
NOT_ALLOWED = Message(
    DISPLAY, Party.CUSTOMER, Information.OVERRIDE_REFUSED, REFUSED.model_copy(update={"allowed": False}), "e2"
)
REFUSED_AT_HOME = Message(HOME, DISPLAY, Information.OVERRIDE_REFUSED, NOT_ALLOWED.payload, "e2")
TOTAL = Message(
    MDMS,
    MDMS,
    Information.LOAD_AFFECTED_CALCULATION,
    LoadAffected(
        event="e2",
        total_kw=50.0,
        uncertainty_kw=1.0,
        by_customer_kw={"a": 20.0, "b": 30.0},
        estimated=(),
        unverified=(),
        edited=0,
    ),
    "e2",
)
HISTORY = Message(
    DMS,
    APPLICATION,
    Information.ALERT_HISTORY,
    AlertHistory(event="e2", alerts=(alert("m1"), alert("m2")), commands=(), load_affected_kw=50.0),
    "e2",
)
RELEVANT = Message(
    APPLICATION,
    DMS,
    Information.RELEVANT_ALERT_HISTORY,
    RelevantAlertHistory(
        event="e2",
        alerts=(alert("m1"), alert("m2")),
        first_s=1.0,
        last_s=1.0,
        worst=alert("m1"),
        commands=(),
        load_affected_kw=50.0,
    ),
    "e2",
)
CHOSEN = Message(
    APPLICATION,
    APPLICATION,
    Information.SELECTED_ASSETS,
    SelectedAssets(
        event="e1",
        commands=(
            AssetCommand(device="battery", kind="battery", power_kw=800.0, duration_s=60.0),
            AssetCommand(device="bank", kind="capacitor", close=True),
        ),
        predicted_lowest_v=114.6,
        predicted_highest_v=122.0,
    ),
    "e1",
)
AFFECTED: Mapping[str, Message] = {
    "draacs:notifies-a-customer-who-was-not-selected": CALL,
    "display:accepts-a-wrong-code": WRONG_CODE,
    "display:override-honoured": NOT_ALLOWED,
    "customer_energy_management:override-honoured": REFUSED_AT_HOME,
    "mdms:total-off": TOTAL,
    "dms:history-incomplete": HISTORY,
    "der_automation:history-incomplete": RELEVANT,
    "der_automation:commands-more-than-a-device-can-give": CHOSEN,
}
"""Faults that change what an actor sends, each with a message that it changes."""


@pytest.mark.parametrize("fault", AFFECTED)
def test_a_faulty_actor_changes_its_own_messages_while_it_is_faulty(fault: str) -> None:
    cast = Cast(f"{fault}@10..20")
    assert cast.sent(AFFECTED[fault], 5.0) == [AFFECTED[fault]], "before its start"
    assert cast.sent(AFFECTED[fault], 12.0) != [AFFECTED[fault]], "while it is in force"
    assert cast.sent(AFFECTED[fault], 30.0) == [AFFECTED[fault]], "after its end"


@pytest.mark.parametrize("fault", AFFECTED)
def test_a_faulty_actor_leaves_all_other_messages_alone(fault: str) -> None:
    cast = Cast(fault)
    others = [message for name, message in AFFECTED.items() if message.producer is not AFFECTED[fault].producer]
    request = Message(
        AFFECTED[fault].producer, Party.WHOLESALE_POWER, Information.AREA_REQUEST, AreaRequest(event="e1"), "e1"
    )
    for number, message in enumerate([*others, request]):
        assert cast.sent(message, 2.0 * number) == [message]


def only(fault: str, message: Message) -> Payload:
    (found,) = Cast(fault).sent(message)
    assert (found.producer, found.receiver, found.correlation) == (
        message.producer,
        message.receiver,
        message.correlation,
    )
    return found.payload


def test_the_draacs_calls_an_enrolled_customer_more() -> None:
    payload = only("draacs:notifies-a-customer-who-was-not-selected", CALL)
    assert isinstance(payload, CustomerCall)
    assert [customer.customer for customer in payload.customers] == ["a", "c"], "b is not enrolled"


@pytest.mark.parametrize(
    ("fault", "refusal", "other"),
    [
        ("display:accepts-a-wrong-code", WRONG_CODE, NOT_ALLOWED),
        ("display:override-honoured", NOT_ALLOWED, WRONG_CODE),
    ],
)
def test_a_display_passes_on_what_it_should_refuse(fault: str, refusal: Message, other: Message) -> None:
    (passed_on,) = Cast(fault).sent(refusal)
    assert (passed_on.receiver, passed_on.payload) == (HOME, Override(event="e2", customer="a"))
    assert Cast(fault).sent(other) == [other], "it goes on refusing for another reason"


def test_a_home_controller_gives_the_load_back_and_refuses_nothing() -> None:
    cast = Cast("customer_energy_management:override-honoured")
    assert cast.sent(REFUSED_AT_HOME) == []
    assert cast.appliances.cancelled == ["a"]


@pytest.mark.parametrize(("value", "factor"), [("", 1.1), ("=0.25", 1.25), ("=-0.2", 0.8)])
def test_the_mdms_is_off_in_total_and_by_customer(value: str, factor: float) -> None:
    payload = only(f"mdms:total-off{value}", TOTAL)
    assert isinstance(payload, LoadAffected)
    assert payload.total_kw == pytest.approx(factor * 50.0)
    assert payload.by_customer_kw == pytest.approx({"a": factor * 20.0, "b": factor * 30.0})


@pytest.mark.parametrize(("fault", "message"), [("dms", HISTORY), ("der_automation", RELEVANT)])
def test_a_history_lacks_its_first_alert(fault: str, message: Message) -> None:
    payload = only(f"{fault}:history-incomplete", message)
    assert isinstance(payload, AlertHistory | RelevantAlertHistory)
    assert [record.meter for record in payload.alerts] == ["m2"]


def test_the_application_commands_a_multiple_of_the_rating_and_no_switch_otherwise() -> None:
    payload = only("der_automation:commands-more-than-a-device-can-give=2", CHOSEN)
    assert isinstance(payload, SelectedAssets)
    battery, bank = payload.commands
    assert (battery.power_kw, bank.close, bank.power_kw) == (2000.0, True, 0.0)


class Bank:
    """A capacitor control that keeps whether it is blocked."""

    blocked: bool | None = None

    def set_blocked(self, blocked: bool) -> None:
        self.blocked = blocked


def test_a_dms_that_forgets_the_block_writes_nothing_and_says_so_and_still_releases() -> None:
    bank, forgets = Bank(), [True]
    controls = ForgetfulControls(ScadaControls({"bank": bank}, {}), lambda: forgets[0])  # type: ignore[dict-item]
    assert controls.block_var_switching("bank", True) is False, "what was not written must not be told"
    assert bank.blocked is None
    assert controls.block_var_switching("bank", False) is True
    assert bank.blocked is False
    forgets[0] = False
    assert controls.block_var_switching("bank", True) is True
    assert bank.blocked is True


def test_every_kind_of_every_actor_is_known_and_has_an_effect_here() -> None:
    declared = {f"{target}:{kind.name}" for kind in ACTOR_KINDS for target in kind.roles}
    assert declared == {*AFFECTED, "dms:forgets-the-block"}
    for fault in declared:
        check_fault(parse_fault(f"{fault}@1..2"), load_bench(EMULATED))
    assert {target for kind in ACTOR_KINDS for target in kind.roles} == set(ACTORS), (
        "an actor that can do nothing wrong"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dms:forget-the-block", "did you mean 'forgets-the-block'?"),
        ("dmss:forgets-the-block", "did you mean 'dms'?"),
        ("mdms:forgets-the-block", "no fault 'forgets-the-block' for the role 'mdms'; known: total-off"),
        ("dms:forgets-the-block=2", "takes no value"),
    ],
)
def test_what_an_actor_cannot_do_is_refused_with_what_it_can(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        check_fault(parse_fault(text), load_bench(EMULATED))
    assert told in str(refusal.value)


def test_an_unknown_target_is_told_all_links_and_actors() -> None:
    with pytest.raises(ConfigError) as refusal:
        check_fault(parse_fault("nobody:sleeps"), load_bench(EMULATED))
    assert all(name in str(refusal.value) for name in SYSTEMS)


def test_a_fault_of_real_equipment_is_sent_to_where_that_is_emulated() -> None:
    equipment = load_bench(EMULATED.with_name("certify_equipment.yaml"))
    with pytest.raises(ConfigError, match=r"inverter is real in this bench file.*give --fault to that"):
        check_fault(parse_fault("inverter:late-trip"), equipment)
