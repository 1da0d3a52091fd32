"""What of a voltage event's history is worth keeping."""

from bench.messages.equipment import AlertHistory, AlertRecord, RelevantAlertHistory

NOMINAL_V = 120.0


def compile_relevant(history: AlertHistory) -> RelevantAlertHistory:
    """Keep the worst alert of each meter, in the order of time, with when it began, when it ended and what was done.

    Raises ValueError for a history without alerts: it is none of an event.
    """
    if not history.alerts:
        raise ValueError(f"the history of {history.event} holds no alert")
    worst: dict[str, AlertRecord] = {}
    for alert in history.alerts:
        kept = worst.get(alert.meter)
        if kept is None or _excursion_v(alert) > _excursion_v(kept):
            worst[alert.meter] = alert
    kept_alerts = sorted(worst.values(), key=lambda alert: (alert.time_s, alert.meter))
    times_s = [alert.time_s for alert in history.alerts]
    return RelevantAlertHistory(
        event=history.event,
        alerts=tuple(kept_alerts),
        first_s=min(times_s),
        last_s=max(times_s),
        worst=max(kept_alerts, key=_excursion_v),
        commands=history.commands,
        load_affected_kw=history.load_affected_kw,
    )


def _excursion_v(alert: AlertRecord) -> float:
    return abs(alert.voltage_v - NOMINAL_V)
