"""`bench certify` with several scenarios at the same time: each process has emulators on ports of its own."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from bench.assembly.admission import real_devices
from bench.certification.parallel import PARTS, put_together
from bench.certification.session import CertificationSession
from bench.certification.suites import suite_named
from bench.commands.certify_request import CertifyRequest
from bench.config import BenchFile, load_bench
from bench.faults import parse_fault
from bench.safety import Interrupted, interruptible
from bench.use_case.feature_files import read_stories


def jobs_for(bench: BenchFile, scenarios: int, asked: int | None) -> int:
    """Return how many scenarios are carried out at the same time.

    One where anything is real, where time is the wall's, or where an emulator listens behind a gateway, which is one;
    unless told, also one inside a worker of pytest-xdist: there the processors are shared out already.
    """
    behind_gateway = any(device.emulate and device.emulate.listen for device in bench.devices.values())
    if real_devices(bench) or bench.clock.mode != "virtual" or behind_gateway:
        return 1
    processors = 1 if "PYTEST_XDIST_WORKER" in os.environ else os.cpu_count() or 1
    return max(1, min(scenarios, asked or processors))


def scenario_count(features: Path, texts: Iterable[str]) -> int:
    """Return how many scenarios of a folder have a name that contains one of the texts; all, without texts."""
    wanted = [text.lower() for text in texts]
    names = [name.lower() for name in scenario_names(features)]
    return sum(not wanted or any(text in name for text in wanted) for name in names)


def scenario_names(features: Path) -> list[str]:
    """Return the names of all scenarios of a folder; of an outline those with its examples filled in."""
    stories = (story for path in sorted(features.glob("*.feature")) for story in read_stories(path))
    return [name for story in stories if not story.is_background for name in story.names]


def play_in_parallel(
    request: CertifyRequest, arguments: Sequence[str], plugins: list[object], jobs: int
) -> pytest.ExitCode:
    """Carry the scenarios out in so many processes, and put what they recorded together into the run directory."""
    session = CertificationSession(
        request.out,
        load_bench(request.bench),
        request.bench,
        request.device,
        suite_named(request.suite),
        request.seed,
        [parse_fault(text) for text in request.faults],
        partial=bool(request.scenarios),
    )
    parts = request.out / PARTS
    parts.mkdir()
    spread = ("-n", str(jobs), "--dist", "worksteal", f"--out={parts.resolve()}")
    status = pytest.ExitCode.INTERRUPTED
    try:
        with interruptible():
            status = pytest.ExitCode(pytest.main([*arguments, *spread], plugins=plugins))
    except Interrupted:
        pass  # the workers have ended, and what they recorded is put together like anything else
    finally:
        put_together(session, stopped=status is not pytest.ExitCode.TESTS_FAILED and status is not pytest.ExitCode.OK)
        session.finish()
    return status
