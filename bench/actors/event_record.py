"""What the DMS keeps of a voltage event while it lasts, and makes of it for the operators and for the archive."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.messages.equipment import (
    AlertHistory,
    AlertRecord,
    AssetCommand,
    EquipmentState,
    SelectedAssets,
    SystemCondition,
    VoltageOutOfRangeEvent,
)


@dataclass
class EventRecord:
    """One event: its alerts, the voltages last read, and what was chosen to be done about it."""

    event: str
    alerts: list[AlertRecord] = field(default_factory=list)
    voltage_v: Mapping[str, float] = field(default_factory=dict)
    commands: tuple[AssetCommand, ...] = ()

    @property
    def meters(self) -> tuple[str, ...]:
        """Meters that alerted."""
        return tuple(sorted({alert.meter for alert in self.alerts}))

    def keep(self, alert: VoltageOutOfRangeEvent, time_s: float) -> None:
        """Add an alert."""
        record = AlertRecord(meter=alert.meter, condition=alert.condition, voltage_v=alert.voltage_v, time_s=time_s)
        self.alerts.append(record)

    def condition(
        self, selected: SelectedAssets, equipment: tuple[EquipmentState, ...], load_kw: float | None
    ) -> SystemCondition:
        """Put together what the operators have to see."""
        return SystemCondition(
            event=self.event,
            system_load_kw=load_kw,
            affected_meters=self.meters,
            voltage_v=dict(self.voltage_v),
            equipment=equipment,
            commands=selected.commands,
            predicted_lowest_v=selected.predicted_lowest_v,
            predicted_highest_v=selected.predicted_highest_v,
        )

    def history(self, load_affected_kw: float) -> AlertHistory:
        """Put together the event's history."""
        return AlertHistory(
            event=self.event, alerts=tuple(self.alerts), commands=self.commands, load_affected_kw=load_affected_kw
        )
