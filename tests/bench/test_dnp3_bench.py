"""Devices on DNP3 as a bench has them: addresses, drivers, emulators for other masters, a feature played over it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from py1815.master.sync import Master

from bench.assembly.drivers import DriverRack
from bench.assembly.guardian_process import Record, Ward, act
from bench.assembly.resources import Resource, parse_resource
from bench.cli import main
from bench.commands.emulate import WallTimeBench, _described
from bench.config import Device, load_bench
from instruments.dnp3_map import load_dnp3_map
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import tap_changer_points
from instruments.emulators.dnp3_outstation import Dnp3Server, PointOutstation
from instruments.emulators.host import EmulatorHost
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.errors import ConfigError
from instruments.wire import unobserved
from reports.verdict import Verdict
from tests.playing import play

BENCHES = Path(__file__).parents[2] / "fixtures" / "benches"
BENCH = load_bench(BENCHES / "dnp3.yaml")
LTC = BENCH.devices["ltc"]


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("dnp3+tcp://127.0.0.1:20000/10?master=3", Resource("127.0.0.1", 20000, 10, master=3)),
        ("dnp3+tcp://ltc.plant:0/65519", Resource("ltc.plant", 0, 65519, master=1)),
        ("dnp3+tcp://10.0.0.7:20000/0?master=65519", Resource("10.0.0.7", 20000, 0, master=65519)),
    ],
)
def test_an_outstation_s_resource_is_read_and_written_as_it_is(text: str, resource: Resource) -> None:
    found = parse_resource(text)
    assert (found, found.protocol, found.is_modbus) == (resource, "dnp3", False)
    assert parse_resource(str(found)) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dnp3+tcp://127.0.0.1:20000", "dnp3+tcp://HOST:PORT/OUTSTATION?master=1"),
        ("dnp3+tcp://127.0.0.1:20000/10?mastre=1", "dnp3+tcp://HOST:PORT/OUTSTATION?master=1"),
        ("dnp3+tcp://127.0.0.1:65536/10", "a port above 65535"),
        ("dnp3+tcp://127.0.0.1:20000/65520", "a link address above 65519"),
        ("dnp3+tcp://127.0.0.1:20000/10?master=10", "gives outstation and master the same link address"),
        ("dnp3+tcp://127.0.0.1:20000/1", "gives outstation and master the same link address"),
    ],
)
def test_a_resource_that_is_none_is_told_with_what_it_should_be(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        parse_resource(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"driver": "point_map"},
        {"driver": "sunspec"},
        {"point_map": None},
        {"resource": "modbus+tcp://127.0.0.1:502/1"},
    ],
    ids=str,
)
def test_a_driver_of_another_protocol_is_refused(changes: dict[str, Any]) -> None:
    device = LTC.model_copy(update=changes)
    with pytest.raises(ConfigError, match=r"no driver .* known: dnp3_point_map, point_map"):
        DriverRack().open("ltc", device, parse_resource(device.resource), unobserved)


def test_a_point_map_of_registers_is_told_with_its_errors() -> None:
    device: Device = LTC.model_copy(update={"point_map": BENCHES.parent / "point_maps" / "ltc_generic.yaml"})
    with pytest.raises(ConfigError, match="is one of Modbus registers; one of DNP3 points begins with `dnp3_map`"):
        DriverRack().open("ltc", device, parse_resource(device.resource), unobserved)


def test_another_master_reads_and_commands_what_is_emulated(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    with WallTimeBench(load_bench(BENCHES / "certify_capacitor_dnp3.yaml")) as bench, bench.recording(record):
        told = {endpoint.name: _described(endpoint) for endpoint in bench.endpoints}
        assert (told["capacitor"]["protocol"], told["capacitor"]["unit"]) == ("dnp3", 11)
        host, _, port = str(told["capacitor"]["address"]).partition(":")
        with Master() as master:
            bank = master.add("bank", host=host, port=int(port), outstation_address=11, master_address=1)
            assert bank.operate(binary_outputs={1: True}).accepted
            assert bank.operate(binary_outputs={2: "pulse_on"}, mode="select").accepted is False
            (blocked,) = bank.read(binary_inputs=[1]).objects
    assert blocked.value is True
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    assert {line["endpoint"] for line in lines} == {"capacitor"}
    assert [(e["operation"], e["address"], e["values"], e["refused"]) for e in lines if ":" in e["address"]] == [
        ("write", "11:bo 1", ["latch_on"], None),
        ("select", "11:bo 2", ["pulse_on"], 4),
    ]
    plain = [(e["operation"], e["values"][0]) for e in lines if e["address"] == "11"]
    assert ("read", "0100000101") in plain, "bi 1"
    assert ("write", "500100070700") in plain, "the restart is acknowledged"


def test_the_doctor_meets_everybody() -> None:
    told = CliRunner().invoke(main, ["doctor", "--bench", str(BENCHES / "certify_ltc_dnp3.yaml")])
    assert told.exit_code == 0, told.output
    assert re.search(r"ltc\W.*LTC-1", told.output)


def test_the_guardian_makes_a_control_on_dnp3_safe(tmp_path: Path) -> None:
    control = TapChangerControlEmulator(SensingTerminals())
    control.blocked, control.automatic = True, False
    point_map = load_dnp3_map(BENCHES.parent / "point_maps" / "ltc_dnp3.yaml")
    outstation = PointOutstation(10, point_map, tap_changer_points(control), control.identity, 1)
    with EmulatorHost() as host:
        _, port = Dnp3Server(host, outstation).listen()
        real = LTC.model_copy(update={"resource": f"dnp3+tcp://127.0.0.1:{port}/10?master=1", "emulate": None})
        (outcome,) = act([Ward("ltc", real, real.resource)], Record(str(tmp_path / "guardian.jsonl")), "a test", 5.0)
    assert (outcome.safe, control.blocked, control.automatic) == (True, False, True), outcome.error
    assert [(e["protocol"], e["address"]) for e in outcome.exchanges] == [
        ("dnp3", "restart"),
        ("dnp3", "bo 1"),
        ("dnp3", "bo 0"),
    ]


@pytest.mark.long
def test_a_feature_is_played_over_dnp3_and_leaves_the_same_bytes_again(tmp_path: Path) -> None:
    scenario = "A blocked tap changer stays"
    first, again = (play(tmp_path / name, BENCH, scenario=scenario) for name in ("first", "again"))
    assert first.verdict is Verdict.PASS, first.failure
    for name in ("trace", "rows", "wire", "measurements"):
        assert first.log(name) == again.log(name), f"{name}.jsonl differs between two runs with the same seed"
    told = [line for line in first.directory().wire if line.endpoint == "ltc" and line.operation == "write"]
    assert {line.protocol for line in told} == {"dnp3"}
    assert ["ao 0", [1205.0]] in [[line.address, list(line.values)] for line in told]


@pytest.mark.long
def test_a_defect_is_found_over_dnp3(tmp_path: Path) -> None:
    played = play(tmp_path, BENCH, scenario="A blocked tap changer stays", faults=["ltc:ignores-block"])
    assert played.verdict is Verdict.FAIL
