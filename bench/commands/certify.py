"""`bench certify`: the type tests of one device."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from bench.assembly.admission import real_resources
from bench.assembly.certification import reduced
from bench.certification.suites import suite_named
from bench.commands.playing import Leased, Refusals
from bench.commands.run import ROOT, STYLES, console_for, not_played
from bench.config import load_bench
from bench.faults import check_fault, parse_fault
from bench.lease import Lease, take_lease
from instruments.errors import ConfigError
from reports.rendering import render
from reports.run_directory import RunDirectory

__all__ = ["CertifyRequest", "certify", "console_for"]


@dataclass(frozen=True)
class CertifyRequest:
    """What the command line asks for."""

    bench: Path
    device: str
    suite: str
    out: Path
    seed: int = 1
    faults: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    """Texts, one of which the name of a scenario that is carried out contains; none: all are."""


def certify(request: CertifyRequest, console: Console) -> int:
    """Carry out a suite, render the certificate, print the coverage; return the exit code of the verdict.

    Raises ConfigError, before anything is opened, for a suite, a device or a bench that cannot be used.
    """
    suite_named(request.suite)
    bench = load_bench(request.bench)
    small, _ = reduced(bench, request.device)
    for fault in request.faults:
        check_fault(parse_fault(fault), small)

    def tell(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    with take_lease(real_resources(small), bench.bench, request.out, tell) as lease:
        return _carry_out(request, console, lease)


def _carry_out(request: CertifyRequest, console: Console, lease: Lease) -> int:
    refusals = Refusals()
    os.environ.pop("PYTEST_ADDOPTS", None)
    status = pytest.ExitCode(pytest.main(_arguments(request), plugins=[refusals, Leased(lease)]))
    if refusals.misconfigured:
        raise ConfigError(refusals.misconfigured[0])
    if not (request.out / "run.json").is_file():
        raise not_played(status, refusals)
    page = render(request.out) / "report.html"
    summary = RunDirectory.open(request.out).run
    console.print(_table(summary))
    console.print(f"report: {page}", soft_wrap=True, highlight=False)
    return summary.verdict.exit_code


def _arguments(request: CertifyRequest) -> list[str]:
    return [
        str(suite_named(request.suite).features),
        f"--rootdir={ROOT}",
        f"--confcutdir={ROOT}",
        "-c",
        str(ROOT / "pyproject.toml"),
        *("-p", "no:terminal", "--capture=no", "--assert=plain"),
        f"--bench={request.bench.resolve()}",
        f"--device={request.device}",
        f"--suite={request.suite}",
        f"--out={request.out.resolve()}",
        f"--seed={request.seed}",
        *(f"--fault={fault}" for fault in request.faults),
        *(f"--scenario={text}" for text in request.scenarios),
    ]


def _table(run: Any) -> Table:
    title = f"verdict of what was run: {run.verdict.value}"
    table = Table(title=title, title_style=STYLES.get(run.verdict.value, "bold yellow"))
    for heading in ("clause", "title", "verdict", "why"):
        table.add_column(heading)
    for entry in run.certification["coverage"]:
        table.add_row(entry["clause"], entry["title"], entry["verdict"], entry["why"])
    return table
