"""Actors that misbehave on demand: what leaves a faulty actor is not what it made. The actors themselves know nothing.

A new kind is one entry in `bench.system_faults.ACTOR_KINDS` and one in `_misdeeds`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bench.actors.field_control import ScadaControls
from bench.actors.home import HomeAreaNetwork
from bench.assembly.defects import Defects
from bench.bus import Bus, Message
from bench.customers import Premise
from bench.messages.customers import CustomerCall, LoadAffected, Override, OverrideRefused, SelectedCustomer
from bench.messages.equipment import AlertHistory, AssetCommand, Payload, RelevantAlertHistory, SelectedAssets
from bench.messages.names import Information, Party
from bench.messages.resources import AvailableResources, EventHistory, RelevantEventHistory, RequiredResources
from bench.system_faults import ACTORS
from instruments.emulators.faults import FaultSet

Misdeed = Callable[[Message, float], Sequence[Message]]
"""What a faulty actor sends in the place of a message, by the fault's value."""


@dataclass(frozen=True)
class Reach:
    """What faulty actors can lay hands on: premises and their appliances, and what each DER is rated for, kW."""

    premises: Sequence[Premise]
    appliances: HomeAreaNetwork
    rating_kw: Mapping[str, float]


def misbehave(bus: Bus, defects: Defects, reach: Reach) -> None:
    """Make actors on the bus faulty; those without a fault are left alone."""
    misdeeds = _misdeeds(reach)
    for target, party in ACTORS.items():
        if defects.has(target):
            bus.altered.append(partial(_altered, bus, party, defects.of(target), misdeeds))


def _altered(
    bus: Bus, party: Party, faults: FaultSet, misdeeds: Mapping[str, Misdeed], message: Message
) -> Sequence[Message]:
    if message.producer is not party:
        return (message,)
    for kind, misdeed in misdeeds.items():
        fault = faults.active(kind, bus.clock.now_s)
        if fault is not None:
            return misdeed(message, fault.value)
    return (message,)


def _misdeeds(reach: Reach) -> Mapping[str, Misdeed]:
    return {
        "notifies-a-customer-who-was-not-selected": partial(_notify_another, reach.premises),
        "accepts-a-wrong-code": partial(_accept, True),
        "override-honoured": partial(_honour, reach.appliances),
        "total-off": _total_off,
        "history-incomplete": _incomplete,
        "commands-more-than-a-device-can-give": partial(_overreach, reach.rating_kw),
    }


def _notify_another(premises: Sequence[Premise], message: Message, _value: float) -> Sequence[Message]:
    """Call one customer more than the listing has, one that is enrolled where there is any left."""
    call = message.payload
    if not isinstance(call, CustomerCall):
        return (message,)
    called = {listed.customer for listed in call.customers}
    for premise in sorted(premises, key=lambda premise: not premise.customer.is_enrolled):
        if premise.name not in called:
            another = SelectedCustomer(
                customer=premise.name,
                net_meter=premise.net_meter,
                credit_meter=premise.credit_meter,
                expected_kw=premise.customer.contracted_kw,
            )
            return (_saying(message, call.model_copy(update={"customers": (*call.customers, another)})),)
    return (message,)


def _accept(allowed: bool, message: Message, _value: float) -> Sequence[Message]:
    """Pass an override on to the home controller where a display refuses it: a code, or that there is any override."""
    refused = message.payload
    if not isinstance(refused, OverrideRefused) or refused.allowed is not allowed:
        return (message,)
    accepted = Override(event=refused.event, customer=refused.customer)
    return (replace(message, receiver=Party.CUSTOMER_ENERGY, information=Information.OVERRIDE, payload=accepted),)


def _honour(appliances: HomeAreaNetwork, message: Message, value: float) -> Sequence[Message]:
    """Give the load back where no override is allowed; a display can but pass the override on."""
    refused = message.payload
    if message.producer is Party.CUSTOMER_DISPLAY:
        return _accept(False, message, value)
    if not isinstance(refused, OverrideRefused) or refused.allowed:
        return (message,)
    appliances.cancel_shed(refused.customer)
    return ()


def _total_off(message: Message, value: float) -> Sequence[Message]:
    """Compute a total that is off by a share, customer by customer."""
    found = message.payload
    if not isinstance(found, LoadAffected) or message.receiver is not message.producer:
        return (message,)
    by_customer_kw = {name: (1.0 + value) * kw for name, kw in found.by_customer_kw.items()}
    off = {"total_kw": (1.0 + value) * found.total_kw, "by_customer_kw": by_customer_kw}
    return (_saying(message, found.model_copy(update=off)),)


def _incomplete(message: Message, _value: float) -> Sequence[Message]:
    """Leave the first entry out of a history."""
    history = message.payload
    if isinstance(history, AlertHistory | RelevantAlertHistory):
        return (_saying(message, history.model_copy(update={"alerts": history.alerts[1:]})),)
    if isinstance(history, EventHistory | RelevantEventHistory):
        return (_saying(message, history.model_copy(update={"resources": history.resources[1:]})),)
    return (message,)


def _overreach(rating_kw: Mapping[str, float], message: Message, value: float) -> Sequence[Message]:
    """Choose, schedule or offer of each DER a multiple of what it is rated for."""
    match message.payload:
        case SelectedAssets() as chosen if message.receiver is message.producer:
            commands = tuple(_beyond(command, rating_kw, value) for command in chosen.commands)
            return (_saying(message, chosen.model_copy(update={"commands": commands})),)
        case RequiredResources() as required:
            requests = tuple(
                r.model_copy(update={"power_kw": value * rating_kw[r.device]}) if r.device in rating_kw else r
                for r in required.requests
            )
            return (_saying(message, required.model_copy(update={"requests": requests})),)
        case AvailableResources() as offered:
            resources = tuple(
                r.model_copy(update={"available_kw": value * rating_kw[r.device]}) for r in offered.resources
            )
            total_kw = sum(resource.available_kw for resource in resources)
            return (_saying(message, offered.model_copy(update={"resources": resources, "total_kw": total_kw})),)
    return (message,)


def _beyond(command: AssetCommand, rating_kw: Mapping[str, float], value: float) -> AssetCommand:
    if command.device not in rating_kw or command.power_kw == 0.0:
        return command
    sign = 1.0 if command.power_kw > 0.0 else -1.0
    return command.model_copy(update={"power_kw": sign * value * rating_kw[command.device]})


def _saying(message: Message, payload: Payload) -> Message:
    return replace(message, payload=payload)


class ForgetfulControls(ScadaControls):
    """A way to the controls that forgets to block them while `forgets` says so: nothing is written, nothing told."""

    def __init__(self, controls: ScadaControls, forgets: Callable[[], bool]) -> None:
        super().__init__(controls.capacitors, controls.tap_changers)
        self._forgets = forgets

    def block_var_switching(self, device: str, blocked: bool) -> bool:
        """Leave a control to its own logic; a release is given as ever."""
        return False if blocked and self._forgets() else super().block_var_switching(device, blocked)
