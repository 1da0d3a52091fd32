"""A run: one bench, one run directory, the scenarios that were played on it, and what came of them."""

import hashlib
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bench.assembly.admission import real_devices
from bench.assembly.bench import BenchAssembly
from bench.config import BenchFile, bench_files
from bench.faults import Fault
from bench.judgement.verdict import Ground, scenario_verdict
from bench.lease import Lease
from bench.measurement import bench_broke, worded
from bench.operator import Operator
from bench.preconditions.checks import Checked
from bench.safety import Interrupted, uninterrupted
from bench.story import RowListener, Story
from bench.truth.range_a import RANGE_A_LOWER_V, RANGE_A_UPPER_V
from bench.use_case.grammar import ROW_STEP
from bench.use_case.model import UseCase
from bench.use_case.row_items import row_items
from bench.use_case.tables import load as load_use_case
from instruments.errors import BenchError
from reports.run_directory import RunWriter, scenario_key
from reports.verdict import RowState, Verdict, worst

LISTENERS = pytest.StashKey[tuple[RowListener, ...]]()
"""Where a progress display leaves whom to tell of rows as they are decided."""
OPERATOR = pytest.StashKey[Operator]()
"""Where a command leaves who is to be asked before a person's row is done; without one the test plays the people."""
LEASE = pytest.StashKey[Lease]()
"""Where a command leaves the lease of real equipment."""
AUTONOMOUS = "autonomous"
"""Names the unmanaged stretch of time beside a scenario, in logs and files."""
PACKAGES = ("derbench", "opendssdirect.py", "opender", "pymodbus", "pyvisa", "pysunspec2", "numpy", "pytest-bdd")


@dataclass(frozen=True)
class Title:
    """Which scenario a feature plays: its number in the use case, the alternative taken, and its names."""

    scenario: str
    variant: str | None
    feature: str
    name: str


@dataclass
class Played:
    """A scenario that is on: its story, and what broke the bench or ended it early."""

    title: Title
    rows: Sequence[str]
    assembly: BenchAssembly
    story: Story
    preconditions: Sequence[Checked] = ()
    problems: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    """What a step that plays no row found wrong, in short; its measurements say it in figures."""
    aborted: str = ""
    failed: Verdict | None = None
    """The least that a step which failed makes of the scenario: what would have followed it was not tried."""
    step: str = ""
    """The step that is on; one that is still on at the end was stopped from outside (Ctrl-C, a signal)."""

    def take_failure(self, step: str, error: BaseException) -> None:
        """Tell a finding from a bench that broke and from a person who stopped it."""
        if isinstance(error, Interrupted):
            self.aborted = f"{step}: {error}"
        elif not isinstance(error, AssertionError):
            self.problems.append(f"{step}: {type(error).__name__}: {error}")
        else:
            self.failed = getattr(error, "verdict", None) or Verdict.INCONCLUSIVE
            if not ROW_STEP.fullmatch(step):
                self.findings.append(f"{step}: {str(error).partition(chr(10))[0].rstrip(':')}")


class RunSession:
    """Collects scenarios into one run directory; `finish` writes run.json and the manifest."""

    def __init__(
        self,
        path: Path,
        bench: BenchFile,
        bench_path: Path,
        seed: int,
        faults: Sequence[Fault],
        compare: bool = False,
        lease: Lease | None = None,
    ) -> None:
        """Start the run directory; raises ReportError when it exists. Real equipment needs a `lease`.

        With `compare`, each scenario of the use case that passed is followed by the same stretch of time under
        autonomous controls.
        """
        self.bench, self.seed, self.faults, self._compare = bench, seed, faults, compare
        self._lease = lease
        self.use_case: UseCase = load_use_case()
        self._head = run_head(bench, bench_path, seed, faults)
        self.writer = RunWriter.create(path, self._head)
        self.scenarios: list[dict[str, Any]] = []
        self.stop = ""
        """Why no further scenario may be played."""
        self._identities: dict[str, Any] = {}

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.writer.path

    def play(self, title: Title, rows: Sequence[str]) -> Played:
        """Put a scenario's bench together. Raises BenchError when it cannot be; `fail_to_start` records that."""
        key = scenario_key(title.scenario, title.variant or "")
        bench = self.bench.for_scenario(title.scenario)
        assembly = BenchAssembly(bench, self.use_case, self.writer, key, self.seed, self._lease)
        try:
            assembly.inject(self.faults)
            story = assembly.story(rows, title.variant)
            self._identities.update({n: vars(i) for n, i in assembly.identities.items()})
            preconditions = assembly.check_preconditions(title.scenario) if rows else ()
            return Played(title, rows, assembly, story, preconditions)
        except BaseException as error:
            assembly.close_after(error)
            raise

    def fail_to_start(self, title: Title, error: Exception) -> None:
        """Record a scenario whose bench could not be put together, with all that its error notes."""
        unsafe = list(getattr(error, "__notes__", ()))
        self._stop_after(unsafe)
        stopped = isinstance(error, Interrupted) and not unsafe
        reason = "; ".join([f"{type(error).__name__}: {error}", *unsafe])
        verdict = Verdict.ABORTED if stopped else Verdict.ERROR
        measured = self.writer.written("measurements")
        ground = Ground(measured, aborted=reason) if stopped else Ground(measured, problems=(reason,))
        key = scenario_key(title.scenario, title.variant or "")
        self.writer.append("judgement", {"time_s": 0.0, "moment": "end", "scenario": key, "ground": ground.entry()})
        self.scenarios.append(_entry(title) | {"verdict": verdict.value, "reason": reason})

    def close(self, played: Played) -> Verdict:
        """End a scenario on any way out: run on where that makes sense, make safe, record; return its verdict."""
        if played.step and not played.aborted:
            played.aborted = f"stopped during the step {played.step!r}"
        try:
            if not (played.problems or played.aborted):
                played.story.finish()
            else:
                played.story.conformance.finish()
        except Exception as error:  # whatever breaks here, the equipment is made safe and the record written
            self._take_late(played, error)
            played.story.conformance.finish()
        finally:
            self._leave_safe(played)
            played.story.measurements += played.assembly.live.residuals
            self._record_broken(played)
        entry = self._judged(played)
        verdict, compared = Verdict(entry["verdict"]), None
        if self._is_compared(played, verdict):
            entry |= self._comparison(played)
            compared = Verdict(entry["verdict"])
        played.assembly.judgement.end(replace(self._ground(played), compared=compared).entry())
        self.scenarios.append(entry)
        return Verdict(entry["verdict"])

    def _leave_safe(self, played: Played) -> None:
        """Make the bench safe and close it; who wants to stop meanwhile is heard afterwards."""
        held: list[int] = []
        try:
            with uninterrupted() as held:
                unsafe = played.assembly.close()
                problems = [f"{name} could not be proven safe: {why}" for name, why in unsafe.items()]
                played.problems += problems
                self._stop_after(problems)
        except (Interrupted, KeyboardInterrupt) as stop:
            if not held:
                raise
            played.aborted = played.aborted or f"{stop or 'stopped'} while the equipment was made safe"

    def _stop_after(self, unsafe: Sequence[str]) -> None:
        """End the run where real equipment may be alive; what is emulated ended with its scenario."""
        if unsafe and real_devices(self.bench):
            self.stop = "; ".join(unsafe)

    def _ground(self, played: Played) -> Ground:
        return _ground(played, self.writer.written("measurements"))

    def _record_broken(self, played: Played) -> None:
        """Keep what broke the bench beside what was measured: it is the reason why nothing more could be."""
        for problem in played.problems:
            played.assembly.evidence.measurement(bench_broke(problem, played.story.clock.now_s))

    def _is_compared(self, played: Played, verdict: Verdict) -> bool:
        """Whether a scenario managed voltage under a cloud, which is what autonomous controls can be set beside.

        Trials of single controls encode no row: they manage nothing.
        """
        managed = bool(played.rows) and played.assembly.weather.cloud_since_s is not None
        passed = verdict is Verdict.PASS
        return self._compare and managed and passed and played.assembly.config.clock.mode == "virtual"

    def _comparison(self, played: Played) -> dict[str, Any]:
        """Return what the comparison adds to a scenario's entry; where it breaks, another verdict too."""
        try:
            autonomous = self._unmanaged(played)
        except Interrupted as stop:
            reason, verdict = f"{stop} in the run with autonomous controls only", Verdict.ABORTED
        except BenchError as error:
            reason, verdict = f"the run with autonomous controls only broke: {error}", Verdict.ERROR
        else:
            figures = {"managed": played.assembly.operating.figures(), "autonomous": autonomous.operating.figures()}
            series = self.writer.write_series(len(self.scenarios) + 1, autonomous.series.table(), AUTONOMOUS)
            return {"comparison": {name: asdict(found) for name, found in figures.items()} | {"series": series}}
        return {"verdict": verdict.value, "reason": reason, "comparison": {"absent": reason}}

    def _unmanaged(self, played: Played) -> BenchAssembly:
        """Let the same bench go through the same weather with nobody there, and close it; raises BenchError."""
        key = scenario_key(played.title.scenario, played.title.variant or "")
        bench = played.assembly.config
        assembly = BenchAssembly(bench, self.use_case, self.writer, f"{key} {AUTONOMOUS}", self.seed)
        try:
            assembly.inject(self.faults)
            assembly.weather.heat_since_s = played.assembly.weather.heat_since_s
            assembly.run_alone(played.assembly.weather.sky, played.story.clock.now_s)
        finally:
            unsafe = assembly.close()
        if unsafe:
            raise BenchError(f"could not be proven safe: {unsafe}")
        return assembly

    def _take_late(self, played: Played, error: Exception) -> None:
        if isinstance(error, Interrupted):
            played.aborted = f"{error} after the last step"
        else:
            played.problems.append(f"{type(error).__name__}: {error}")

    def finish(self) -> Verdict:
        """Write run.json and hash everything; return the run's verdict."""
        verdict = worst(Verdict(entry["verdict"]) for entry in self.scenarios)
        counts = Counter(entry["verdict"] for entry in self.scenarios)
        document = self._head | {
            "verdict": verdict.value,
            "counts": dict(counts),
            "devices": self._devices(),
            "scenarios": self.scenarios,
        }
        self.writer.finish(document)
        return verdict

    def _devices(self) -> dict[str, Any]:
        return {
            name: {
                "role": device.role,
                "identity": self._identities.get(name, {}),
                "emulated": device.emulate is not None,
                "faults": [fault.text for fault in self.faults if fault.target == name],
            }
            for name, device in self.bench.devices.items()
        } | {
            name: {"role": "system", "identity": self._identities.get(name, {}), "emulated": False, "faults": []}
            for name in self.bench.systems
        }

    def _judged(self, played: Played) -> dict[str, Any]:
        story, assembly = played.story, played.assembly
        index = len(self.scenarios) + 1
        series = self.writer.write_series(index, assembly.series.table())
        items = row_items(story.conformance.all_watches)
        states = list(story.conformance.states.values())
        gain = assembly.loop_gain
        return _entry(played.title) | {
            "verdict": scenario_verdict(states, [m.verdict for m in story.measurements], self._ground(played)).value,
            "reason": "; ".join(_reasons(played)),
            "rows": {
                "expected": sum(state is not RowState.NOT_APPLICABLE for state in states),
                "met": sum(state.is_met for state in states),
                "items": items,
                "not_encoded": self._not_encoded(played),
            },
            "links": dict(story.bus.log.entry()),
            "people": "operator" if story.operator else "test",
            "preconditions": [checked.entry() for checked in played.preconditions],
            "series": series,
            "meters": assembly.meter_distances_km(),
            "moments": [vars(moment) for moment in story.moments],
            "range_a_v": [RANGE_A_LOWER_V, RANGE_A_UPPER_V],
            "loop_gain": vars(gain) | {"warn": gain.warn},
            "coupling": f"Volt-var loop gain {gain.gain:.2f}; the loop oscillates from {gain.limit:.2f} on "
            f"({gain.delay_steps} steps of delay besides the sampling).",
            "slip": vars(story.clock.slip) if story.clock.slip else None,
            "bad_steps": story.plant.bad_steps,
        }

    def _not_encoded(self, played: Played) -> list[str]:
        """Name the rows that the feature leaves to others; one that plays none is no scenario of the use case."""
        if not played.rows:
            return []
        rows = self.use_case.rows_of(played.title.scenario, played.title.variant)
        return [row.number for row in rows if row.number not in played.rows]


def _ground(played: Played, measurements: int) -> Ground:
    """Say what a scenario's verdict rests on besides its rows and measurements."""
    slip, gain, steps = played.story.clock.slip, played.assembly.loop_gain, played.story.plant.bad_steps
    doubts = {
        "events came late": slip is not None and slip.exceeded,
        "the volt-var loop oscillates": gain.gain > gain.limit,
        "the feeder did not solve": bool(steps),
    }
    return Ground(
        measurements=measurements,
        failed=played.failed,
        problems=tuple(played.problems),
        aborted=played.aborted,
        objections=tuple(checked.objection for checked in played.preconditions if checked.objection),
        shaken=tuple(doubt for doubt, is_there in doubts.items() if is_there),
    )


def _reasons(played: Played) -> list[str]:
    """Say what broke or ended the scenario, and what a reader has to know of its time and of its coupling."""
    broken = [worded(m) for m in played.story.measurements if m.verdict is Verdict.ERROR]
    doubt = ["what rests on an instrument that is wrong says nothing about equipment"] if broken else []
    reasons = [*broken, *doubt, *played.problems, *filter(None, [played.aborted])]
    reasons += played.findings
    reasons += [checked.objection for checked in played.preconditions if checked.objection]
    reasons += [worded(m) for m in played.story.measurements if m.verdict not in {Verdict.PASS, Verdict.ERROR}]
    slip, gain = played.story.clock.slip, played.assembly.loop_gain
    if slip is not None and slip.exceeded:
        reasons.append(
            f"times cannot be judged: {slip.late_events} events came later than their tolerance of "
            f"{slip.tolerance_s:g} s, the worst by {slip.worst_s:.3f} s"
        )
    if steps := played.story.plant.bad_steps:
        reasons.append(f"the feeder did not solve in {len(steps)} steps, first at {steps[0]}")
    if gain.warn:
        reasons.append(
            f"the volt-var loop gain of {gain.gain:.2f} is above half its limit of {gain.limit:.2f}: "
            "voltages need not settle; take a smaller clock.step_s"
        )
    return reasons


def _entry(title: Title) -> dict[str, Any]:
    return {
        "id": title.scenario,
        "variant": title.variant or "",
        "title": title.name,
        "feature": title.feature,
    }


def run_head(bench: BenchFile, path: Path, seed: int, faults: Sequence[Fault]) -> dict[str, Any]:
    """Return what `run.json` says from the start: seed, bench file, faults, versions."""
    return {
        "verdict": Verdict.NOT_RUN.value,
        "simulated": any(device.emulate is not None for device in bench.devices.values()),
        "seed": seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "bench": {"name": bench.bench} | _file(path) | {"like": [_file(other) for other in bench_files(path)[1:]]},
        "faults": [fault.text for fault in faults],
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def _file(path: Path) -> dict[str, str]:
    return {"path": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
