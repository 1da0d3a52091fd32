import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_run import write_run

from reports.errors import ReportError
from reports.run_directory import RunDirectory, RunWriter

MESSAGE = {"time_s": 1.5, "producer": "A", "receiver": "B", "information": "I"}


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_every_line_carries_the_hash_of_the_line_before(passing_run: Path) -> None:
    for log in ("trace", "rows", "wire", "measurements"):
        prev = "0" * 64
        for number, line in enumerate(lines_of(passing_run / f"{log}.jsonl"), start=1):
            record = json.loads(line)
            assert (record["seq"], record["prev"]) == (number, prev), f"{log}.jsonl line {number}"
            prev = hashlib.sha256(line).hexdigest()


@pytest.mark.parametrize(
    ("log", "columns"),
    [
        ("trace", "seq time_s producer receiver information priority correlation payload evidence"),
        ("rows", "seq time_s scenario row occurrence instance state reason evidence"),
        ("wire", "seq time_s endpoint protocol operation address values error"),
        ("measurements", "seq time_s quantity value unit uncertainty lower upper source verdict row clause"),
    ],
)
def test_lines_have_the_published_columns_in_their_order(passing_run: Path, log: str, columns: str) -> None:
    found = list(json.loads(lines_of(passing_run / f"{log}.jsonl")[0]))
    assert [column for column in found if column in columns.split()] == columns.split()
    assert found[-1] == "prev"


def test_the_manifest_is_what_sha256sum_checks(passing_run: Path) -> None:
    listed = dict(reversed(line.split("  ")) for line in (passing_run / "manifest.sha256").read_text().splitlines())
    assert set(listed) == {
        "run.json", "trace.jsonl", "rows.jsonl", "wire.jsonl", "measurements.jsonl", "judgement.jsonl",
        "series/0001.parquet",
        "series/0001-autonomous.parquet",
    }  # fmt: skip
    for name, digest in listed.items():
        assert hashlib.sha256((passing_run / name).read_bytes()).hexdigest() == digest


def test_equal_runs_are_equal_bytes(tmp_path: Path) -> None:
    first, second = (write_run(tmp_path / name, steps=20, alerts=3) for name in ("first", "second"))
    assert (first / "manifest.sha256").read_bytes() == (second / "manifest.sha256").read_bytes()


def test_what_was_written_is_read_back(passing_run: Path) -> None:
    directory = RunDirectory.open(passing_run)
    scenario = directory.run.scenarios[0]
    table = directory.series(scenario)
    assert (len(directory.trace), len(directory.rows)) == (4 * 60 + 15, 4 * 60 + 16)
    assert directory.trace[0].producer == "AMI Net/Billing Meter"
    assert directory.measurements[-1].value == pytest.approx(948.2)
    assert table is not None
    assert table.shape == (1800, 214)
    assert directory.verify() == []


def test_a_directory_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ReportError, match="is not empty"):
        RunWriter.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(ReportError, match="cannot make the run directory"):
        RunWriter.create(tmp_path / "run")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"deep": [float("-inf")]}, {1, 2}])
def test_a_value_that_json_cannot_carry_is_refused_and_leaves_no_trace(tmp_path: Path, value: Any) -> None:
    with RunWriter.create(tmp_path / "run") as writer:
        with pytest.raises(ReportError, match=r"trace\.jsonl"):
            writer.append("trace", {**MESSAGE, "payload": value})
        assert writer.append("trace", MESSAGE) == 1
        writer.finish({"verdict": "PASS"})
    assert RunDirectory.open(tmp_path / "run").verify() == []


def test_an_unknown_column_names_the_nearest(tmp_path: Path) -> None:
    with (
        RunWriter.create(tmp_path / "run") as writer,
        pytest.raises(ReportError, match="did you mean 'producer'"),
    ):
        writer.append("trace", {**MESSAGE, "producers": "A"})


def test_numpy_numbers_are_written_as_numbers(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path / "run") as writer:
        writer.append("trace", {**MESSAGE, "time_s": np.float32(0.5), "payload": np.arange(2)})
    record = json.loads(lines_of(tmp_path / "run" / "trace.jsonl")[0])
    assert (record["time_s"], record["payload"]) == (0.5, [0, 1])


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.integers()))
def test_any_payload_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, payload: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("payload") / "run"
    with RunWriter.create(path) as writer:
        writer.append("trace", {**MESSAGE, "payload": payload})
    assert RunDirectory.open(path).trace[0].payload == payload
    assert len(lines_of(path / "trace.jsonl")) == 1


def test_appending_after_the_end_is_refused(tmp_path: Path) -> None:
    writer = RunWriter.create(tmp_path / "run")
    writer.finish({"verdict": "PASS"})
    with pytest.raises(ReportError, match=r"cannot write to trace\.jsonl"):
        writer.append("trace", MESSAGE)


KILLED = """
import os, signal, sys
from reports.run_directory import RunWriter
writer = RunWriter.create(sys.argv[1])
for number in range(25):
    state = {"time_s": number, "scenario": "1", "row": f"1.{number}", "state": "MET"}
    writer.append("rows", state)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_leaves_a_valid_prefix(tmp_path: Path) -> None:
    path = tmp_path / "run"
    root = str(Path(__file__).parents[2])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], check=False, env={**os.environ, "PYTHONPATH": root}
    )
    directory = RunDirectory.open(path)
    assert killed.returncode == -signal.SIGKILL
    assert not directory.run.complete
    assert [finding.kind for finding in directory.verify()] == ["incomplete"]
    assert [item.row for item in directory.run.scenarios[0].items] == [f"1.{number}" for number in range(25)]


def test_a_line_cut_short_is_left_out_and_reported(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path / "run") as writer:
        for _ in range(3):
            writer.append("trace", MESSAGE)
    log = tmp_path / "run" / "trace.jsonl"
    log.write_bytes(log.read_bytes()[:-20])
    directory = RunDirectory.open(tmp_path / "run")
    assert len(directory.trace) == 2
    assert [(finding.kind, finding.file, finding.line) for finding in directory.verify()] == [
        ("truncated", "trace.jsonl", 3),
        ("incomplete", "run.json", None),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "cannot be read"), ("[]", "schema"), ('{"schema": 2}', "schema"), ('{"schema": 1}', "KeyError")],
)
def test_what_is_no_run_directory_is_refused_readably(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ReportError, match=message):
        RunDirectory.open(tmp_path)


def test_an_empty_folder_is_no_run_directory(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="is no run directory"):
        RunDirectory.open(tmp_path)


def test_series_outside_the_run_directory_are_not_read(small_run: Path) -> None:
    document = json.loads((small_run / "run.json").read_text())
    document["scenarios"][0]["series"] = "../elsewhere.parquet"
    (small_run / "run.json").write_text(json.dumps(document))
    directory = RunDirectory.open(small_run)
    with pytest.raises(ReportError, match="outside"):
        directory.series(directory.run.scenarios[0])


@pytest.mark.parametrize(
    ("table", "message"),
    [({"v:a": [1.0]}, "no column time_s"), ({"time_s": [0.0, 1.0], "v:a": [1.0]}, "series/0002")],
    ids=["no time", "unequal lengths"],
)
def test_a_series_that_cannot_be_used_is_refused(tmp_path: Path, table: dict[str, Any], message: str) -> None:
    with RunWriter.create(tmp_path / "run") as writer, pytest.raises(ReportError, match=message):
        writer.write_series(2, table)


def test_a_series_is_never_written_over(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path / "run") as writer:
        writer.write_series(1, {"time_s": [0.0]})
        with pytest.raises(ReportError, match="is written already"):
            writer.write_series(1, {"time_s": [1.0]})


def test_preconditions_come_back_as_they_were_found(tmp_path: Path) -> None:
    (scenario,) = RunDirectory.open(write_run(tmp_path / "run")).run.scenarios
    assert [condition.word for condition in scenario.preconditions] == ["holds", "does not hold", "assumed"]
    first = scenario.preconditions[0]
    assert (first.party, first.how, first.citations) == ("The Utility", "measurement", ("wire:1",))
