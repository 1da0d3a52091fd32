"""Run directories for the tests of this folder, written once per session."""

from pathlib import Path

import pytest
from synthetic_run import write_run


@pytest.fixture(scope="session")
def passing_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run of 20 rows, all met; tests read it and leave it as it is."""
    return write_run(tmp_path_factory.mktemp("passing") / "run")


@pytest.fixture(scope="session")
def failing_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same story with a battery that ignores its command."""
    return write_run(tmp_path_factory.mktemp("failing") / "run", failing=True)


@pytest.fixture
def small_run(tmp_path: Path) -> Path:
    """A small complete run, for tests that damage it."""
    return write_run(tmp_path / "run", steps=5, alerts=2)
