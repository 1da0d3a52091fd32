"""Capacitor and tap-changer controls: the DMS's orders to them over SCADA, and their adapters' reports back."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial

from bench.actors.base import Actor, Handler
from bench.actors.scada import read_capacitor_state, read_tap_changer_state
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.messages.equipment import DeviceTrouble, EquipmentState, EquipmentStatus, OperationalCommand
from bench.messages.names import Information, Party
from instruments.errors import InstrumentError
from instruments.roles import CapacitorBankControl, LoadTapChangerControl

Citing = Callable[[], AbstractContextManager[list[str]]]

TAP_SPACING_S = 6.0
"""Time between two raise commands, s: longer than a control's inter-tap delay."""


class ScadaControls:
    """Writes the DMS's orders into the controls; each order returns whether the control took it."""

    def __init__(
        self,
        capacitors: Mapping[str, CapacitorBankControl],
        tap_changers: Mapping[str, LoadTapChangerControl],
    ) -> None:
        self.capacitors, self.tap_changers = capacitors, tap_changers

    def block_var_switching(self, device: str, blocked: bool) -> bool:
        """Stop a capacitor control's own logic, or let it resume; SCADA commands work in both cases."""
        return _taken(lambda: self.capacitors[device].set_blocked(blocked))

    def switch_capacitor(self, device: str, close: bool) -> bool:
        """Close or open a bank."""
        control = self.capacitors[device]
        return _taken(control.close_bank if close else control.open_bank)

    def take_tap_changer(self, device: str) -> int | None:
        """Put a tap changer into SCADA-manual and return its tap; None when it refuses, or is out of reach."""
        control = self.tap_changers[device]
        try:
            control.set_automatic(False)
            return control.read_status().tap_position
        except InstrumentError:
            return None

    def step(self, device: str, direction: int) -> bool:
        """Raise or lower by one tap."""
        control = self.tap_changers[device]
        return _taken(control.raise_tap if direction > 0 else control.lower_tap)

    def give_back_tap_changer(self, device: str) -> None:
        """Return a tap changer to automatic, but blocked: by itself it would undo the event's taps at once.

        The block goes with the release of the event.
        """
        control = self.tap_changers[device]
        _taken(partial(control.set_blocked, True))
        _taken(partial(control.set_automatic, True))

    def block_tap_changers(self, blocked: bool) -> None:
        """Keep all tap changers from regulating by themselves, or let them regulate again."""
        for control in self.tap_changers.values():
            _taken(partial(control.set_blocked, blocked))


class CapacitorControls(Actor):
    """The adapters of the capacitor controls: report what a control says once it has had time to act."""

    party = Party.CAPACITOR_CONTROLS

    def __init__(
        self, bus: Bus, controls: Mapping[str, CapacitorBankControl], citing: Citing, status_after_s: float
    ) -> None:
        super().__init__(bus)
        self._controls, self._citing, self._status_after_s = controls, citing, status_after_s

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand commands; a block is in the control's register and needs no answer."""
        return {Information.CAPACITOR_COMMAND: self._report}

    def _report(self, delivery: Delivery) -> Process:
        yield self.clock.timeout(self._status_after_s)
        payload = delivery.message.payload
        if isinstance(payload, OperationalCommand):
            name = payload.command.device
            read = partial(read_capacitor_state, name, self._controls[name])
            _report_state(self, delivery, payload, read, self._citing)


class TapChangerControls(Actor):
    """The adapters of the tap-changer controls."""

    party = Party.TAP_CHANGER_CONTROLS

    def __init__(
        self, bus: Bus, controls: Mapping[str, LoadTapChangerControl], citing: Citing, status_after_s: float
    ) -> None:
        super().__init__(bus)
        self._controls, self._citing, self._status_after_s = controls, citing, status_after_s

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand commands."""
        return {Information.TAP_CHANGER_COMMAND: self._report}

    def _report(self, delivery: Delivery) -> Process:
        """Report when the control says that it is there, or when it has had time for every tap it may be asked."""
        payload = delivery.message.payload
        if not isinstance(payload, OperationalCommand):
            return
        name, target = payload.command.device, payload.command.tap
        for _ in range(MOST_TAPS):
            yield self.clock.timeout(TAP_SPACING_S)
            if self._has_come(name, target):
                break
        yield self.clock.timeout(self._status_after_s)
        read = partial(read_tap_changer_state, name, self._controls[name])
        _report_state(self, delivery, payload, read, self._citing)

    def _has_come(self, name: str, target: int | None) -> bool:
        """Whether the control says that its taps are there; one that says nothing to be believed does not."""
        try:
            return self._controls[name].read_status().tap_position == target
        except InstrumentError:
            return False


MOST_TAPS = 32
"""Taps from one end of a tap changer's travel to the other."""


def _report_state(
    actor: Actor,
    delivery: Delivery,
    ordered: OperationalCommand,
    read: Callable[[], EquipmentState],
    citing: Citing,
) -> None:
    """Report to the DMS what a control says, or that it says nothing to be reported, and why."""
    with citing() as citations:
        information, told = _state_or_trouble(ordered, read)
    because = (delivery.citation, *citations)
    actor.send(Party.DMS, information, told, delivery.message.correlation, because)


def _state_or_trouble(
    ordered: OperationalCommand, read: Callable[[], EquipmentState]
) -> tuple[Information, EquipmentStatus | DeviceTrouble]:
    try:
        return Information.EQUIPMENT_STATUS, EquipmentStatus(event=ordered.event, equipment=read())
    except InstrumentError as error:
        trouble = DeviceTrouble(event=ordered.event, device=ordered.command.device, trouble=str(error))
        return Information.DEVICE_TROUBLE, trouble


def _taken(order: Callable[[], None]) -> bool:
    """Carry out an order; a control that refuses it has not taken it, and the wire log shows the refusal."""
    try:
        order()
    except InstrumentError:
        return False
    return True
