"""Plays scenarios of the features in this process: the real steps on a real bench, with a hand in what happens."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_bdd.steps import step_function_context_registry

import steps.controls
import steps.physics
import steps.rows
import steps.stimulus  # noqa: F401 - the steps register themselves
from bench.config import BenchFile, load_bench
from bench.faults import parse_fault
from bench.lease import Lease
from bench.session import Played, RunSession, Title
from bench.stage import RowNotMet
from bench.story import Story
from bench.use_case.feature_files import Step, read_stories
from bench.use_case.feature_files import Story as FeatureStory
from bench.use_case.grammar import ROW_STEP
from instruments.errors import BenchError
from reports.run_directory import MeasurementLine, RowItem, RunDirectory
from reports.verdict import RowState, Verdict

ROOT = Path(__file__).parents[1]
EMULATED = ROOT / "fixtures" / "benches" / "emulated.yaml"
FEATURES = ROOT / "features"
STORY = "The utility brings the voltage back, first by itself, then with demand response"
FIRST_EVENT = "every tap and bank is where it was put, and every meter has been in Range A since"
"""The step that ends the story's first event."""


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
    """What came of it: the failing step and its text (empty when none failed), verdict, states and reasons of rows."""

    path: Path
    failed_step: str
    failure: str
    verdict: Verdict
    states: dict[str, RowState]
    reasons: dict[str, str]

    @property
    def failed_at(self) -> str:
        """The first row in the feature's order that was not met."""
        return next((number for number, state in self.states.items() if state is RowState.NOT_MET), "")

    @property
    def not_met(self) -> list[RowItem]:
        return [item for item in self.directory().run.scenarios[0].items if item.state is RowState.NOT_MET]

    @property
    def failed_measurements(self) -> list[MeasurementLine]:
        return [line for line in self.directory().measurements if line.verdict != Verdict.PASS]

    def log(self, name: str) -> bytes:
        return (self.path / f"{name}.jsonl").read_bytes()

    def directory(self) -> RunDirectory:
        return RunDirectory.open(self.path)


def feature_steps(stop_after: str | None = None, scenario: str = STORY) -> list[Step]:
    """Return background and steps of a scenario, up to a row or a step of that wording where `stop_after` is given."""
    written = _steps_of(scenario)
    for count, step in enumerate(written, start=1):
        if stop_after is not None and (step.text == stop_after or step.text.startswith(f"row {stop_after}:")):
            return written[:count]
    return written


def _steps_of(scenario: str) -> list[Step]:
    return [step for story in _stories_of(scenario) for step in story.steps]


def _stories_of(scenario: str) -> list[FeatureStory]:
    """Return the backgrounds of a scenario's feature, and the scenario itself as the last."""
    for path in FEATURES.glob("*.feature"):
        stories = read_stories(path)
        if any(story.name == scenario for story in stories):
            return [story for story in stories if story.is_background or story.name == scenario]
    raise LookupError(f"no feature has the scenario {scenario!r}")


def title_of(scenario: str) -> Title:
    """Return what the tags of a scenario say that it plays; one without such tags changes nothing on the bench."""
    tags = _stories_of(scenario)[-1].tags
    found = {kind: tag.partition("-")[2] for tag in sorted(tags) for kind in [tag.partition("-")[0]]}
    return Title(found.get("scenario", "1"), found.get("variant"), "a feature", scenario)


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
    scenario: str = STORY,
    lease: Lease | None = None,
) -> Record:
    """Play a scenario into a run directory and return what came of it."""
    written = feature_steps(stop_after, scenario)
    session = RunSession(folder, bench, EMULATED, seed, [parse_fault(text) for text in faults], lease=lease)
    played = session.play(title_of(scenario), rows_in(written))
    prepare(played.story)
    failed_step, failure = next(_failures(played, written), ("", ""))
    verdict = session.close(played)
    session.finish()
    watches = played.story.conformance.watches
    reasons = {n: "; ".join({i.reason for i in w.instances.values() if i.reason}) for n, w in watches.items()}
    return Record(folder, failed_step, failure, verdict, {n: w.state for n, w in watches.items()}, reasons)


def _failures(played: Played, written: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """Run steps until one fails, as pytest-bdd does."""
    for step in written:
        try:
            _run(step, played.story)
        except (RowNotMet, BenchError) as error:
            played.take_failure(step.text, error)
            yield step.text, str(error)
            return


def _run(step: Step, story: Story) -> None:
    fitting = [
        context
        for context in step_function_context_registry.values()
        if context.type == step.keyword.lower() and context.parser.is_matching(step.text)
    ]
    if len(fitting) != 1:
        raise LookupError(f"{len(fitting)} step definitions fit {step.text!r} at {step.place}")
    fitting[0].step_func(story, **fitting[0].parser.parse_arguments(step.text))
