"""What the type tests of a device take: on the wall, and in the equipment's own time."""

import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.commands.certify import CertifyRequest, certify
from bench.commands.figures import Figure
from bench.commands.run import ROOT
from instruments.errors import BenchError
from reports.run_directory import RunDirectory, RunSummary
from reports.verdict import Verdict

BENCH = ROOT / "fixtures" / "benches" / "certify_inverter.yaml"
DEVICE, SUITE = "inverter", "ieee1547.1"
HOUR_S = 3600.0


def certify_figures(name: str) -> Iterator[Figure]:
    """Yield what `bench certify` takes for a whole suite, with run directory and certificate, s, and what equipment
    would take for the same procedures, h: a scenario a processor, as the command does it by default.

    What the behaviour model has nothing of is played and NOT_RUN. Raises BenchError when a type test ends otherwise:
    the time of another run is no figure.
    """
    with TemporaryDirectory() as folder:
        request = CertifyRequest(BENCH, DEVICE, SUITE, Path(folder) / "run", jobs=None, pdf=None)
        started_s = time.perf_counter()
        certify(request, Console(file=StringIO()))
        elapsed_s = time.perf_counter() - started_s
        run = RunDirectory.open(request.out).run
    passed = _passed(name, run)
    yield Figure(name, elapsed_s, "s", note=f"{SUITE}: {len(run.scenarios)} type tests, {passed} passed")
    hours = sum(scenario.equipment_s for scenario in run.scenarios) / HOUR_S
    yield Figure(f"{name}_procedures", hours, "h", note="of the equipment's own time, for the same procedures")


def _passed(name: str, run: RunSummary) -> int:
    """Count the tests that passed; raises BenchError when any broke or failed, or none passed."""
    sound = {Verdict.PASS, Verdict.NOT_RUN}
    others = [f"{test.key} {test.verdict}" for test in run.scenarios if test.verdict not in sound]
    passed = sum(test.verdict is Verdict.PASS for test in run.scenarios)
    if others or not passed:
        told = ", ".join(others) or "nothing passed"
        raise BenchError(f"the run for {name} did not pass: {told}: its time says nothing")
    return passed
