"""A site of DER: the premise interface in front, the inverter, and the battery or the generator behind it.

The actors are adapters: a message leaves them only after an exchange on the device's own wire, which it cites. Of a
device that refuses a command, does not keep it, or gives no values, its adapter tells that instead.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.eligibility import ResourceClass
from bench.messages.equipment import DeviceTrouble, EquipmentState, EquipmentStatus, Kind, OperationalCommand
from bench.messages.names import Information, Party
from bench.messages.resource_paths import PATHS, REQUESTS
from bench.messages.resources import DispatchRequest
from instruments.errors import InstrumentError
from instruments.roles import Battery, Inverter

Citing = Callable[[], AbstractContextManager[list[str]]]


@dataclass(frozen=True)
class DerSite:
    """A battery and the inverter in front of it, or a generator, which is an inverter by itself.

    `power_scale`: what one watt of the device stands for on the feeder; the messages speak of the feeder's side.
    """

    device: str
    resource: ResourceClass
    inverter: Inverter
    battery: Battery | None
    power_scale: float
    rating_kw: float

    def device_w(self, power_kw: float) -> float:
        """Turn feeder-side kilowatts into the device's own watts."""
        return power_kw * 1000.0 / self.power_scale

    def feeder_kw(self, power_w: float) -> float:
        """Turn the device's own watts into feeder-side kilowatts."""
        return power_w * self.power_scale / 1000.0

    def read_inverter_kw(self) -> float:
        """Read what the inverter says that it delivers, kW; raises TransportError or InstrumentError."""
        return self.feeder_kw(self.inverter.read_ac().p_w)


def read_state(site: DerSite) -> EquipmentState:
    """Read a DER over its own wire: its own word on power, and of storage on charge and energy.

    Raises TransportError when it does not answer, InstrumentError when it gives no values.
    """
    if site.battery is None:
        power_kw = site.read_inverter_kw()
        return EquipmentState(
            device=site.device, kind="generator", available=True, power_kw=power_kw, rating_kw=site.rating_kw
        )
    storage = site.battery.read_storage()
    return EquipmentState(
        device=site.device,
        kind="battery",
        available=True,
        power_kw=site.feeder_kw(storage.power_w),
        rating_kw=site.rating_kw,
        state_of_charge_pct=storage.soc_pct,
        energy_kwh=site.feeder_kw(storage.energy_wh),
    )


def state_or_trouble(device: str, kind: Kind, read: Callable[[], EquipmentState]) -> EquipmentState:
    """Read a device; one that gives no values is not available, and what it lacks is told. Raises TransportError."""
    try:
        return read()
    except InstrumentError as error:
        return EquipmentState(device=device, kind=kind, available=False, trouble=str(error))


def look_at(site: DerSite) -> EquipmentState:
    """Read a DER, whether or not it gives values; raises TransportError."""
    return state_or_trouble(site.device, "battery" if site.battery else "generator", lambda: read_state(site))


@dataclass(frozen=True)
class _Order:
    """What a command or a request asks of a device: power, kW, for a time, s; `request` is empty for a command."""

    device: str
    power_kw: float
    duration_s: float
    event: str
    request: str = ""


def _order(delivery: Delivery) -> _Order | None:
    match delivery.message.payload:
        case OperationalCommand(event=event, command=command):
            return _Order(command.device, command.power_kw, command.duration_s, event)
        case DispatchRequest(event=event, request=asked):
            return _Order(asked.device, asked.power_kw, asked.duration_s, event, asked.request)
    return None


class SiteActor(Actor):
    """What the actors of a site share: its devices, and a command that goes on once the device has taken it."""

    def __init__(self, bus: Bus, sites: Mapping[str, DerSite], citing: Citing) -> None:
        super().__init__(bus)
        self._sites = sites
        self._citing = citing

    def _command(self, delivery: Delivery, write: Callable[[DerSite, float, float], object]) -> list[str] | None:
        """Write a command's power (device watts) and duration (s) into a device; None where it is refused, or not kept.

        That is told back on the way on which the command came.
        """
        order = _order(delivery)
        if order is None:
            return None
        site = self._sites[order.device]
        with self._citing() as citations:
            try:
                write(site, site.device_w(order.power_kw), order.duration_s)
            except InstrumentError as error:
                self._tell_trouble(delivery, delivery.message.producer, order, error, citations)
                return None
        return citations

    def _tell_trouble(
        self, delivery: Delivery, to: Party, order: _Order, error: InstrumentError, citations: list[str]
    ) -> None:
        trouble = DeviceTrouble(event=order.event, device=order.device, trouble=str(error))
        because = (delivery.citation, *citations)
        self.send(to, Information.DEVICE_TROUBLE, trouble, delivery.message.correlation, because)

    def _go_on(self, delivery: Delivery, to: Party, citations: list[str]) -> None:
        message = delivery.message
        because = (delivery.citation, *citations)
        self.send(to, message.information, message.payload, message.correlation, because)

    def _site_of(self, delivery: Delivery) -> DerSite | None:
        order = _order(delivery)
        return None if order is None else self._sites[order.device]


class PremiseInterface(SiteActor):
    """The communications radio at the site: writes commands into the inverter, carries its status back."""

    party = Party.PREMISE_INTERFACE

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand commands, requests and calls from the AMI, status of the inverter and of home controllers."""
        return {
            **dict.fromkeys((Information.OPERATIONAL_COMMAND, *REQUESTS), self._command_inverter),
            Information.EQUIPMENT_STATUS: self._forward_status,
            Information.CUSTOMER_CALL: self._call_home,
            Information.REDUCTION_CALL: self._call_home,
            Information.CUSTOMER_STATUS: self._forward_status,
        }

    def _call_home(self, delivery: Delivery) -> None:
        """Give a call to the home controller and to the display."""
        for receiver in (Party.CUSTOMER_ENERGY, Party.CUSTOMER_DISPLAY):
            self._go_on(delivery, receiver, [])

    def _command_inverter(self, delivery: Delivery) -> None:
        taken = self._command(delivery, lambda site, w, s: site.inverter.set_power_w(w, s))
        site = self._site_of(delivery)
        if taken is not None and site is not None:
            self._go_on(delivery, PATHS[site.resource].inverter, taken)

    def _forward_status(self, delivery: Delivery) -> None:
        self._go_on(delivery, Party.AMI_NETWORK, [])


class SiteDevice(SiteActor):
    """The adapter of a battery or a generator: reports what it says of itself, once it has had time to respond."""

    def __init__(
        self, bus: Bus, resource: ResourceClass, sites: Mapping[str, DerSite], citing: Citing, status_after_s: float
    ) -> None:
        super().__init__(bus, sites, citing)
        path = PATHS[resource]
        self.party, self._inverter = path.device, path.inverter
        self._status_after_s = status_after_s

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand commands and requests from the inverter."""
        return dict.fromkeys((Information.OPERATIONAL_COMMAND, *REQUESTS), self.report_later)

    def report_later(self, delivery: Delivery) -> Process:
        """Report to the inverter after a while."""
        yield self.clock.timeout(self._status_after_s)
        order = _order(delivery)
        if order is None:
            return
        with self._citing() as citations:
            try:
                state = read_state(self._sites[order.device])
            except InstrumentError as error:
                self._tell_trouble(delivery, self._inverter, order, error, citations)
                return
        status = EquipmentStatus(event=order.event, equipment=state, request=order.request)
        because = (delivery.citation, *citations)
        self.send(self._inverter, Information.EQUIPMENT_STATUS, status, delivery.message.correlation, because)


class SiteInverter(SiteActor):
    """An inverter's control of what is behind it, and its report of what it delivers itself.

    A generator takes its request from the inverter within one piece of equipment: no message goes to it.
    """

    def __init__(
        self,
        bus: Bus,
        party: Party,
        sites: Mapping[str, DerSite],
        citing: Citing,
        generation: SiteDevice,
    ) -> None:
        super().__init__(bus, sites, citing)
        self.party, self._generation = party, generation

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand commands and requests from the premise interface, and reports of what is behind."""
        return {
            **dict.fromkeys((Information.OPERATIONAL_COMMAND, *REQUESTS), self._command_device),
            Information.EQUIPMENT_STATUS: self._report,
        }

    def _command_device(self, delivery: Delivery) -> Process | None:
        site = self._site_of(delivery)
        if site is None:
            return None
        battery = site.battery
        if battery is None:
            return self._generation.report_later(delivery)
        taken = self._command(delivery, lambda _site, w, s: battery.set_power_w(w, s))
        if taken is not None:
            self._go_on(delivery, PATHS[site.resource].device, taken)
        return None

    def _report(self, delivery: Delivery) -> None:
        message = delivery.message
        if not isinstance(message.payload, EquipmentStatus):
            return
        status = message.payload
        order = _Order(status.equipment.device, 0.0, 0.0, status.event, status.request)
        with self._citing() as citations:
            try:
                power_kw = self._sites[order.device].read_inverter_kw()
            except InstrumentError as error:
                self._tell_trouble(delivery, Party.PREMISE_INTERFACE, order, error, citations)
                return
        told = status.model_copy(update={"equipment": status.equipment.model_copy(update={"power_kw": power_kw})})
        because = (delivery.citation, *citations)
        self.send(Party.PREMISE_INTERFACE, message.information, told, message.correlation, because)
