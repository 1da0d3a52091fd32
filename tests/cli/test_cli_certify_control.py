"""`bench certify` on a tap-changer control in another process, in wall time: times are taken at its contacts."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from test_cli_emulate import COMMAND, emulating

BENCHES = Path(__file__).parents[2] / "fixtures" / "benches"


def placed(folder: Path, name: str, addresses: dict[str, str]) -> str:
    """Write a bench file like one of the project's, with other addresses."""
    document = yaml.safe_load((BENCHES / f"{name}.yaml").read_text(encoding="utf-8"))
    document["like"] = str((BENCHES / document["like"]).resolve())
    if "clock" in document:
        document["clock"]["slip_tolerance_s"] = 30.0  # a machine that tests run on is busy
    for device, address in addresses.items():
        host, _, port = address.partition(":")
        control = device == "ltc"
        document["devices"][device]["resource"] = (
            f"modbus+tcp://{address}/1" if control else f"TCPIP0::{host}::{port}::SOCKET"
        )
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(path)


@pytest.mark.long
def test_times_are_taken_at_the_contacts_of_equipment_in_another_process(tmp_path: Path) -> None:
    free = dict.fromkeys(("ltc", "sensing_source", "contacts"), "127.0.0.1:0")
    with emulating(placed(tmp_path, "certify_ltc_equipment_served", free)) as (_, endpoints):
        addresses = {name: endpoint["address"] for name, endpoint in endpoints.items()}
        bench = placed(tmp_path, "certify_ltc_equipment", addresses)
        out = tmp_path / "run"
        asked = ("--scenario", "Inter-tap delay of 5 s", "--scenario", "Remote and local")
        command = [COMMAND, "certify", "--bench", bench, "--device", "ltc", "--suite", "ltc", "--no-pdf", *asked]
        done = subprocess.run([*command, "--out", out], capture_output=True, text=True, check=False)
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    found = {scenario["id"]: scenario for scenario in run["scenarios"]}
    assert run["simulated"] is False
    assert {name: test["verdict"] for name, test in found.items()} == {
        "INTER-TAP": "PASS",
        "LOCAL": "NOT_RUN",
    }, done.stdout
    assert "nothing on this bench sets the input remote" in found["LOCAL"]["reason"]
    times = [finding for finding in found["INTER-TAP"]["findings"] if finding["unit"] == "s"]
    assert len(times) == 3
    assert all(finding["uncertainty"] >= 0.25 for finding in times), "the time between looks is in each"
