"""The story over faulty links, up to where it matters: what is tolerated, what is not, and what the record shows."""

import json
from pathlib import Path
from typing import Any

from playing import Record, play, quick_bench

from reports.rendering import render
from reports.verdict import RowState, Verdict

HORIZON_S = 150.0


def links(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((record.path / "run.json").read_text())["scenarios"][0]["links"]
    return found


def commands(record: Record, producer: str) -> int:
    """Count the commands that a party sent, as they were delivered."""
    lines = record.directory().trace
    return sum(line.information == "Operational Command" and line.producer == producer for line in lines)


def test_duplicates_are_recognised_act_once_and_are_shown(tmp_path: Path) -> None:
    faults = ["ami:duplication", "premise_network:duplication", "ami:loss=0.2@0..60"]
    record = play(tmp_path / "run", quick_bench(HORIZON_S), faults=faults, stop_after="1.4.4")
    assert record.failure == ""
    assert record.verdict is Verdict.PASS
    assert set(record.states.values()) == {RowState.MET}
    assert commands(record, "AMI Network Management System") == commands(record, "AMI Premise Interface") == 1
    found = links(record)
    for name in ("AMI link", "premise network"):
        assert found["links"][name]["duplicates_dropped"] == found["links"][name]["delivered"], found["links"]
    assert found["links"]["AMI link"]["sent_again"] > 0
    page = (render(record.path) / "report.html").read_text(encoding="utf-8")
    assert "What the links did" in page
    assert "has brought a duplicate, which its receiver drops" in page


def test_a_partition_across_the_alerts_fails_their_row_and_is_blamed(tmp_path: Path) -> None:
    record = play(tmp_path / "run", quick_bench(130.0), faults=["ami:partition@60..140"], stop_after="1.1")
    assert record.verdict is Verdict.FAIL
    assert record.failed_at == "1.1"
    assert all("the AMI link has lost it 4 times" in item.reason for item in record.not_met), record.failure


def test_a_parted_scada_fails_the_picture_that_it_should_have_carried(tmp_path: Path) -> None:
    record = play(tmp_path / "run", quick_bench(HORIZON_S), faults=["scada:partition@0..200"], stop_after="1.2.1")
    assert record.verdict is Verdict.FAIL
    assert record.failed_at == "1.2.1"
    assert "does not tell of capacitor_1, capacitor_2, capacitor_3, ltc" in record.reasons["1.2.1"]
    assert "the SCADA link let nothing through to capacitor_1" in record.reasons["1.2.1"]
