"""A run directory of a certification made without the bench: one clause passed, one failed, one not carried out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reports.run_directory import RunWriter

STEPS = 61
CURVE_PU = {1.0: 0.0, 1.05: -0.22, 1.08: -0.44}
"""Voltage that is held -> reactive power that is asked for."""
HALF_BAND_PU, UNCERTAINTY_PU = 0.075, 0.0025
NAMEPLATE = {"p_max_w": 25000.0, "va_max_va": 25000.0, "v_nom_v": 208.0, "category": "B", "abnormal": "III"}


def finding(what: str, response: float | None, target: float, time_s: float, **more: Any) -> dict[str, Any]:
    """Return a finding as a record keeps it; of a response that was not measured, None."""
    error = None if response is None else response - target
    verdict = "NOT_RUN" if error is None else "PASS" if abs(error) <= HALF_BAND_PU - UNCERTAINTY_PU else "FAIL"
    band = {"lower": target - HALF_BAND_PU, "upper": target + HALF_BAND_PU}
    told = {"what": what, "unit": "pu", "stimulus_unit": "pu", "time_s": time_s, "stimulus": 1.0, "verdict": verdict}
    figures = {"response": response, "target": target, "error": error, "uncertainty": UNCERTAINTY_PU}
    return told | figures | band | {"details": []} | more


def volt_var(offset_pu: float = 0.0) -> list[dict[str, Any]]:
    """Return the findings of a device whose reactive power is off by as much as that."""
    return [
        finding(f"reactive power, step {number}: at rest", q + offset_pu, q, 100.0 * number, stimulus=v)
        for number, (v, q) in enumerate(CURVE_PU.items(), start=1)
    ]


def series(offset_pu: float = 0.0) -> dict[str, Any]:
    time_s = np.linspace(0.0, 300.0, STEPS)
    step = np.minimum(time_s // 100.0, 2).astype(int)
    volts = np.array(list(CURVE_PU))[step]
    columns = {f"voltage_{phase}_pu": volts for phase in (1, 2, 3)}
    powers = {"p_pu": np.ones(STEPS), "q_pu": np.array(list(CURVE_PU.values()))[step] + offset_pu}
    return {"time_s": time_s, "frequency_hz": np.full(STEPS, 60.0)} | columns | powers


def write_certification(
    path: Path, *, hostile: str = "", real: bool = False, device: Mapping[str, Any] | None = None, **more: Any
) -> Path:
    """Write a whole run; `hostile` replaces the device's model and a reason, `real` equipment has calibration dates.

    `device` is more, or other, of the device under test; `more` of the whole.
    """
    with RunWriter.create(path, {"seed": 1}) as writer:
        tests = [
            _test(writer, 1, "5.14.4", "1-100", volt_var(), series()),
            _test(writer, 2, "5.14.9", "1", volt_var(0.1), series(0.1), reason=hostile or "3 of 3 are not inside"),
            {"id": "5.6", "variant": "", "title": "Enter service", "verdict": "ERROR", "reason": "link broke"}
            | {"besides": ["ERROR"]},
        ]
        document = _run(tests, hostile, real)
        document["devices"]["inverter"] |= device or {}
        writer.finish(document | more)
    return path


def _test(
    writer: RunWriter,
    number: int,
    clause: str,
    variant: str,
    findings: list[dict[str, Any]],
    table: Any,
    reason: str = "",
) -> dict[str, Any]:
    for found in findings:
        line = {name: found[name] for name in ("time_s", "unit", "uncertainty", "lower", "upper", "verdict")}
        named = {"quantity": found["what"], "value": found["response"], "source": "power_analyzer", "clause": clause}
        writer.append("measurements", line | named | {"scenario": f"{clause}/{variant}"})
    failed = any(found["verdict"] != "PASS" for found in findings)
    return {
        "id": clause,
        "variant": variant,
        "title": f"Characteristic of {clause}",
        "verdict": "FAIL" if failed else "PASS",
        "reason": reason,
        "series": writer.write_series(number, table),
        "equipment_s": 5400.0,
        "besides": [],
        "findings": findings,
    }


def _clause(clause: str, title: str, verdict: str, of: int, why: str = "") -> dict[str, Any]:
    played = 0 if why else 1
    return {"clause": clause, "title": title, "verdict": verdict, "scenarios": played, "of": of, "why": why} | {
        "counts": not why
    }


def _run(tests: list[dict[str, Any]], hostile: str, real: bool) -> dict[str, Any]:
    identity = {"manufacturer": "Sunny Works", "model": hostile or "SW-25", "version": "2.7.1", "serial": "A-100"}
    days = {"calibrated": "2026-01-15", "calibration_due": "2027-01-15"} if real else {}
    analyzer = {"role": "power_analyzer", "emulated": not real, "uncertainty_pct": 0.25, "identity": {"model": "PA-9"}}
    source = {"role": "grid_simulator", "emulated": not real, "uncertainty_pct": None, "identity": {"model": "AC-7"}}
    source |= {"accuracy": "voltage 0.1 % of reading + 0.05 % of 300 V (limits of error; k = 2)"}
    return {
        "verdict": "ERROR",
        "counts": {"PASS": 1, "FAIL": 1, "ERROR": 1},
        "simulated": not real,
        "seed": 1,
        "started": "2026-06-01T10:00:00+00:00",
        "bench": {"path": "lab.yaml", "sha256": "0" * 64},
        "versions": {"derbench": "0.1.0"},
        "devices": {
            "inverter": {"emulated": not real, "identity": identity},
            "power_analyzer": analyzer | days,
            "grid_simulator": source | days,
        },
        "scenarios": tests,
        "certification": {
            "suite": "ieee1547.1",
            "title": "IEEE 1547.1-2020 type tests",
            "version": "7",
            "method": "Bands are those of clause 4.2.",
            "file": {"path": "ieee1547_1.yaml", "sha256": "1" * 64},
            "unconfirmed": ["volt_var.curves 2"],
            "device": "inverter",
            "partial": False,
            "nameplate": NAMEPLATE,
            "settings": {"NP_P_MAX": 25000.0, "QV_MODE_ENABLE-AS": "ENABLED", "QV_CURVE_V1-AS": 0.92},
            "asked": [],
            "coverage": [
                _clause("5.14.4", "Volt-var", "PASS", 5),
                _clause("5.14.9", "Volt-watt", "FAIL", 1),
                _clause("5.6", "Enter service", "ERROR", 1),
                _clause("5.8", "Interconnection integrity", "NOT_RUN", 0, "surges need a laboratory"),
            ],
        },
    }
