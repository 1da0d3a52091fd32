"""Holds an event's recorded history against the alerts that the meters sent."""

from collections.abc import Mapping

from bench.messages.equipment import AlertHistory, AlertRecord, Payload, RelevantAlertHistory, VoltageOutOfRangeEvent


class RecordJudge:
    """Follows the history of one event from the DMS to the archive."""

    def __init__(self, alerts: Mapping[str, VoltageOutOfRangeEvent]) -> None:
        """Take the alerts by meter, which grow with the event."""
        self._alerts = alerts
        self._history: AlertHistory | None = None
        self._relevant: RelevantAlertHistory | None = None

    def untrue(self, payload: Payload) -> str | None:
        """Say what in a history is not true; None when it stands."""
        if isinstance(payload, AlertHistory):
            self._history = payload
            return self._incomplete(payload.alerts)
        if isinstance(payload, RelevantAlertHistory):
            if self._relevant is not None:
                return None if payload == self._relevant else "differs from what was compiled"
            self._relevant = payload
            return self._incomplete(payload.alerts) or self._not_of(payload)
        return None

    def _incomplete(self, records: tuple[AlertRecord, ...]) -> str | None:
        """Every meter that alerted has to be there, with the alert that it sent."""
        told = {(record.meter, record.condition, record.voltage_v) for record in records}
        sent = {(alert.meter, alert.condition, alert.voltage_v) for alert in self._alerts.values()}
        if told == sent:
            return None
        wrong = sorted({meter for meter, _, _ in told ^ sent})
        return f"does not hold the alerts that were sent by {', '.join(wrong)}"

    def _not_of(self, relevant: RelevantAlertHistory) -> str | None:
        """What was compiled has to come from the history, the worst of it first."""
        history = self._history
        if history is None or not set(relevant.alerts) <= set(history.alerts):
            return "holds alerts that are not in the history"
        farthest_v = max(abs(alert.voltage_v - 120.0) for alert in history.alerts)
        if abs(relevant.worst.voltage_v - 120.0) < farthest_v:
            return f"calls {relevant.worst.voltage_v:.2f} V at {relevant.worst.meter} the worst, which it is not"
        same = (relevant.commands, relevant.load_affected_kw) == (history.commands, history.load_affected_kw)
        return None if same else "tells other measures than the history"
