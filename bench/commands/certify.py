"""`bench certify`: the type tests of one device."""

import os
from collections.abc import Sequence
from contextlib import nullcontext
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from bench.assembly.admission import real_resources
from bench.assembly.certification import reduced
from bench.assembly.drivers import require_known
from bench.certification.suites import suite_named
from bench.commands.certify_parallel import jobs_for, play_in_parallel, scenario_count, scenario_names
from bench.commands.certify_progress import ClauseProgress
from bench.commands.certify_request import CertifyRequest
from bench.commands.one_core import one_core
from bench.commands.playing import Leased, Refusals
from bench.commands.run import ROOT, STYLES, console_for, not_played
from bench.config import load_bench
from bench.faults import check_fault, parse_fault
from bench.lease import take_lease
from instruments.errors import ConfigError
from reports.pdf import add_pdf
from reports.rendering import render
from reports.run_directory import RunDirectory, require_empty
from reports.verdict import Verdict

FEW = 4
"""Names of scenarios that are told when none has the text that was asked for."""

__all__ = ["CertifyRequest", "certify", "console_for"]


def certify(request: CertifyRequest, console: Console) -> int:
    """Carry out a suite, render the certificate, print the coverage; return the exit code of the verdict.

    Raises ConfigError, before anything is opened, for a suite, a device or a bench that cannot be used, and ReportError
    for a run directory that cannot, such as one that has a run in it.
    """
    suite = suite_named(request.suite)
    _require_scenarios(suite.features, request.scenarios)
    bench = load_bench(request.bench)
    small, _ = reduced(bench, request.device)
    require_known(small.devices)
    suite.rig.require(request.device, small)
    for fault in request.faults:
        check_fault(parse_fault(fault), small)
    require_empty(request.out)  # what is in it afterwards is of this run: the verdict of another is no answer

    def tell(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    if (request.jobs or 1) > 1 and jobs_for(small, request.jobs or 1, request.jobs) == 1:
        tell(f"--jobs {request.jobs} is for emulated equipment in virtual time: here one scenario follows another")
    watchers = [ClauseProgress(tell)] if small.clock.mode == "wall" else []
    with take_lease(real_resources(small), bench.bench, request.out, tell) as lease:
        return _carry_out(request, console, [Leased(lease), *watchers])


def _require_scenarios(features: Path, texts: Sequence[str]) -> None:
    """Refuse a text that is in no name: a misspelled one of several would be left out unseen."""
    for text in texts:
        if not scenario_count(features, (text,)):
            near = "".join(f"\n  {name}" for name in _nearest(text, scenario_names(features)))
            raise ConfigError(f"no scenario of the suite has {text!r} in its name; such as these are known:{near}")


def _nearest(text: str, names: Sequence[str]) -> Sequence[str]:
    """Return a few names, those that have a word like one of the text's before others."""
    words = {word.strip(",").lower() for name in names for word in name.split()}
    like = {near for word in text.lower().split() for near in get_close_matches(word, words)}
    return sorted(names, key=lambda name: not like & {word.strip(",").lower() for word in name.split()})[:FEW]


def _carry_out(request: CertifyRequest, console: Console, plugins: list[object]) -> int:
    refusals = Refusals()
    os.environ.pop("PYTEST_ADDOPTS", None)
    status = _play(request, [refusals, *plugins])
    if refusals.misconfigured:
        raise ConfigError(refusals.misconfigured[0])
    if not (request.out / "run.json").is_file():
        raise not_played(status, refusals)
    rendered = render(request.out)
    summary = RunDirectory.open(request.out).run
    console.print(_table(summary))
    told = [*_left_out(summary), *_advice(request, summary), f"report: {rendered / 'report.html'}"]
    if not request.scenarios if request.pdf is None else request.pdf:
        told.append(add_pdf(rendered))
    for line in told:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    return summary.verdict.exit_code


def _play(request: CertifyRequest, plugins: list[object]) -> pytest.ExitCode:
    small, _ = reduced(load_bench(request.bench), request.device)
    jobs = jobs_for(small, scenario_count(suite_named(request.suite).features, request.scenarios), request.jobs)
    if jobs > 1:
        return play_in_parallel(request, _arguments(request), plugins, jobs)
    with one_core() if small.clock.mode == "virtual" else nullcontext():
        return pytest.ExitCode(pytest.main([*_arguments(request), f"--out={request.out.resolve()}"], plugins=plugins))


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
        f"--seed={request.seed}",
        *(f"--fault={fault}" for fault in request.faults),
        *(f"--scenario={text}" for text in request.scenarios),
    ]


def _table(run: Any) -> Table:
    title = f"verdict of what was run: {run.verdict.value}"
    table = Table(title=title, title_style=STYLES.get(run.verdict.value, "bold yellow"))
    for heading in ("clause", "title", "verdict", "tests", "why"):
        table.add_column(heading)
    for entry in run.certification["coverage"]:
        if run.certification["partial"] and not entry["scenarios"]:
            continue
        tests = f"{entry['scenarios']} of {entry['of']}" if entry["scenarios"] else ""
        table.add_row(entry["clause"], entry["title"], entry["verdict"], tests, entry["why"])
    return table


def _left_out(run: Any) -> list[str]:
    """Say how much of the suite a part leaves out: the table has what was asked for, the certificate all of it."""
    absent = sum(not entry["scenarios"] for entry in run.certification["coverage"])
    if not run.certification["partial"] or not absent:
        return []
    others = "another clause of the suite was" if absent == 1 else f"{absent} other clauses of the suite were"
    return [f"{others} not carried out: a part of a suite certifies none"]


def _advice(request: CertifyRequest, run: Any) -> list[str]:
    """Tell where to look when the bench broke: most often nothing answers at an address."""
    if run.verdict is not Verdict.ERROR:
        return []
    return [f"`bench doctor --bench {request.bench}` tells what answers at each address, and energises nothing"]
