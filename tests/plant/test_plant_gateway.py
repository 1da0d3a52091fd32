"""A lying gateway between driver and device is caught like a lying device: never PASS, and told by its name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from gateway import (
    Biases,
    BiasesValues,
    Breaks,
    Delays,
    Freezes,
    FreezesLines,
    Gateway,
    Lie,
    SwallowsWrites,
    modbus_gateway,
    scpi_gateway,
)
from playing import FIRST_EVENT, Record, play, quick_bench

from bench.config import BenchFile
from instruments.sunspec.layout import layout
from instruments.transports.modbus import ModbusConnections
from reports.verdict import RowState, Verdict

LONG = pytest.mark.long
TIMEOUT_S = 0.15
POINTS = {"utility_battery": (714, "DCW"), "utility_inverter": (701, "W"), "net_meter_1": (202, "W")}
"""Model and point of what a device says of its power."""
METERS = ("net_meter_1", "credit_meter_utility_battery", "feeder_meter")
COMMANDED = ("utility_battery", "utility_inverter", "capacitor_1", "ltc")

Telling = Callable[[Gateway], Lie]
LIES: dict[str, Telling] = {
    "swallows writes": lambda _: SwallowsWrites(),
    "freezes answers": lambda gateway: Freezes(dict(gateway.heard)),
    "delays": lambda _: Delays(),
    "breaks transaction ids": lambda _: Breaks("transaction"),
    "breaks unit ids": lambda _: Breaks("unit"),
    "truncates frames": lambda _: Breaks("truncated"),
    "sends less than was asked": lambda _: Breaks("short"),
    "sends garbage": lambda _: Breaks("garbage"),
    "is silent": lambda _: Breaks("nothing at all"),
}


def behind(gateway: Gateway, device: str) -> BenchFile:
    """The quick bench, up to a while after the first event, with a device behind a gateway."""
    bench = quick_bench(horizon_s=260.0)
    section = bench.devices[device]
    emulate = section.emulate
    assert emulate is not None
    is_scpi = section.role == "power_analyzer"
    modbus, scpi = f"modbus+tcp://127.0.0.1:{gateway.port}/1", f"TCPIP0::127.0.0.1::{gateway.port}::SOCKET"
    moved = section.model_copy(
        update={
            "resource": scpi if is_scpi else modbus,
            "timeout_s": None if is_scpi else TIMEOUT_S,
            "emulate": emulate.model_copy(update={"listen": f"127.0.0.1:{gateway.target}"}),
        }
    )
    return bench.model_copy(update={"devices": bench.devices | {device: moved}})


def lying(folder: Path, device: str, tell: Telling) -> Record:
    """Play the first event with a gateway that begins to lie when everything has been opened and identified."""
    with modbus_gateway() as gateway:

        def begin(_story: object) -> None:
            gateway.lie = tell(gateway)

        outcome = play(folder, behind(gateway, device), prepare=begin, stop_after=FIRST_EVENT)
        assert gateway.lied > 0 or type(gateway.lie) is Lie, "nobody was lied to"
    return outcome


def blamed(outcome: Record) -> list[str]:
    """What the record says where something is wrong: rows that are not met, and measurements that did not pass."""
    rows = [f"{item.row} {item.instance}: {item.reason}" for item in outcome.not_met]
    return [*rows, *(f"{line.quantity} by {line.source}" for line in outcome.failed_measurements)]


def scaled(gateway: Gateway, device: str, factor: float) -> Lie:
    model, point = POINTS[device]
    return Biases(frozenset({register_of(gateway.target, model, point)}), factor)


def register_of(port: int, model: int, point: str) -> int:
    """Find a point on the device itself, by the chain of its models."""
    with ModbusConnections() as connections:
        link, address = connections.link("127.0.0.1", port, 1), 40002
        while True:
            found, length = link.read(address, 2)
            if found == model:
                return (
                    address
                    + layout(model, (("NPrt", 1),) if model == POINTS["utility_battery"][0] else ())
                    .points[point]
                    .offset
                )
            address += length + 2


@pytest.mark.parametrize(
    "lie",
    [FreezesLines(), pytest.param(BiasesValues(b":NUM:NORM:VAL?", 0.98), marks=LONG)],
    ids=lambda lie: type(lie).__name__,
)
def test_a_gateway_in_front_of_the_analyzer_breaks_the_bench_by_the_name_of_the_analyzer(
    tmp_path: Path, lie: Lie
) -> None:
    with scpi_gateway() as gateway:

        def begin(_story: object) -> None:
            gateway.lie = lie

        outcome = play(tmp_path / "run", behind(gateway, "power_analyzer"), prepare=begin, stop_after=FIRST_EVENT)
    assert gateway.lied > 0
    assert outcome.verdict is Verdict.ERROR, outcome.failure
    lines = [line for line in outcome.failed_measurements if line.verdict == Verdict.ERROR]
    errors = [f"{line.quantity} by {line.source}" for line in lines]
    assert all("power_analyzer" in error for error in errors), errors
    assert "power_analyzer" in outcome.directory().run.scenarios[0].reason.partition(";")[0], "it is named first"


def test_an_honest_gateway_is_in_nobodys_way(tmp_path: Path) -> None:
    outcome = lying(tmp_path / "run", "utility_battery", lambda _: Lie())
    assert outcome.failure == ""
    assert outcome.verdict is Verdict.PASS


CASES = [(device, lie) for device in (*COMMANDED, *METERS) for lie in LIES if device in COMMANDED or lie[0] != "s"]
BESIDE = {"utility_inverter": "utility_battery"}
"""Two devices at one terminal and one analyzer: of a command that is swallowed only the missing power can be told."""
QUICK = {
    ("utility_battery", "swallows writes"),
    ("utility_battery", "breaks transaction ids"),
    ("utility_inverter", "freezes answers"),
    ("utility_inverter", "is silent"),
    ("capacitor_1", "swallows writes"),
    ("net_meter_1", "sends garbage"),
}


@pytest.mark.parametrize(
    ("device", "lie"), [pytest.param(*case, marks=[] if case in QUICK else [LONG]) for case in CASES]
)
def test_a_lie_is_told_by_the_name_of_its_device(tmp_path: Path, device: str, lie: str) -> None:
    outcome = lying(tmp_path / "run", device, LIES[lie])
    assert outcome.verdict in {Verdict.FAIL, Verdict.ERROR}, f"{lie}: {outcome.verdict}"
    names = (device, BESIDE.get(device, device))
    assert any(name in text for text in blamed(outcome) for name in names), (
        "\n".join(blamed(outcome)) or outcome.failure
    )
    assert outcome.directory().run.scenarios[0].verdict == outcome.verdict


@pytest.mark.parametrize("device", [pytest.param(name, marks=[] if name == "net_meter_1" else LONG) for name in POINTS])
@pytest.mark.parametrize("factor", [0.8, pytest.param(-1.0, marks=LONG)])
def test_a_bias_is_told_by_the_name_of_its_device(tmp_path: Path, device: str, factor: float) -> None:
    outcome = lying(tmp_path / "run", device, lambda gateway: scaled(gateway, device, factor))
    assert outcome.verdict is Verdict.FAIL
    assert any(device in text for text in blamed(outcome)), outcome.failure
    assert all(state is not RowState.INCONCLUSIVE for state in outcome.states.values())
