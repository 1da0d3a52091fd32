"""A small run on the real bench, and copies of it for tests that change something."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.rendering import render
from reports.run_directory import RunDirectory
from reports.run_directory.layout import FIRST_PREV, sha256, write_manifest
from tests.playing import play, quick_bench

LAST_ROW = "1.3.5"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that passed, of the first rows of the voltage profile, with its report."""
    folder = tmp_path_factory.mktemp("recorded") / "run"
    play(folder, quick_bench(170.0), stop_after=LAST_ROW)
    assert RunDirectory.open(folder).run.verdict == "PASS", "the run that these tests rest on has to pass"
    render(folder)
    return folder


@pytest.fixture(scope="session")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with a battery that does not do what it is told."""
    folder = tmp_path_factory.mktemp("failed") / "run"
    play(folder, quick_bench(170.0), stop_after=LAST_ROW, faults=["utility_battery:ignores-set-point"])
    assert RunDirectory.open(folder).run.verdict == "FAIL", "the run that these tests rest on has to fail"
    return folder


@pytest.fixture
def copied(recorded: Path, tmp_path: Path) -> Path:
    """A copy of the run that passed, somewhere else."""
    return shutil.copytree(recorded, tmp_path / "elsewhere" / "run")


def edit_log(run: Path, log: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change a log and make all hashes anew, as a forger who knows the format does."""
    path = run / f"{log}.jsonl"
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    change(records)
    prev, lines = FIRST_PREV, []
    for number, record in enumerate(records, start=1):
        line = json.dumps(record | {"seq": number, "prev": prev}).encode() + b"\n"
        lines.append(line)
        prev = sha256(line)
    path.write_bytes(b"".join(lines))
    write_manifest(run)


def edit_summary(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change run.json and make the manifest anew."""
    document = json.loads((run / "run.json").read_bytes())
    change(document)
    (run / "run.json").write_text(json.dumps(document, indent=1) + "\n", encoding="ascii")
    write_manifest(run)
