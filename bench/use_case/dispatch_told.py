"""What the DMS was told of dispatched DER, and what it commanded besides: all of that has to be in what it tells."""

from collections.abc import Collection, Mapping

from bench.bus import Delivery
from bench.messages.customers import LoadAffected, MeterData
from bench.messages.equipment import AssetCommand, EquipmentStatus, OperationalCommand
from bench.messages.names import Party
from bench.messages.resources import EventHistory


class DispatchTold:
    """Listens to the DMS; `affected_kw` is what the MDMS told it, by occurrence."""

    def __init__(self, meters: Mapping[str, str]) -> None:
        """Take the credit meter of each DER."""
        self._device_of = {meter: device for device, meter in meters.items()}
        self._heard: set[str] = set()
        self._status_kw: dict[str, float] = {}
        self._commands: set[AssetCommand] = set()
        self.affected_kw: dict[str, float] = {}

    def witness(self, delivery: Delivery) -> None:
        """Keep what comes to the DMS, and its commands to controls."""
        message = delivery.message
        if message.producer is Party.DMS and isinstance(message.payload, OperationalCommand):
            self._commands.add(message.payload.command)
        if message.receiver is not Party.DMS:
            return
        match message.payload:
            case LoadAffected(event=event, total_kw=total_kw):
                self.affected_kw[event] = total_kw
            case EquipmentStatus(request=request, equipment=state) if request:
                self._status_kw[request] = state.power_kw
            case MeterData(registers=registers) if registers.meter in self._device_of:
                self._heard.add(self._device_of[registers.meter])

    def unaccounted(
        self, in_force: Collection[str], delivered_kw: Mapping[str, float], silent: Collection[str]
    ) -> str | None:
        """Say whose delivery is left untold, or is called not known although its meter was heard; else None."""
        if hidden := sorted(set(in_force) - delivered_kw.keys() - set(silent)):
            return f"does not tell what {', '.join(hidden)} delivers"
        if denied := sorted(set(silent) & self._heard):
            return f"calls {', '.join(denied)} silent, whose credit meter was heard"
        return None

    def unlike(self, history: EventHistory) -> str | None:
        """Say in what a history differs from what each DER said of itself, or from what was commanded."""
        for record in history.resources:
            told_kw = self._status_kw.get(record.request.request)
            if record.status_kw != told_kw:
                return f"holds a status of {record.status_kw} kW for {record.request.request}, which told {told_kw} kW"
        if odd := sorted({command.device for command in set(history.commands) ^ self._commands}):
            return f"holds other commands than the DMS gave, of {', '.join(odd)}"
        return None
