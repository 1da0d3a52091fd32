"""`bench certify` on equipment in another process, in wall time: a clause that passes, and a run that is killed."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_cli_emulate import COMMAND, emulating, scanned, visa

BENCHES = Path(__file__).parents[2] / "fixtures" / "benches"
PATIENCE_S = 90.0
Endpoints = dict[str, dict[str, Any]]


def at_free_ports(folder: Path) -> str:
    return _written(
        folder / "served.yaml", "certify_equipment_served.yaml", lambda name, _: _resource(name, "127.0.0.1:0", 1)
    )


def at(folder: Path, endpoints: Endpoints) -> str:
    """The bench file of the equipment, with the addresses at which it is served."""

    def resource(name: str, _: Any) -> str:
        return _resource(name, endpoints[name]["address"], endpoints[name]["unit"])

    return _written(folder / "bench.yaml", "certify_equipment.yaml", resource)


def _resource(name: str, address: str, unit: int | None) -> str:
    if name == "inverter":
        return f"modbus+tcp://{address}/{unit}"
    return f"TCPIP0::{address.replace(':', '::')}::SOCKET"


def _written(path: Path, name: str, resource: Callable[[str, Any], str]) -> str:
    document = yaml.safe_load((BENCHES / name).read_text(encoding="utf-8"))
    document["feeder"] = {key: str((BENCHES / file).resolve()) for key, file in document["feeder"].items()}
    if "slip_tolerance_s" in document.get("clock", {}):
        document["clock"]["slip_tolerance_s"] = 30.0  # a machine that tests run on is busy
    for device, section in document["devices"].items():
        section["resource"] = resource(device, section)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(path)


def in_service_soon(endpoints: Endpoints) -> None:
    """Set the inverter's enter-service delay and ramp to seconds: the defaults of IEEE 1547 are five minutes each."""
    with scanned(endpoints["inverter"]) as client:
        settings = client.models[703][0]
        settings.read()
        settings.ESDlyTms.value, settings.ESRmpTms.value = 3, 3
        settings.write()


def certify(bench: str, out: Path, scenario: str) -> "subprocess.Popen[str]":
    command = [COMMAND, "certify", "--bench", bench, "--device", "inverter", "--suite", "ieee1547.1"]
    return subprocess.Popen(
        [*command, "--scenario", scenario, "--out", out], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.long
def test_a_clause_passes_on_equipment_in_another_process_which_is_left_safe(tmp_path: Path) -> None:
    with emulating(at_free_ports(tmp_path)) as (_, endpoints):
        in_service_soon(endpoints)
        told, _ = certify(at(tmp_path, endpoints), tmp_path / "run", "Its nameplate").communicate()
        with scanned(endpoints["inverter"]) as client:
            client.models[703][0].read()
            assert client.models[703][0].ES.value == 0, "it was left ceased to energize"
        assert not is_on(endpoints), "the source was left on"
    run = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    (test,) = run["scenarios"]
    assert (test["id"], test["verdict"], run["simulated"]) == ("6.4", "PASS", False), told
    lines = told.splitlines()
    begun = lines.index("Its nameplate is whole, fits together, and is true")
    assert lines[begun + 1].startswith("  the device under test in service"), "nothing tells what is being waited for"


@pytest.mark.long
def test_the_equipment_is_safe_when_the_process_that_certifies_it_is_killed(tmp_path: Path) -> None:
    record = tmp_path / "run" / "guardian.jsonl"
    with emulating(at_free_ports(tmp_path)) as (_, endpoints):
        running = certify(at(tmp_path, endpoints), tmp_path / "run", "Its ratings")
        await_that(lambda: is_on(endpoints), "the source was never switched on")
        running.kill()
        running.communicate()
        await_that(lambda: record.is_file() and "unsafe" in record.read_text("utf-8"), "the guardian did not act")
        assert not is_on(endpoints), "the source was left on"
        with scanned(endpoints["inverter"]) as client:
            client.models[703][0].read()
            assert client.models[703][0].ES.value == 0, "it was left in service"
    assert json.loads(record.read_text("utf-8").splitlines()[-1])["unsafe"] == []


def is_on(endpoints: Endpoints) -> bool:
    with visa(endpoints["grid_simulator"]) as source:
        return bool(source.query("OUTP?") == "1")


def await_that(seen: Callable[[], bool], otherwise: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < end_s, otherwise
        time.sleep(0.05)
