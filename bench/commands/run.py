"""`bench run`: plays features through pytest and tells what came of them."""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.assembly.admission import real_resources
from bench.assembly.drivers import require_known
from bench.commands.one_core import one_core
from bench.commands.playing import ChosenFeatures, Leased, People, Progress, Refusals
from bench.commands.prompt import operator_at
from bench.config import BenchFile, load_bench
from bench.config.addresses import exposure_warnings
from bench.faults import check_fault, parse_fault
from bench.lease import Lease, take_lease
from bench.use_case.coverage import check
from bench.use_case.tables import load as load_use_case
from instruments.errors import BenchError, ConfigError
from reports.plain_text import visible
from reports.rendering import render
from reports.run_directory import RunDirectory, require_empty
from reports.verdict import Verdict

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
    operator: bool = False
    """Whether a person at the terminal does people's rows, instead of the test."""
    compare: bool = True
    """Whether what managed voltage under a cloud is played once more with autonomous controls only."""
    render: bool = True
    """Whether the report is made; it can be made later from the run directory."""


def run(request: RunRequest, console: Console) -> int:
    """Play the features, print the summary, render the report; return the exit code of the verdict.

    Raises ConfigError, mostly before anything is opened, when bench file, features or faults cannot be used.
    """
    bench = _check(request)

    def tell(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    for warning in exposure_warnings(bench.exposed):
        console.print(f"warning: {warning}", style="bold yellow", markup=False, highlight=False, soft_wrap=True)
    with take_lease(real_resources(bench), bench.bench, request.out, tell) as lease:
        for remark in lease.remarks:
            tell(remark)
        with one_core() if bench.clock.mode == "virtual" else nullcontext():
            return _play(request, console, lease)


def _play(request: RunRequest, console: Console, lease: Lease) -> int:
    refusals = Refusals()
    plugins: list[object] = [Progress(console), refusals, Leased(lease)]
    if request.operator:
        plugins.append(People(operator_at(console)))
    if request.features:
        plugins.append(ChosenFeatures(map(Path, request.features)))
    os.environ.pop("PYTEST_ADDOPTS", None)  # a person's options for tests are none for a run
    status = pytest.ExitCode(pytest.main(_arguments(request), plugins=plugins))
    if not (request.out / "run.json").is_file():
        raise not_played(status, refusals)
    summary = RunDirectory.open(request.out).run
    console.print(_table(summary))
    if request.render:
        page = render(request.out) / "report.html"
        console.print(visible(f"report: {page}"), soft_wrap=True, highlight=False, markup=False)
    if refusals.misconfigured:
        raise ConfigError(refusals.misconfigured[0])
    return summary.verdict.exit_code


def not_played(status: pytest.ExitCode, refusals: Refusals) -> BaseException:
    """Tell from pytest's word, and what was seen on the way, why there is no run directory."""
    if refusals.uncollected:
        return ConfigError("\n".join(["the features cannot be read:", *refusals.uncollected]))
    if status is pytest.ExitCode.INTERRUPTED:
        return KeyboardInterrupt()
    if status is pytest.ExitCode.NO_TESTS_COLLECTED:
        return ConfigError("no scenario fits the request")
    if status is pytest.ExitCode.USAGE_ERROR:
        return ConfigError("the features cannot be played as asked for")
    return BenchError(f"the run broke before it began: pytest ended with {status.name}")


def _check(request: RunRequest) -> BenchFile:
    bench = load_bench(request.bench)
    require_known(bench.devices)
    for fault in request.faults:
        check_fault(parse_fault(fault), bench)
    coverage = check(FEATURES, load_use_case())
    if coverage.faults:
        raise ConfigError("\n  ".join(["the features do not fit the use case:", *map(str, coverage.faults)]))
    require_empty(request.out)
    for feature in request.features:
        if Path(feature).suffix != ".feature" or not Path(feature).is_file():
            raise ConfigError(f"there is no feature file {feature}")
    return bench


def _arguments(request: RunRequest) -> list[str]:
    arguments = [
        str(FEATURES),
        f"--rootdir={ROOT}",
        f"--confcutdir={ROOT}",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "no:terminal",
        "--capture=no",
        f"--ignore={FEATURES / 'certification'}",  # of one device: `bench certify`
        "--assert=plain",  # steps raise what they find; nothing here needs its asserts rewritten
        f"--bench={request.bench.resolve()}",
        f"--out={request.out.resolve()}",
        f"--seed={request.seed}",
        *(f"--fault={fault}" for fault in request.faults),
    ]
    if request.scenario:
        arguments.append(f"--scenario={request.scenario}")
    if not request.compare:
        arguments.append("--no-comparison")
    return [*arguments, "-m", markers(request.tags)] if request.tags else arguments


def markers(tags: str) -> str:
    """Turn an expression of tags, as features write them (`@scenario-2`), into one of markers (`scenario_2`)."""
    return tags.replace("@", "").replace("-", "_").lower()


def _table(run: Any) -> Table:
    table = Table(title=f"verdict: {run.verdict.value}", title_style=STYLES.get(run.verdict.value, "bold yellow"))
    for heading in ("scenario", "feature", "rows met", "verdict"):
        table.add_column(heading)
    for scenario in run.scenarios:
        name = f"{scenario.id}{f'/{scenario.variant}' if scenario.variant else ''} {scenario.title}"
        unplayed = scenario.verdict in {Verdict.ERROR, Verdict.ABORTED}
        without_rows = "none" if unplayed else "none: judged by measurements"
        met = f"{scenario.met} of {scenario.expected}" if scenario.expected else without_rows
        table.add_row(*(Text(visible(cell)) for cell in (name, scenario.feature, met, scenario.verdict.value)))
    return table


def console_for(stream: Any = None) -> Console:
    """Return a console that colours on a terminal and prints plainly into a pipe."""
    out = stream or sys.stdout
    return Console(file=out, width=None if out.isatty() else 120)
