"""A bench whose equipment is real, in wall time: `bench emulate` plays the equipment, in a process of its own."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from playing import FIRST_EVENT, Record, play
from test_cli_emulate import COMMAND, emulating, scanned, visa

from bench.assembly.admission import real_devices, real_resources
from bench.commands.emulate import WallTimeBench
from bench.config import BenchFile, load_bench
from bench.faults import parse_fault
from bench.lease import take_lease
from instruments.errors import ConfigError
from reports.verdict import Verdict

BENCHES = Path(__file__).parents[2] / "fixtures" / "benches"
EQUIPMENT, SERVED = BENCHES / "equipment.yaml", BENCHES / "equipment_served.yaml"
MODBUS, SCPI = "modbus+tcp://{}:{}/{}", "TCPIP0::{}::{}::SOCKET"
SAFE_WITHIN_S, START_S = 2.0, 120.0
RESPONDS = "1.3.4"
"""Row in which the battery does what it was commanded."""
Endpoints = dict[str, dict[str, Any]]


def served(folder: Path) -> str:
    """The emulators of the equipment at free ports, as a bench file."""
    document = yaml.safe_load(SERVED.read_text(encoding="utf-8"))
    document["feeder"] = {key: str((BENCHES / file).resolve()) for key, file in document["feeder"].items()}
    for device in document["devices"].values():
        device["resource"] = (SCPI if "SOCKET" in device["resource"] else MODBUS).format("127.0.0.1", 0, 1)
        if "point_map" in device:
            device["point_map"] = str((BENCHES / device["point_map"]).resolve())
    path = folder / "served.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(path)


def quick_equipment(endpoints: Endpoints, horizon_s: float) -> BenchFile:
    """The bench of equipment with the endpoints' addresses, a quicker cloud and shorter intervals of voltage."""
    bench = load_bench(EQUIPMENT)
    assert real_devices(bench) == set(endpoints), "what is served is what the bench takes for real"
    devices = {
        name: section.model_copy(update=_address(endpoints.get(name))) for name, section in bench.devices.items()
    }
    cloud = bench.environment.cloud
    assert cloud is not None
    cloud = cloud.model_copy(update={"calm_s": 10.0, "fall_s": 10.0})
    changes = {
        "devices": devices,
        "horizon_s": horizon_s,
        "range_a": bench.range_a.model_copy(update={"interval_s": 20.0, "recover_s": 40.0}),
        "ami": bench.ami.model_copy(update={"event_poll_s": 10.0}),
        "environment": bench.environment.model_copy(update={"cloud": cloud}),
        "clock": bench.clock.model_copy(update={"slip_tolerance_s": 3.0}),  # a machine that tests run on is busy
    }
    return bench.model_copy(update=changes)


def _address(endpoint: dict[str, Any] | None) -> dict[str, str]:
    if endpoint is None:
        return {}
    host, _, port = endpoint["address"].partition(":")
    return {"resource": (SCPI if endpoint["protocol"] == "scpi" else MODBUS).format(host, port, endpoint["unit"])}


def come_into_service_soon(endpoints: Endpoints) -> None:
    """Set the inverter's enter-service delay and ramp to seconds: the defaults of IEEE 1547 are five minutes each."""
    with scanned(endpoints["utility_inverter"]) as client:
        settings = client.models[703][0]
        settings.read()
        settings.ESDlyTms.value, settings.ESRmpTms.value = 3, 3
        settings.write()


def played(folder: Path, horizon_s: float, stop_after: str, *faults: str) -> Record:
    with emulating(served(folder), *faults) as (process, endpoints):
        come_into_service_soon(endpoints)
        bench = quick_equipment(endpoints, horizon_s)
        with take_lease(real_resources(bench), bench.bench) as lease:
            record = play(folder / "run", bench, stop_after=stop_after, lease=lease)
        assert process.poll() is None, "the equipment is still there"
        with scanned(endpoints["utility_inverter"]) as client:
            client.models[703][0].read()
            assert client.models[703][0].ES.value == 0, "it was left ceased to energize"
    return record


def test_a_defect_of_what_a_control_moves_is_refused_where_that_is_elsewhere(tmp_path: Path) -> None:
    with WallTimeBench(load_bench(Path(served(tmp_path)))) as bench:
        bench.inject([parse_fault("ltc:ignores-block")])
        with pytest.raises(ConfigError, match="ltc:stuck: what ltc moves is not here: it is behind a digital I/O"):
            bench.inject([parse_fault("ltc:stuck")])


@pytest.mark.long
def test_the_first_event_passes_on_equipment_in_another_process(tmp_path: Path) -> None:
    record = played(tmp_path, 175.0, FIRST_EVENT)
    assert (record.failed_step, record.failure) == ("", "")
    assert record.verdict is Verdict.PASS, record.reasons
    devices = json.loads((record.path / "run.json").read_text(encoding="utf-8"))["devices"]
    real = {name for name, device in devices.items() if not device["emulated"]}
    assert real >= {"utility_battery", "grid_simulator", "ltc", "ltc_source", "control_contacts", "capacitor_3"}


@pytest.mark.long
def test_equipment_in_another_process_that_swallows_a_command_fails_where_it_does_not_respond(tmp_path: Path) -> None:
    record = played(tmp_path, 150.0, RESPONDS, "utility_battery:ignores-set-point")
    assert record.verdict is Verdict.FAIL
    assert record.failed_at == RESPONDS
    assert "utility_battery" in record.failure


MADE_SAFE = {
    "grid_simulator": "OUTP OFF",
    "ltc_source": "OUTP OFF",
    "capacitor_1_source": "OUTP OFF",
    "capacitor_2_source": "OUTP OFF",
    "capacitor_3_source": "OUTP OFF",
    "control_contacts": "ROUT:OPEN:ALL",
}
"""What has to arrive at each instrument; at everything that speaks Modbus, something is written."""


@pytest.mark.long
def test_all_equipment_is_safe_two_seconds_after_the_run_was_killed(tmp_path: Path) -> None:
    """Sources, contacts, controls, inverter and battery: by the record of what arrived at each of them."""
    received, out = tmp_path / "received.jsonl", tmp_path / "run"
    with emulating(served(tmp_path), record=received) as (_, endpoints):
        come_into_service_soon(endpoints)
        bench = tmp_path / "bench.yaml"
        section = quick_equipment(endpoints, 300.0)
        bench.write_text(yaml.safe_dump(section.model_dump(mode="json", exclude_defaults=True)), encoding="utf-8")
        command = [COMMAND, "run", "--bench", bench, "--scenario", "then with demand response", "--out", out]
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _await(lambda: _is_on(endpoints["capacitor_3_source"]), "the last source was never switched on")
        killed_s = time.monotonic()
        run.kill()
        run.wait()
        _await(lambda: '"ended"' in _text(out / "guardian.jsonl"), "the guardian did not come to an end")
    (ended,) = [line for line in _read(out / "guardian.jsonl") if line.get("event") == "ended"]
    assert ended["unsafe"] == []
    since = [line for line in _read(received) if line["time_s"] >= killed_s and line["operation"] != "read"]
    for name, what in MADE_SAFE.items():
        arrived = [line["time_s"] for line in since if line["endpoint"] == name and what in str(line["values"])]
        assert arrived, f"{name} was not told {what!r}"
        assert arrived[0] - killed_s < SAFE_WITHIN_S
    written = {line["endpoint"] for line in since if line["operation"] == "write"}
    assert written == {"utility_inverter", "utility_battery", "ltc", "capacitor_1", "capacitor_2", "capacitor_3"}
    assert max(line["time_s"] for line in since) - killed_s < SAFE_WITHIN_S


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _text(path).splitlines()]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _is_on(endpoint: dict[str, Any]) -> bool:
    with visa(endpoint) as source:
        return bool(source.query("OUTP?") == "1")


def _await(seen: Callable[[], bool], otherwise: str) -> None:
    end_s = time.monotonic() + START_S
    while not seen():
        assert time.monotonic() < end_s, otherwise
        time.sleep(0.05)
