"""A small run on the real bench, and copies of it for tests that change something."""

import shutil
from pathlib import Path

import pytest
from playing import play, quick_bench

from reports.rendering import render
from reports.run_directory import RunDirectory

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
