"""What a kill leaves at any moment is handled by verify, replay, report and compare, and called incomplete."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playing import EMULATED, ROOT

from bench.cli import main
from reports.run_directory.layout import COLUMNS

LOGS = tuple(f"{log}.jsonl" for log in COLUMNS)
FINISHED_ONLY = frozenset({"counts", "devices", "scenarios"})
"""What run.json has only when a run is over."""


def bench(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def unfinished(run: Path) -> None:
    """Take back all that the end of a run adds: report, manifest, and the second run.json."""
    shutil.rmtree(run / "rendered", ignore_errors=True)
    (run / "manifest.sha256").unlink()
    document = json.loads((run / "run.json").read_bytes())
    begun = {key: value for key, value in document.items() if key not in FINISHED_ONLY}
    (run / "run.json").write_text(json.dumps(begun | {"complete": False, "verdict": "NOT_RUN"}), encoding="ascii")


def require_called_incomplete(run: Path, whole: Path, moment: str) -> None:
    for command, codes in (
        (("verify", run), {5}),
        (("replay", run), {5}),
        (("report", run), {0}),
        (("compare", run, whole), {1}),
    ):
        result = bench(*command)
        told = f"bench {command[0]} after a kill {moment}: exit {result.exit_code}: {result.output}"
        assert isinstance(result.exception, SystemExit | None), told
        assert result.exit_code in codes, told
        assert "the bench broke" not in result.output, told
        if command[0] != "report":
            assert "did not finish" in result.output or "incomplete" in result.output, told
    page = (run / "rendered" / "report.html").read_text(encoding="utf-8")
    assert "did not finish" in page or "incomplete" in page, f"the report does not say so after a kill {moment}"


@settings(
    max_examples=8, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kept=st.lists(st.floats(0.0, 1.0), min_size=len(LOGS), max_size=len(LOGS)),
    series=st.sampled_from(["whole", "half", "none", "no folder"]),
)
def test_logs_that_stop_anywhere(recorded: Path, tmp_path: Path, kept: list[float], series: str) -> None:
    run = tmp_path / "run"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(recorded, run)
    unfinished(run)
    for name, share in zip(LOGS, kept, strict=True):
        os.truncate(run / name, int(share * (run / name).stat().st_size))
    table = run / "series" / "0001.parquet"
    if series == "half":
        os.truncate(table, table.stat().st_size // 2)
    elif series != "whole":
        table.unlink()
    if series == "no folder":
        table.parent.rmdir()
    require_called_incomplete(run, recorded, f"with {kept} of its logs and its series {series}")


def before_anything(run: Path) -> None:
    shutil.rmtree(run)
    run.mkdir()
    (run / ".run.json.tmp").write_bytes(b'{"schema"')


def before_the_logs(run: Path) -> None:
    unfinished(run)
    shutil.rmtree(run / "series")
    for name in LOGS:
        (run / name).unlink()


def between_the_logs(run: Path) -> None:
    before_the_logs(run)
    for name in LOGS[:2]:
        (run / name).touch()


def while_the_manifest_is_written(run: Path) -> None:
    manifest = (run / "manifest.sha256").read_bytes()
    unfinished(run)
    (run / ".manifest.sha256.tmp").write_bytes(manifest[:100])


def between_manifest_and_summary(run: Path) -> None:
    manifest, summary = (run / "manifest.sha256").read_bytes(), (run / "run.json").read_bytes()
    unfinished(run)
    (run / "manifest.sha256").write_bytes(manifest)
    (run / ".run.json.tmp").write_bytes(summary[:1000])


@pytest.mark.parametrize(
    "kill",
    [
        before_anything,
        before_the_logs,
        between_the_logs,
        unfinished,
        while_the_manifest_is_written,
        between_manifest_and_summary,
    ],
)
def test_between_two_files(recorded: Path, copied: Path, kill: Callable[[Path], None]) -> None:
    kill(copied)
    require_called_incomplete(copied, recorded, kill.__name__.replace("_", " "))


def test_while_the_report_is_made_the_run_itself_is_whole(recorded: Path, copied: Path) -> None:
    (copied / "rendered" / "manifest.sha256").unlink()
    (copied / "rendered" / "junit.xml").rename(copied / "rendered" / ".junit.xml.tmp")
    verified = bench("verify", copied)
    assert verified.exit_code == 5, verified.output
    assert "incomplete: rendered/manifest.sha256" in verified.output
    assert bench("replay", copied).exit_code == 0
    assert bench("compare", copied, recorded).exit_code == 0
    assert bench("report", copied).exit_code == 0
    assert bench("verify", copied).exit_code == 0, "the report made again seals itself"


def test_what_a_killed_run_decided_is_still_held_against_its_record(copied: Path) -> None:
    unfinished(copied)
    rows = copied / "rows.jsonl"
    rows.write_bytes(rows.read_bytes().replace(b'"state": "MET"', b'"state": "NOT_MET"', 1))
    result = bench("replay", copied)
    assert result.exit_code == 1
    assert "rows.jsonl line 1: was NOT_MET" in result.output, result.output


@pytest.mark.long
@pytest.mark.parametrize("after", [0, 1, 400, 4000])
def test_a_real_run_killed_by_the_system(recorded: Path, tmp_path: Path, after: int) -> None:
    """Kill a whole `bench run` when it has written so many lines of its judgement, 0 being at the very beginning."""
    run = tmp_path / "run"
    program = str(Path(sys.executable).with_name("bench"))
    command = [program, "run", "--bench", str(EMULATED), "--out", str(run), "--scenario", "then"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not has_written(run, after) and process.poll() is None:
            time.sleep(0.002)
        assert process.poll() is None, f"the run ended before it had written {after} lines"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    require_called_incomplete(run, recorded, f"by SIGKILL after {after} lines")


def has_written(run: Path, lines: int) -> bool:
    if lines == 0:
        return (run / "run.json").exists()
    log = run / "judgement.jsonl"
    return log.exists() and log.read_bytes().count(b"\n") >= lines
