"""Plays the features' first scenario in this process: the real steps on a real bench, with a hand in what happens."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_bdd.steps import step_function_context_registry

import steps.physics
import steps.rows
import steps.stimulus  # noqa: F401 - the steps register themselves
from bench.config import BenchFile, load_bench
from bench.faults import parse_fault
from bench.session import RunSession, Title
from bench.story import RowNotMet, Story
from bench.use_case.feature_files import Step, read_stories
from bench.use_case.grammar import ROW_STEP
from reports.run_directory import RunDirectory
from reports.verdict import RowState, Verdict

ROOT = Path(__file__).parents[2]
EMULATED = ROOT / "fixtures" / "benches" / "emulated.yaml"
FEATURE = ROOT / "features" / "voltage_profile.feature"


def quick_bench(horizon_s: float, **ami: object) -> BenchFile:
    """Return the emulated bench with a quicker cloud, shorter voltage intervals and more looks at event flags."""
    bench = load_bench(EMULATED)
    cloud = bench.environment.cloud
    assert cloud is not None
    cloud = cloud.model_copy(update={"calm_s": 20.0, "fall_s": 20.0})
    heat = bench.environment.heat
    assert heat is not None
    heat = heat.model_copy(update={"rise_s": 10.0})
    return bench.model_copy(
        update={
            "horizon_s": horizon_s,
            "range_a": bench.range_a.model_copy(update={"interval_s": 20.0, "recover_s": 60.0}),
            "ami": bench.ami.model_copy(update={"event_poll_s": 10.0, **ami}),
            "environment": bench.environment.model_copy(update={"cloud": cloud, "heat": heat}),
        }
    )


@dataclass(frozen=True)
class Record:
    """What came of it: the failing step's text (empty when none failed), verdict, and state and reasons of each row."""

    path: Path
    failure: str
    verdict: Verdict
    states: dict[str, RowState]
    reasons: dict[str, str]

    @property
    def failed_at(self) -> str:
        """The first row in the feature's order that was not met."""
        return next((number for number, state in self.states.items() if state is RowState.NOT_MET), "")

    def log(self, name: str) -> bytes:
        return (self.path / f"{name}.jsonl").read_bytes()

    def directory(self) -> RunDirectory:
        return RunDirectory.open(self.path)


def feature_steps(stop_after: str | None = None) -> list[Step]:
    """Return background and scenario of the feature, up to the row `stop_after`."""
    written = [step for story in read_stories(FEATURE) for step in story.steps]
    for count, step in enumerate(written, start=1):
        if stop_after is not None and step.text.startswith(f"row {stop_after}:"):
            return written[:count]
    return written


def rows_in(written: Sequence[Step]) -> list[str]:
    return [found["number"] for step in written if (found := ROW_STEP.fullmatch(step.text))]


def play(
    folder: Path,
    bench: BenchFile,
    *,
    faults: Sequence[str] = (),
    seed: int = 1,
    prepare: Callable[[Story], None] = lambda _story: None,
    stop_after: str | None = None,
) -> Record:
    """Play the scenario into a run directory and return what came of it."""
    written = feature_steps(stop_after)
    rows = rows_in(written)
    session = RunSession(folder, bench, EMULATED, seed, [parse_fault(text) for text in faults])
    played = session.play(Title("1", None, FEATURE.name, "played by a test"), rows)
    prepare(played.story)
    failure = "".join(_failures(played.story, written))
    verdict = session.close(played)
    session.finish()
    watches = played.story.conformance.watches
    reasons = {n: "; ".join({i.reason for i in w.instances.values() if i.reason}) for n, w in watches.items()}
    return Record(folder, failure, verdict, {n: w.state for n, w in watches.items()}, reasons)


def _failures(story: Story, written: Sequence[Step]) -> Iterator[str]:
    """Run steps until one fails, as pytest-bdd does."""
    for step in written:
        try:
            _run(step, story)
        except RowNotMet as error:
            yield str(error)
            return


def _run(step: Step, story: Story) -> None:
    for context in step_function_context_registry.values():
        if context.type == step.keyword.lower() and context.parser.is_matching(step.text):
            context.step_func(story, **context.parser.parse_arguments(step.text))
            return
    raise LookupError(f"no step definition fits {step.text!r} at {step.place}")
