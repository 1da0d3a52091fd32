"""A certification: one device, one suite, one run directory, and what every clause of the suite came to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.assembly.certification import CertificationBench, reduced
from bench.certification.calibration import described, overdue
from bench.certification.figures import ClauseEntry
from bench.certification.findings import Finding
from bench.certification.not_passed import NotInside, NotPassed
from bench.certification.refusals import RatingsError, verdict_of
from bench.certification.suites import DeviceTest, SuiteKind
from bench.config import BenchFile
from bench.faults import Fault
from bench.lease import Lease
from bench.safety import Interrupted, uninterrupted
from bench.session import run_head
from reports.run_directory import RunWriter, scenario_key
from reports.verdict import Verdict, worst

SOURCES = frozenset({"grid_simulator", "sensing_source", "pv_simulator", "battery_simulator"})
"""Roles of what energizes a device under test."""
UNFINISHED = {"verdict": Verdict.ABORTED.value, "reason": "the run ended while this was on", "unfinished": True}
"""What run.json says of a type test that is on."""


@dataclass(frozen=True)
class ClauseTitle:
    """Which clause a scenario tests, under what it is told apart from others of the clause, and its names."""

    clause: str
    variant: str
    feature: str
    name: str


@dataclass
class Trial:
    """A type test that is on, and what broke the bench or ended it early."""

    title: ClauseTitle
    bench: CertificationBench
    test: DeviceTest
    problems: list[str] = field(default_factory=list)
    shortfalls: list[str] = field(default_factory=list)
    failed: Verdict | None = None
    aborted: str = ""
    uncalibrated: str = ""
    """Why nothing that the analyzer measured is better than INCONCLUSIVE."""
    by_findings: bool = False
    """Whether it failed by nothing but findings that are not inside their limits."""

    def take_failure(self, step: str, error: BaseException) -> None:
        """Tell a finding from a bench that broke and from a person who stopped it."""
        verdict = verdict_of(error)
        self.by_findings = isinstance(error, NotInside)
        if verdict is Verdict.ABORTED:
            self.aborted = f"{step}: {error}"
        elif verdict is Verdict.ERROR:
            self.problems.append(f"{step}: {type(error).__name__}: {error}")
        else:
            self.failed = verdict
            self.shortfalls.append(str(error).partition("\n")[0].rstrip(":"))


@dataclass
class Found:
    """What was read out of device and instruments: who they are, and how the device came, before anything was set."""

    identities: dict[str, Any] = field(default_factory=dict)
    nameplate: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def take(self, bench: CertificationBench, *, is_first: bool) -> None:
        """Keep what an opened bench tells; the settings only of the first one, which has set nothing yet."""
        self.identities.update({name: vars(found) for name, found in bench.identities.items()})
        self.nameplate = bench.rig.stated()
        settings = bench.read_settings()
        if is_first and not self.settings:
            self.settings = settings


class CertificationSession:
    """Collects the type tests of a device into one run directory."""

    def __init__(
        self,
        path: Path,
        bench: BenchFile,
        bench_path: Path,
        device: str,
        suite: SuiteKind,
        seed: int,
        faults: Sequence[Fault] = (),
        lease: Lease | None = None,
        partial: bool = False,
        asked: Sequence[ClauseTitle] = (),
    ) -> None:
        """Start the run directory; raises ReportError when it exists. Real equipment needs a `lease`.

        A `partial` one was asked for some scenarios only: its verdict is about them, and the certificate says so.
        `asked` are all scenarios that are going to be carried out: one that is not, is in the record for it.
        """
        self.bench, self.device, self.seed = bench, device, seed
        self._kind, self.suite, self._count = suite, suite.load(), suite.scenario_counts()
        self._faults, self._lease, self._partial = faults, lease, partial
        small, _ = reduced(bench, device)
        suite.rig.require(device, small)
        self._head = run_head(small, bench_path, seed, faults)
        self.writer = RunWriter.create(path, self._head)
        self.scenarios: list[dict[str, Any]] = []
        self.asked = list(asked)
        self.found = Found()
        self._alive = ""
        """Which real source could not be proven off, and after what: nothing more is begun then."""

    def begin(self, title: ClauseTitle) -> Trial:
        """Put the rig of a type test together. Raises BenchError or NotPassed when it cannot be, or must not be.

        `fail_to_start` records that.
        """
        if self._alive:
            raise NotPassed(f"not begun: {self._alive}", Verdict.NOT_RUN)
        key = scenario_key(title.clause, title.variant)
        self.writer.note(self._document([*self.scenarios, _entry(title) | UNFINISHED]))
        bench = CertificationBench(
            self.bench, self.device, self._kind.rig, self.writer, key, self.seed, self._lease, faults=self._faults
        )
        try:
            self.found.take(bench, is_first=not self.asked or title == self.asked[0])
            test = self._kind.make(bench, title.clause, lambda finding: _record(bench, finding))
            return Trial(title, bench, test, uncalibrated=overdue(self.bench.devices, bench.rig.judges))
        except BaseException as error:
            for name, why in bench.close().items():
                error.add_note(f"{name} could not be proven safe: {why}")
            raise

    def fail_to_start(self, title: ClauseTitle, error: Exception) -> None:
        """Record a type test whose rig could not be put together, with all that its error notes."""
        unsafe = list(getattr(error, "__notes__", ()))
        verdict = Verdict.ERROR if unsafe else verdict_of(error)
        if verdict is Verdict.FAIL and title.clause != self._clause_of(error):
            verdict = Verdict.NOT_RUN
        told = f"{type(error).__name__}: {error}" if verdict in {Verdict.ERROR, Verdict.ABORTED} else str(error)
        self._note_alive(title, [note.partition(" ")[0] for note in unsafe])
        self.not_carried_out(title, verdict, "; ".join([told, *unsafe]))

    def _clause_of(self, error: Exception) -> str:
        """Return the clause that a device fails with which no test can begin."""
        return self.suite.ratings_clause if isinstance(error, RatingsError) else self.suite.identity_clause

    def not_carried_out(self, title: ClauseTitle, verdict: Verdict, reason: str) -> None:
        """Record a type test of which nothing is to be told but why."""
        self.scenarios.append(_entry(title) | {"verdict": verdict.value, "reason": reason, "besides": [verdict.value]})

    def close(self, trial: Trial) -> Verdict:
        """End a type test on any way out: make safe, record; return its verdict."""
        self._leave_safe(trial)
        verdict = _verdict(trial)
        series = self.writer.write_series(len(self.scenarios) + 1, trial.bench.rig.table())
        self.scenarios.append(
            _entry(trial.title)
            | {
                "verdict": verdict.value,
                "reason": "; ".join(_reasons(trial)),
                "series": series,
                "equipment_s": round(trial.bench.clock.now_s, 6),
                "besides": [verdict.value for verdict in _besides(trial)],
                "findings": [finding.entry() for finding in trial.test.findings],
            }
        )
        return verdict

    def _leave_safe(self, trial: Trial) -> None:
        """Make the rig safe and close it; who wants to stop meanwhile is heard afterwards, and the test recorded."""
        held: list[int] = []
        try:
            with uninterrupted() as held:
                unsafe = trial.bench.close()
                trial.problems += [f"{name} could not be proven safe: {why}" for name, why in unsafe.items()]
                self._note_alive(trial.title, unsafe)
        except (Interrupted, KeyboardInterrupt) as stop:
            if not held:
                raise
            trial.aborted = trial.aborted or f"{stop or 'stopped'} while the equipment was made safe"

    def leave(self) -> None:
        """End what is only a part of a run, for who puts the parts together."""
        self.writer.note(self._document(self.scenarios))
        self.writer.close()

    def finish(self) -> Verdict:
        """Write run.json with the coverage of the suite, and hash everything; return the verdict of what was run."""
        carried_out = {(entry["id"], entry["variant"]) for entry in self.scenarios}
        for title in self.asked:
            if (title.clause, title.variant) not in carried_out:
                self.not_carried_out(title, Verdict.NOT_RUN, "the run ended before this was begun")
        document = self._document(self.scenarios)
        self.writer.finish(document)
        return Verdict(document["verdict"])

    def _note_alive(self, title: ClauseTitle, unsafe: Iterable[str]) -> None:
        """Remember a real source that may still be on: with it on, no other test may begin."""
        for name in unsafe:
            device = self.bench.devices.get(name)
            if device is not None and device.role in SOURCES and device.emulate is None:
                self._alive = f"{name} could not be proven off after clause {title.clause}"

    def _document(self, scenarios: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return run.json as it is with these scenarios."""
        coverage = [self._covered(clause, scenarios) for clause in self.suite.clauses]
        counted = [*scenarios, *(entry for entry in coverage if entry["counts"])]
        return self._head | {
            "verdict": worst(Verdict(entry["verdict"]) for entry in counted).value,
            "counts": dict(Counter(entry["verdict"] for entry in scenarios)),
            "devices": self._devices(),
            "scenarios": scenarios,
            "certification": {
                "suite": self.suite.suite,
                "title": self.suite.title,
                "version": self.suite.version,
                "method": self.suite.method,
                "file": self._kind.identity(),
                "unconfirmed": self._kind.unconfirmed(),
                "device": self.device,
                "partial": self._partial,
                "nameplate": self.found.nameplate,
                "settings": self.found.settings,
                "asked": [asdict(title) for title in self.asked],
                "coverage": coverage,
            },
        }

    def _covered(self, clause: ClauseEntry, scenarios: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Say what a clause came to; one that the suite has no scenario for counts, unless it is beyond any rig."""
        played = [entry for entry in scenarios if entry["id"] == clause.clause]
        verdict = worst(Verdict(entry["verdict"]) for entry in played) if played else Verdict.NOT_RUN
        why = _first_reason(played, verdict) if played else clause.missing or clause.beyond or "was not asked for"
        return {
            "clause": clause.clause,
            "title": clause.title,
            "verdict": verdict.value,
            "scenarios": len(played),
            "of": self._count[clause.clause],
            "why": why,
            "counts": bool(played) or (not clause.beyond and not self._partial),
        }

    def _devices(self) -> dict[str, Any]:
        return {
            name: described(self.bench.devices[name])
            | {"identity": identity, "faults": [fault.text for fault in self._faults if fault.target == name]}
            for name, identity in self.found.identities.items()
        }


def _record(bench: CertificationBench, finding: Finding) -> None:
    bench.evidence.measurement(finding.measurement)


def _entry(title: ClauseTitle) -> dict[str, Any]:
    return {"id": title.clause, "variant": title.variant, "title": title.name, "feature": title.feature}


def _verdict(trial: Trial) -> Verdict:
    """The worst of what was found and of what broke; a test that found nothing was not run."""
    found = [finding.verdict for finding in trial.test.findings] or [Verdict.NOT_RUN]
    return worst([*found, *_besides(trial)])


def _besides(trial: Trial) -> list[Verdict]:
    """Return what a type test came to besides its findings."""
    verdicts = [] if trial.failed is None or trial.by_findings else [trial.failed]
    if trial.problems:
        verdicts.append(Verdict.ERROR)
    if trial.aborted:
        verdicts.append(Verdict.ABORTED)
    if _slipped(trial) or trial.uncalibrated:
        verdicts.append(Verdict.INCONCLUSIVE)
    return verdicts


def _reasons(trial: Trial) -> list[str]:
    broken = [f.worded for f in trial.test.findings if f.verdict is not Verdict.PASS]
    undermined = filter(None, [trial.aborted, trial.uncalibrated, _slipped(trial)])
    return [*trial.problems, *undermined, *trial.shortfalls, *broken[:3]]


def _slipped(trial: Trial) -> str:
    """Say how late the bench was where that leaves times untold; empty where it was not."""
    slip = trial.bench.clock.slip
    if slip is None or not slip.exceeded:
        return ""
    return (
        f"times cannot be judged: the bench looked {slip.late_events} times later than its tolerance of "
        f"{slip.tolerance_s:g} s, at worst by {slip.worst_s:.1f} s; try again with the machine less busy"
    )


def _first_reason(played: Sequence[Mapping[str, Any]], verdict: Verdict) -> str:
    """Say of the first test that makes a clause what it came to why that is; nothing of one that passed."""
    if verdict is Verdict.PASS:
        return ""
    first = next(entry for entry in played if entry["verdict"] == verdict.value)
    return f"{first['title']}: {first.get('reason') or 'was not finished'}"
