"""The command line, called in this process; recorded runs come from a small synthetic one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from bench_files import record
from click.testing import CliRunner, Result

from bench.cli import main

Bench = Callable[..., Result]


@pytest.fixture
def bench() -> Bench:
    """Calls `bench` with arguments; stdout and stderr are kept apart."""
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A complete run with one message in its trace."""
    return record(tmp_path / "run")
