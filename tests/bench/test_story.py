"""The story as it is played: the same twice, stopped at the right row by every defect, and by every missing message."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playing import Record, feature_steps, play, quick_bench, rows_in
from suppression import require_missing

from bench.bus import Message
from bench.messages.equipment import EquipmentStatus, OperationalCommand, Payload, SystemStatus, VarSwitchingOrder
from bench.story import Story
from bench.use_case.judge import subject_of
from bench.use_case.model import Row
from bench.use_case.order import RowOrder
from bench.use_case.tables import load as load_use_case
from reports.verdict import RowState, Verdict

MET, NOT_MET, NOT_RUN = RowState.MET, RowState.NOT_MET, RowState.NOT_RUN
USE_CASE = load_use_case()
LAST = "1.13"
ROWS = rows_in(feature_steps(LAST))
OBSERVED = [number for number in ROWS if USE_CASE.row(number).kind != "driven"]
DEFECTS = {"1.3.4": "utility_battery:ignores-set-point", "1.6.2": "capacitor_1:does-not-close", "1.10.2": "ltc:stuck"}
"""What suppresses an effect: a device that does not act on its command."""
IN_EVERY_RUN = {"1.1", "1.2.2", "1.3.1"}
"""Rows whose suppression is tried in the quick tests; all others are in the long ones."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """The story on good equipment, with everything that its rows left behind."""
    return play(tmp_path_factory.mktemp("good") / "run", quick_bench(180.0), stop_after=LAST)


@pytest.fixture(scope="module")
def due_s(good: Record) -> dict[str, float]:
    """By when each row had to come at the latest, with a few seconds in which that is noticed."""
    items = json.loads((good.path / "run.json").read_text(encoding="utf-8"))["scenarios"][0]["rows"]["items"]
    return {i["row"]: max(j["due_s"] or 0.0 for j in items if j["row"] == i["row"]) + 3.0 for i in items}


def test_good_equipment_passes(good: Record) -> None:
    assert good.failure == ""
    assert good.verdict is Verdict.PASS
    assert set(good.states.values()) == {MET}


def test_the_same_bench_and_seed_leave_the_same_bytes(good: Record, tmp_path: Path) -> None:
    again = play(tmp_path / "run", quick_bench(180.0), stop_after=LAST)
    for name in ("trace", "rows", "wire", "measurements"):
        assert again.log(name) == good.log(name), f"{name}.jsonl differs between two runs with the same seed"


def test_a_row_at_a_meter_or_a_device_cites_its_wire(good: Record) -> None:
    directory = good.directory()
    wire = {f"wire:{line.seq}": line.endpoint for line in directory.wire}
    for line in directory.rows:
        if USE_CASE.row(line.row).wire == "wire":
            cited = [wire[c] for c in line.evidence if c in wire]
            assert cited, f"row {line.row} ({line.instance}) cites no exchange: {line.evidence}"


def test_an_effect_cites_a_measurement_that_passed(good: Record) -> None:
    directory = good.directory()
    passed = {f"measurement:{line.seq}" for line in directory.measurements if line.verdict == Verdict.PASS}
    effects = [line for line in directory.rows if USE_CASE.row(line.row).kind == "effect"]
    assert effects
    assert all(set(line.evidence) & passed for line in effects)


@pytest.mark.parametrize(
    ("fault", "row", "device"),
    [
        ("utility_battery:wrong-sign", "1.3.4", "utility_battery"),
        ("net_meter_1:alert-never-sent", "1.1", "net_meter_1"),
    ],
)
def test_a_defect_fails_the_run_at_its_row_and_its_device(
    fault: str, row: str, device: str, due_s: dict[str, float], tmp_path: Path
) -> None:
    """That a fault of every kind is caught is for the fault matrix; here it is about what is told beside that."""
    record = play(tmp_path / "run", quick_bench(due_s[row]), faults=[fault], stop_after="1.4.4")
    assert record.failed_at == row, f"{fault} was noticed at {record.failed_at or 'no row at all'}: {record.states}"
    assert record.verdict is Verdict.FAIL
    found = {line.instance for line in record.directory().rows if line.row == row and line.state == NOT_MET}
    assert found == {device}, f"{fault} was put down to {found}"
    later = {n: record.states[n] for n in RowOrder(USE_CASE).dependents(row) if n in record.states}
    assert set(later.values()) == {NOT_RUN}, f"rows after {row} are not met while {device} has not come so far: {later}"
    assert record.failure.startswith(f"row {row}:"), record.failure
    assert "last on the wire: wire:" in record.failure, f"it has to show the device's last answers:\n{record.failure}"
    assert device in record.failure, f"it has to name the device:\n{record.failure}"


def test_scheduled_reads_make_an_alert_late_only_where_it_cannot_jump_the_queue(
    due_s: dict[str, float], tmp_path: Path
) -> None:
    """With 200 meters in 33 s the schedule asks more of the link than it carries: reads wait, and more and more do."""
    crowded = {"scheduled_read_s": 33.0, "bandwidth_bps": 6000.0}
    jumping = play(tmp_path / "jumping", quick_bench(due_s["1.1"], **crowded), stop_after="1.1")
    assert jumping.states["1.1"] is MET, f"alerts have to overtake the reads: {jumping.failure}"
    waiting = play(tmp_path / "waiting", quick_bench(due_s["1.1"], queue="fifo", **crowded), stop_after="1.1")
    assert waiting.states["1.1"] is NOT_MET, "first in, first out: the alerts cannot have come in time"
    assert "no Voltage Out of Range Event from AMI Net/Billing Meter" in waiting.failure


def kind_of(payload: Payload) -> str | None:
    """Name the kind of equipment that a payload is about."""
    match payload:
        case OperationalCommand(command=command):
            return command.kind
        case EquipmentStatus(equipment=equipment):
            return equipment.kind
        case SystemStatus(updated=updated):
            return updated
        case VarSwitchingOrder():
            return "capacitor"
    return None


def sieve(row: Row) -> Callable[[Message], bool]:
    """Find the messages that would meet a row, among those of other branches between the same two."""

    def withheld(message: Message) -> bool:
        parties = (message.producer.value, message.receiver.value, message.information.value)
        subject = subject_of(row)
        about = kind_of(message.payload)
        return parties == (row.producer, row.receiver, row.information) and (
            subject is None or about is None or about == subject
        )

    return withheld


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=() if n in IN_EVERY_RUN else pytest.mark.long) for n in OBSERVED]
)
def test_a_row_that_is_suppressed_is_not_met_and_takes_its_dependents_along(
    number: str, due_s: dict[str, float], tmp_path: Path
) -> None:
    """Suppress a row at its producer: the matcher has to miss that row, and no other before it."""
    row = USE_CASE.row(number)
    faults = [DEFECTS[number]] if row.kind == "effect" else []

    def suppress(story: Story) -> None:
        if row.kind != "effect":
            story.bus.withheld.append(sieve(row))

    record = play(tmp_path / "run", quick_bench(due_s[number]), faults=faults, prepare=suppress, stop_after=LAST)
    require_missing(number, record)
