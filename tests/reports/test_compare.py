"""`bench compare` names everything that differs between two runs, and nothing else."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.compare import differences
from reports.run_directory import RunDirectory

HEAD = {
    "seed": 7,
    "started": "2026-06-21T12:00:00+00:00",
    "bench": {"name": "emulated", "path": "emulated.yaml", "sha256": "aa"},
    "faults": ["ltc:stuck"],
    "versions": {"python": "3.11.2", "numpy": "2.0"},
    "devices": {"ltc": {"role": "load_tap_changer", "emulated": True, "faults": [], "identity": {"firmware": "1.0"}}},
}


@pytest.fixture
def pair(passing_run: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The same run twice, with a head that says what was played."""
    left, right = (shutil.copytree(passing_run, tmp_path / name) for name in ("left", "right"))
    for run in (left, right):
        change_summary(run, lambda document: document.update(HEAD))
    return left, right


def change_summary(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((run / "run.json").read_bytes())
    change(document)
    (run / "run.json").write_text(json.dumps(document), encoding="utf-8")


def change_line(run: Path, log: str, number: int, change: Callable[[dict[str, Any]], object]) -> None:
    path = run / f"{log}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    record = json.loads(lines[number])
    change(record)
    lines[number] = json.dumps(record).encode() + b"\n"
    path.write_bytes(b"".join(lines))


def found(pair: tuple[Path, Path]) -> list[str]:
    left, right = map(RunDirectory.open, pair)
    return [str(difference) for difference in differences(left, right)]


def test_the_time_of_day_is_no_difference(pair: tuple[Path, Path]) -> None:
    change_summary(pair[1], lambda document: document.update(started="2027-01-01T00:00:00+00:00"))
    assert found(pair) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(seed=8), "seed: 7 | 8"),
        (lambda d: d.update(verdict="FAIL"), "verdict: PASS | FAIL"),
        (lambda d: d.update(faults=[]), "faults: ltc:stuck | none"),
        (lambda d: d["bench"].update(sha256="bb"), "bench sha256: aa | bb"),
        (lambda d: d["versions"].update(numpy="2.1"), "version of numpy: 2.0 | 2.1"),
        (lambda d: d["versions"].pop("numpy"), "version of numpy: 2.0 | absent"),
        (lambda d: d["devices"]["ltc"]["identity"].update(firmware="1.1"), "device ltc firmware: 1.0 | 1.1"),
        (lambda d: d["devices"]["ltc"].update(emulated=False), "device ltc: emulated | real"),
        (lambda d: d["devices"]["ltc"].update(faults=["ltc:stuck"]), "device ltc faults: none | ltc:stuck"),
        (lambda d: d["devices"].pop("ltc"), "device ltc: emulated | absent"),
        (lambda d: d["scenarios"][0].update(verdict="FAIL"), "scenario 1: PASS | FAIL"),
        (
            lambda d: d["scenarios"][0]["preconditions"][1].update(held=True),
            "scenario 1 precondition 'Every service has a meter': "
            "does not hold (289 of 290 answer) | holds (289 of 290 answer)",
        ),
        (
            lambda d: d["scenarios"][0]["rows"]["items"][-1].update(reason="derived"),
            "scenario 1 row 1.4.4 e1: MET at 746 s, due by 776 s | MET at 746 s, due by 776 s (derived)",
        ),
        (
            lambda d: d["scenarios"][0]["rows"]["items"][-1].update(evidence=["trace:1"]),
            "scenario 1 1 row outcomes alike cite other evidence, first 1.4.4 e1: trace:255 | trace:1",
        ),
    ],
)
def test_what_run_json_has_is_named_with_both_sides(
    pair: tuple[Path, Path], change: Callable[[dict[str, Any]], object], told: str
) -> None:
    change_summary(pair[1], change)
    assert told in found(pair)


def test_a_measurement_is_named_with_what_differs_in_it(pair: tuple[Path, Path]) -> None:
    change_line(pair[1], "measurements", 3, lambda record: record.update(value=113.9, verdict="FAIL"))
    (told,) = found(pair)
    assert told.startswith("measurement scenario 1 service voltage #4: PASS value 114.46")
    assert told.endswith("| FAIL value 113.9")


def test_messages_that_differ_in_evidence_alone_are_not_told_alike(pair: tuple[Path, Path]) -> None:
    change_line(pair[1], "trace", 2, lambda record: record.update(evidence=["wire:999"]))
    (told,) = found(pair)
    _, _, sides = told.partition(": ")
    left, right = sides.split(" | ")
    assert left != right, f"both sides read the same: {told}"
    assert "wire:999" in right


def test_messages_that_differ_in_their_payload_show_what_of_it(pair: tuple[Path, Path]) -> None:
    change_line(pair[1], "trace", 2, lambda record: record["payload"].update(voltage_v=99.5))
    (told,) = found(pair)
    assert "'voltage_v': 113.2" in told
    assert "'voltage_v': 99.5" in told
    assert "'meter'" not in told, "what is the same in both is left out"
