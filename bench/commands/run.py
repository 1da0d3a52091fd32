"""`bench run`: plays features through pytest and tells what came of them."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from bench.config import load_bench
from bench.faults import parse_fault
from bench.session import LISTENERS
from bench.use_case.conformance import RowWatch
from bench.use_case.coverage import check
from bench.use_case.tables import load as load_use_case
from instruments.errors import ConfigError
from reports.rendering import render
from reports.run_directory import RunDirectory
from reports.verdict import RowState, Verdict

STYLES = {"PASS": "bold green", "FAIL": "bold red", "ERROR": "bold magenta"}
ROOT = Path(__file__).parents[2]
FEATURES = ROOT / "features"


@dataclass(frozen=True)
class RunRequest:
    """What the command line asks for."""

    features: Sequence[str]
    bench: Path
    out: Path
    seed: int = 1
    faults: Sequence[str] = ()
    scenario: str | None = None
    tags: str | None = None


class Progress:
    """A line for each row as it is decided, for a person at a terminal and for a log."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def pytest_configure(self, config: pytest.Config) -> None:
        """Ask the run to be told of rows."""
        config.stash[LISTENERS] = (self.row,)

    def row(self, watch: RowWatch, now_s: float) -> None:
        """Print a row's state."""
        met = sum(i.state is RowState.MET for i in watch.instances.values())
        count = f"{met} of {len(watch.instances)}" if watch.row.per != "once" else ""
        style = "green" if watch.state is RowState.MET else "red"
        text = f"{now_s:9.1f} s  {watch.row.number:<12} {watch.state.value:<12} {count:<12} {watch.row.information}"
        self._console.print(text, style=style, highlight=False, soft_wrap=True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print why a scenario failed."""
        if report.failed and report.longrepr is not None:
            self._console.print(_reason(report), style="red", highlight=False, markup=False, soft_wrap=True)


def run(request: RunRequest, console: Console) -> int:
    """Play the features, render the report, print the summary; return the exit code of the verdict.

    Raises ConfigError before anything is opened when bench file, features or faults cannot be used.
    """
    _check(request)
    status = pytest.main(_arguments(request), plugins=[Progress(console)])
    if not (request.out / "run.json").is_file():
        if status == pytest.ExitCode.NO_TESTS_COLLECTED:
            raise ConfigError("no scenario fits the request")
        raise ConfigError(f"the features could not be played: pytest ended with {pytest.ExitCode(status).name}")
    page = render(request.out) / "report.html"
    summary = RunDirectory.open(request.out).run
    console.print(_table(summary))
    console.print(f"report: {page}", soft_wrap=True, highlight=False)
    return summary.verdict.exit_code


def _check(request: RunRequest) -> None:
    load_bench(request.bench)
    for fault in request.faults:
        parse_fault(fault)
    coverage = check(FEATURES, load_use_case())
    if coverage.faults:
        raise ConfigError("\n  ".join(["the features do not fit the use case:", *map(str, coverage.faults)]))
    if request.out.exists() and any(request.out.iterdir()):
        raise ConfigError(f"the run directory {request.out} exists and is not empty: nothing was run")
    for feature in request.features:
        if not Path(feature).exists():
            raise ConfigError(f"there is no feature {feature}")


def _arguments(request: RunRequest) -> list[str]:
    arguments = [
        *(request.features or [str(FEATURES)]),
        f"--rootdir={ROOT}",
        f"--confcutdir={ROOT}",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "no:terminal",
        "--capture=no",
        f"--bench={request.bench.resolve()}",
        f"--out={request.out.resolve()}",
        f"--seed={request.seed}",
        *(f"--fault={fault}" for fault in request.faults),
    ]
    if request.scenario:
        arguments.append(f"--scenario={request.scenario}")
    return [*arguments, "-m", request.tags] if request.tags else arguments


def _reason(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)


def _table(run: Any) -> Table:
    table = Table(title=f"verdict: {run.verdict.value}", title_style=STYLES.get(run.verdict.value, "bold yellow"))
    for heading in ("scenario", "feature", "rows met", "verdict"):
        table.add_column(heading)
    for scenario in run.scenarios:
        name = f"{scenario.id}{f'/{scenario.variant}' if scenario.variant else ''} {scenario.title}"
        met = f"{scenario.met} of {scenario.expected}"
        table.add_row(name, scenario.feature, met, scenario.verdict.value)
    return table


def console_for(stream: Any = None) -> Console:
    """Return a console that colours on a terminal and prints plainly into a pipe."""
    out = stream or sys.stdout
    return Console(file=out, width=None if out.isatty() else 120)


__all__ = ["RunRequest", "Verdict", "console_for", "run"]
