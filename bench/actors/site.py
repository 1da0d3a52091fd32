"""A storage site: the premise interface in front, the inverter, and the battery behind it.

The three actors are adapters: a message leaves them only after an exchange on the device's own wire, which it cites.
A device that refuses a command gets no further message out of its adapter; the refusal is in the wire log.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.messages import EquipmentState, EquipmentStatus, OperationalCommand
from bench.names import Information, Party
from instruments.errors import InstrumentError
from instruments.roles import Battery, Inverter

Citing = Callable[[], AbstractContextManager[list[str]]]


@dataclass(frozen=True)
class StorageSite:
    """A battery and the inverter in front of it.

    `power_scale`: what one watt of the device stands for on the feeder; the messages speak of the feeder's side.
    """

    battery_name: str
    inverter: Inverter
    battery: Battery
    power_scale: float
    rating_kw: float

    def device_w(self, power_kw: float) -> float:
        """Turn feeder-side kilowatts into the device's own watts."""
        return power_kw * 1000.0 / self.power_scale

    def feeder_kw(self, power_w: float) -> float:
        """Turn the device's own watts into feeder-side kilowatts."""
        return power_w * self.power_scale / 1000.0


def read_storage_state(site: StorageSite) -> EquipmentState:
    """Read a battery over its own wire: its own word on power, state of charge and energy."""
    storage = site.battery.read_storage()
    return EquipmentState(
        device=site.battery_name,
        kind="battery",
        available=True,
        power_kw=site.feeder_kw(storage.power_w),
        rating_kw=site.rating_kw,
        state_of_charge_pct=storage.soc_pct,
        energy_kwh=site.feeder_kw(storage.energy_wh),
    )


class SiteActor(Actor):
    """What the actors of a site share: its devices, and a command that goes on once the device has taken it."""

    def __init__(self, bus: Bus, sites: Mapping[str, StorageSite], citing: Citing) -> None:
        super().__init__(bus)
        self._sites = sites
        self._citing = citing

    def _command(self, delivery: Delivery, write: Callable[[StorageSite, float, float], object], to: Party) -> None:
        """Write a command's power (device watts) and duration (s) into a device and pass it on with that exchange."""
        message = delivery.message
        if not isinstance(message.payload, OperationalCommand):
            return
        command = message.payload.command
        site = self._sites[command.device]
        with self._citing() as citations:
            try:
                write(site, site.device_w(command.power_kw), command.duration_s)
            except InstrumentError:
                return
        self.send(to, message.information, message.payload, message.correlation, (delivery.citation, *citations))


class PremiseInterface(SiteActor):
    """The communications radio at the site: writes commands into the inverter, carries its status back."""

    party = Party.PREMISE_INTERFACE

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand commands and calls from the AMI, status reports of the inverter and of home controllers."""
        return {
            Information.OPERATIONAL_COMMAND: self._command_inverter,
            Information.EQUIPMENT_STATUS: self._forward_status,
            Information.CUSTOMER_CALL: self._call_home,
            Information.CUSTOMER_STATUS: self._forward_status,
        }

    def _call_home(self, delivery: Delivery) -> None:
        """Give a call to the home controller and to the display."""
        message = delivery.message
        for receiver in (Party.CUSTOMER_ENERGY, Party.CUSTOMER_DISPLAY):
            self.send(receiver, message.information, message.payload, message.correlation, (delivery.citation,))

    def _command_inverter(self, delivery: Delivery) -> None:
        self._command(delivery, lambda site, w, s: site.inverter.set_power_w(w, s), Party.UTILITY_INVERTER)

    def _forward_status(self, delivery: Delivery) -> None:
        message = delivery.message
        self.send(Party.AMI_NETWORK, message.information, message.payload, message.correlation, (delivery.citation,))


class UtilityInverter(SiteActor):
    """The inverter's control of the battery behind it, and its report of what it delivers itself."""

    party = Party.UTILITY_INVERTER

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand commands from the premise interface and status reports from the battery."""
        return {
            Information.OPERATIONAL_COMMAND: self._command_battery,
            Information.EQUIPMENT_STATUS: self._report,
        }

    def _command_battery(self, delivery: Delivery) -> None:
        self._command(delivery, lambda site, w, s: site.battery.set_power_w(w, s), Party.UTILITY_BATTERY)

    def _report(self, delivery: Delivery) -> None:
        message = delivery.message
        if not isinstance(message.payload, EquipmentStatus):
            return
        state = message.payload.equipment
        site = self._sites[state.device]
        with self._citing() as citations:
            power_kw = site.feeder_kw(site.inverter.read_ac().p_w)
        status = EquipmentStatus(event=message.payload.event, equipment=state.model_copy(update={"power_kw": power_kw}))
        because = (delivery.citation, *citations)
        self.send(Party.PREMISE_INTERFACE, message.information, status, message.correlation, because)


class UtilityBattery(SiteActor):
    """The battery's adapter: reports what the battery says of itself, once it has had time to respond."""

    party = Party.UTILITY_BATTERY

    def __init__(self, bus: Bus, sites: Mapping[str, StorageSite], citing: Citing, status_after_s: float) -> None:
        super().__init__(bus, sites, citing)
        self._status_after_s = status_after_s

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand commands from the inverter."""
        return {Information.OPERATIONAL_COMMAND: self._report_later}

    def _report_later(self, delivery: Delivery) -> Process:
        yield self.clock.timeout(self._status_after_s)
        message = delivery.message
        if not isinstance(message.payload, OperationalCommand):
            return
        with self._citing() as citations:
            state = read_storage_state(self._sites[message.payload.command.device])
        status = EquipmentStatus(event=message.payload.event, equipment=state)
        because = (delivery.citation, *citations)
        self.send(Party.UTILITY_INVERTER, Information.EQUIPMENT_STATUS, status, message.correlation, because)
