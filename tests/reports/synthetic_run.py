"""A realistic run directory made without the bench: a cloud, 60 alerts, a battery that helps or does not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reports.run_directory import RunWriter

METERS = 200
ALERTS = 60
STEPS = 1800
CLOUD_S = 600

NET_METER = "AMI Net/Billing Meter"
AMI = "AMI Network Management System"
MDMS = "Meter Data Management System"
DERA = "Distributed Energy Resource Automation Application"
DMS = "Distribution Management System"
OPERATIONS = "Distribution Operations"
PREMISE = "AMI Premise Interface"
INVERTER = "Utility Inverter"
BATTERY = "Utility Storage Battery and Charging System"
ALERT = "Voltage Out of Range Event"
COMMAND = "Operational Command"
STATUS = "Equipment Status"

# row, producer, receiver, information, time after the cloud's edge in s, what cites it
ROWS: tuple[tuple[str, str, str, str, float], ...] = (
    ("1.1", NET_METER, AMI, ALERT, 92.0),
    ("1.1.1", AMI, MDMS, ALERT, 93.1),
    ("1.1.2", AMI, DERA, ALERT, 93.2),
    ("1.1.3", AMI, DMS, ALERT, 93.3),
    ("1.1.4", OPERATIONS, OPERATIONS, ALERT, 110.0),
    ("1.2", OPERATIONS, DERA, "Begin Distributed Energy Resource Automation Application", 115.0),
    ("1.2.1", DMS, DERA, "Affected Equipment and Affected Area", 117.5),
    ("1.2.2", DERA, DERA, "Selected Equipment Assets", 121.0),
    ("1.2.3", DERA, DMS, "Selected Equipment Assets", 121.5),
    ("1.3", DMS, AMI, COMMAND, 124.0),
    ("1.3.1", AMI, PREMISE, COMMAND, 127.0),
    ("1.3.2", PREMISE, INVERTER, COMMAND, 128.0),
    ("1.3.3", INVERTER, BATTERY, COMMAND, 128.4),
    ("1.3.4", BATTERY, BATTERY, COMMAND, 139.0),
    ("1.3.5", BATTERY, INVERTER, STATUS, 140.0),
    ("1.4", INVERTER, PREMISE, STATUS, 141.0),
    ("1.4.1", PREMISE, AMI, STATUS, 144.0),
    ("1.4.2", AMI, DMS, STATUS, 145.0),
    ("1.4.3", DMS, DMS, STATUS, 145.5),
    ("1.4.4", DMS, DERA, "System Equipment Status", 146.0),
)
FAILED_ROW = "1.3.4"
REASON = """Row 1.3.4 was not met: the Utility Storage Battery and Charging System did not respond.
Awaited: active power of utility_battery at the analyzer within 950.0 +- 50.0 kW, since 728.4 s, until 788.4 s.
Seen: -3.1 +- 2.0 kW at 788.4 s (power_analyzer), while the inverter's own status says 950 kW."""


def meter_names(count: int = METERS) -> list[str]:
    return [f"net_meter_{number}" for number in range(1, count + 1)]


_PRECONDITIONS = [
    {
        "text": "Inverters respond to voltage by themselves (volt-var on)",
        "party": "The Utility",
        "how": "measurement",
        "held": True,
        "evidence": "5 of 5 inverters have volt-var enabled",
        "citations": ["wire:1"],
    },
    {"text": "Every service has a meter", "how": "measurement", "held": False, "evidence": "289 of 290 answer"},
    {"text": "Standards are what they should be", "how": "assumed", "held": None},
]


def write_run(
    path: Path, *, failing: bool = False, steps: int = STEPS, alerts: int = ALERTS, hostile: str = ""
) -> Path:
    """Write a whole run; `hostile` replaces the battery's model, a meter's name and the failure's reason."""
    with RunWriter.create(path, {"seed": 1}) as writer:
        items = _Story(writer, failing, alerts, hostile).write()
        series = writer.write_series(1, _series(failing, steps, hostile))
        autonomous = writer.write_series(1, _series(True, steps, hostile), "autonomous")
        writer.finish(_run(items, series, failing, hostile, autonomous))
    return path


class _Story:
    """Writes the logs row by row and keeps the items that ``run.json`` lists."""

    def __init__(self, writer: RunWriter, failing: bool, alerts: int, hostile: str) -> None:
        self.writer = writer
        self.failing = failing
        self.alerts = alerts
        self.reason = hostile or REASON
        self.items: list[dict[str, Any]] = []
        self.failed = False

    def write(self) -> list[dict[str, Any]]:
        for row in ROWS:
            many = row[0] in ("1.1", "1.1.1", "1.1.2", "1.1.3")
            for number in range(self.alerts if many else 1):
                instance = f"net_meter_{METERS - number}" if many else ""
                self._row(row, instance, CLOUD_S + row[4] + 0.4 * number)
        return self.items

    def _row(self, row: tuple[str, str, str, str, float], instance: str, time_s: float) -> None:
        evidence = [] if self.failed else self._evidence(row, instance, time_s)
        state = "NOT_RUN" if self.failed else "MET"
        reason = f"depends on row {FAILED_ROW}, which was not met" if self.failed else ""
        if self.failing and row[0] == FAILED_ROW:
            state, reason, self.failed = "NOT_MET", self.reason, True
        line = {"row": row[0], "occurrence": "e1", "instance": instance, "state": state, "reason": reason}
        self.writer.append("rows", {**line, "time_s": time_s, "scenario": "1", "evidence": evidence})
        self.items.append(
            {**line, "evidence": evidence, "due_s": time_s + 30.0, **_described(row)} | _when(state, time_s)
        )

    def _evidence(self, row: tuple[str, str, str, str, float], instance: str, time_s: float) -> list[str]:
        wire = self._wire(row[0], instance, time_s)
        if row[0] == FAILED_ROW:
            return [*wire, f"measurement:{self._measure(time_s)}"]
        seq = self.writer.append(
            "trace",
            {
                "time_s": time_s,
                "scenario": "1",
                "producer": row[1],
                "receiver": row[2],
                "information": row[3],
                "priority": 0 if row[3] == ALERT else 5,
                "correlation": "e1",
                "payload": {"meter": instance, "voltage_v": 113.2} if instance else {"power_kw": 950.0},
                "evidence": wire,
            },
        )
        return [f"trace:{seq}", *wire]

    def _wire(self, row: str, instance: str, time_s: float) -> list[str]:
        exchanges = {
            "1.1": (instance, "modbus", "read", "40072..40110", [0, 1132, 0, 32, 1]),
            "1.3.2": ("utility_inverter", "modbus", "write", "704 WSet, WSetEna", [950000, 1]),
            "1.3.4": (
                "power_analyzer",
                "scpi",
                "query",
                ":MEASure:POWer?",
                ["9.482E+05" if not self.failing else "-3.1E+03"],
            ),
            "1.4": ("utility_inverter", "modbus", "read", "701 W, Var, InvSt", [950000, 0, 4]),
        }
        if row not in exchanges:
            return []
        endpoint, protocol, operation, address, values = exchanges[row]
        record = {"endpoint": endpoint, "protocol": protocol, "operation": operation, "address": address}
        return [f"wire:{self.writer.append('wire', {**record, 'time_s': time_s, 'scenario': '1', 'values': values})}"]

    def _measure(self, time_s: float) -> int:
        value, verdict = (-3.1, "FAIL") if self.failing else (948.2, "PASS")
        limits = {"lower": 900.0, "upper": 1000.0, "unit": "kW", "uncertainty": 2.0}
        subject = {
            "quantity": "active power",
            "source": "power_analyzer",
            "row": FAILED_ROW,
            "clause": "IEEE 1547.1-2020 5.14",
        }
        record = {**limits, **subject, "value": value, "verdict": verdict, "time_s": time_s, "scenario": "1"}
        for number in range(20):
            voltage = {"quantity": "service voltage", "value": 114.4 + number / 50, "unit": "V", "uncertainty": 0.24}
            judged = {"lower": 114.0, "upper": 126.0, "source": f"net_meter_{number + 1}", "verdict": "PASS"}
            self.writer.append("measurements", {**voltage, **judged, "time_s": time_s + 300, "scenario": "1"})
        return self.writer.append("measurements", record)


def _described(row: tuple[str, str, str, str, float]) -> dict[str, str]:
    verb = "acts on" if row[1] == row[2] else "sends"
    text = f"row {row[0]}: the {row[1]} {verb} the {row[3]}" + (f" to the {row[2]}" if row[1] != row[2] else "")
    return {"text": text, "producer": row[1], "receiver": row[2], "information": row[3]}


def _when(state: str, time_s: float) -> dict[str, float | None]:
    return {"time_s": time_s if state == "MET" else None}


def _series(failing: bool, steps: int, hostile: str) -> Mapping[str, Any]:
    time_s = np.arange(steps, dtype=float)
    random = np.random.default_rng(1)
    sun = np.clip(1.0 - 0.8 * np.clip((time_s - CLOUD_S) / 60, 0, 1) + 0.01 * random.standard_normal(steps), 0, 1)
    command = np.where((time_s > CLOUD_S + 128) & (time_s < CLOUD_S + 900), 950.0, 0.0)
    power = np.where(failing, -3.1, command * (1 - np.exp(-np.clip(time_s - CLOUD_S - 128, 0, None) / 3)))
    table: dict[str, Any] = {
        "time_s": time_s,
        "head_p_kw": 2500 + 4500 * (1 - sun) - power,
        "head_q_kvar": 900 - 400 * (1 - sun),
        "losses_kw": 120 + 200 * (1 - sun),
        "irradiance_pu": sun,
        "tap:ltc": np.where(time_s > CLOUD_S + 400, 3, 2),
        "cap:capacitor_1": np.where(time_s > CLOUD_S + 300, 1, 0),
        "cap:capacitor_2": np.zeros(steps, dtype=int),
        "p_kw:utility_battery": power,
        "q_kvar:utility_battery": -40 * (1 - sun),
        "p_cmd_kw:utility_battery": command,
        "soc_pct:utility_battery": 80 - np.cumsum(power) / 3600 / 20,
        "p_kw:utility_inverter": 2000 * sun,
        "q_kvar:utility_inverter": 300 * (1 - sun),
    }
    for number, meter in enumerate(meter_names()):
        lift = power / 950 * 2.2 + (time_s > CLOUD_S + 300) * 1.0
        table[f"v:{hostile if hostile and not number else meter}"] = 122.0 - (number / METERS) * (
            2 + 9 * (1 - sun) - lift
        )
    return table


def _figures(taps: int, violation_min: float) -> dict[str, Any]:
    return {
        "operations": {"ltc": taps, "capacitor_1": 1},
        "reversed_operations": {"ltc": 0, "capacitor_1": 0},
        "violation_meter_min": 40 * violation_min,
        "violation_min": violation_min,
        "losses_kwh": 100.04,
    }


def _run(items: list[dict[str, Any]], series: str, failing: bool, hostile: str, autonomous: str) -> dict[str, Any]:
    verdict = "FAIL" if failing else "PASS"
    identity = {"manufacturer": "derbench", "model": hostile or "emulated battery", "serial": "0007", "firmware": "1.2"}
    devices = {
        "utility_battery": {"identity": identity, "emulated": True},
        "utility_inverter": {"identity": {**identity, "model": "emulated inverter"}, "emulated": True},
        "power_analyzer": {"identity": {"manufacturer": "derbench", "model": "emulated analyzer"}, "emulated": True},
    }
    met_rows = {item["row"] for item in items if item["state"] == "MET"}
    scenario = {
        "id": "1",
        "variant": "",
        "title": "Voltage profile",
        "feature": "features/voltage_profile.feature",
        "verdict": verdict,
        "rows": {"expected": 71, "met": len(met_rows), "items": items, "not_encoded": ["1.5", "1.6", "1.6.1", "1.6.2"]},
        "preconditions": [*_PRECONDITIONS],
        "series": series,
        "comparison": {"managed": _figures(3, 4.0), "autonomous": _figures(7, 19.0), "series": autonomous},
        "meters": {meter: 14.0 * (number + 1) / METERS for number, meter in enumerate(meter_names())},
        "moments": [
            {"label": "before the cloud", "time_s": 590.0},
            {"label": "under the cloud", "time_s": 700.0},
            {"label": "after the battery's response", "time_s": 860.0},
        ],
    }
    return {
        "verdict": verdict,
        "counts": {verdict: 1},
        "simulated": True,
        "seed": 1,
        "bench": {"path": "fixtures/benches/emulated.yaml", "sha256": "c0ffee" * 10 + "abcd"},
        "versions": {"derbench": "0.1.0", "python": "3.11.9", "opendssdirect.py": "0.9.4", "pymodbus": "3.11"},
        "devices": devices,
        "scenarios": [scenario],
    }
