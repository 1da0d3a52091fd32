"""Do the features encode the use case's rows: each where it belongs, none left out, doubled, misread or invented?

A Gherkin scenario says by its tags what it tells: ``@scenario-1``, and ``@variant-1A`` where it is the story of one
alternative. Rows that no feature encodes yet are *missing*; everything else that is wrong is a *fault*.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.use_case.feature_files import FeatureSyntaxError, Step, Story, read_stories
from bench.use_case.grammar import ROW_STEP, keyword, mistakes
from bench.use_case.model import UseCase
from bench.use_case.order import RowOrder
from instruments.errors import ConfigError

SCENARIO_TAG = "scenario-"
VARIANT_TAG = "variant-"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a feature; `place` is file and line."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the features encode; `encoded` and `missing` are row numbers in document order."""

    encoded: tuple[str, ...]
    missing: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every row is encoded and nothing is wrong."""
        return not self.missing and not self.faults

    @property
    def summary(self) -> str:
        """Counts, in one line."""
        count = f"{len(self.encoded)} of {len(self.encoded) + len(self.missing)} rows encoded"
        return f"{count}, {len(self.faults)} faults" if self.faults else count

    def __str__(self) -> str:
        return "\n".join([*map(str, self.faults), self.summary])


def check(features_dir: Path, use_case: UseCase) -> Coverage:
    """Hold all features below a folder against the tables; `ConfigError` when there are none."""
    paths = sorted(features_dir.rglob("*.feature"))
    if not paths:
        raise ConfigError(f"no feature file below {features_dir}")
    checker = _Checker(use_case)
    for path in paths:
        checker.check_file(path)
    encoded = tuple(number for number in use_case.rows if number in checker.encoded)
    missing = tuple(number for number in use_case.rows if number not in checker.encoded)
    return Coverage(encoded, missing, tuple(checker.faults))


class _Checker:
    """Collects, story by story, which rows are encoded where, and what is wrong."""

    def __init__(self, use_case: UseCase) -> None:
        self._use_case = use_case
        self._order = RowOrder(use_case)
        self._told: dict[tuple[str, str | None], str] = {}  # (row, variant) -> place
        self.encoded: set[str] = set()
        self.faults: list[Fault] = []

    def check_file(self, path: Path) -> None:
        try:
            stories = read_stories(path)
        except FeatureSyntaxError as error:
            self.faults.append(Fault(path.name, str(error)))
            return
        for story in stories:
            self._check_story(story)

    def _check_story(self, story: Story) -> None:
        """Check one Gherkin scenario; one without rows is none of the use case's business."""
        steps = [step for step in story.steps if step.text.startswith("row ")]
        if not steps:
            return
        if story.is_background:
            self.faults.append(Fault(story.place, "a background cannot hold rows: they would be told once a scenario"))
            return
        try:
            scenario, variant = _setting(story)
            belonging = {row.number for row in self._use_case.rows_of(scenario, variant)}
        except ConfigError as error:
            self.faults.append(Fault(story.place, str(error)))
            return
        known = [(step, number) for step in steps if (number := self._read(step)) is not None]
        self._place_rows(known, belonging, variant)
        self.faults += self._misordered(known, variant)
        self.faults += self._left_out(story, {number for _, number in known}, variant)

    def _read(self, step: Step) -> str | None:
        """Check a row step by itself; its row's number, None when there is no such row."""
        match = ROW_STEP.fullmatch(step.text)
        if match is None:
            self.faults.append(Fault(step.place, f"is not of the form 'row NUMBER: ...': {step.text!r}"))
            return None
        try:
            wrong = mistakes(step.text, self._use_case)
        except ConfigError as error:
            self.faults.append(Fault(step.place, str(error)))
            return None
        row = self._use_case.row(match["number"])
        if step.keyword != keyword(row):
            wrong.append(f"is a {step.keyword}; a row of kind {row.kind} has to be a {keyword(row)}")
        self.faults += [Fault(step.place, f"row {row.number}: {text}") for text in wrong]
        return row.number

    def _place_rows(self, steps: list[tuple[Step, str]], belonging: set[str], variant: str | None) -> None:
        for step, number in steps:
            if number not in belonging:
                self.faults.append(Fault(step.place, f"row {number} does not belong to this scenario or variant"))
                continue
            earlier = self._told.setdefault((number, variant), step.place)
            if earlier != step.place:
                self.faults.append(Fault(step.place, f"row {number} is encoded already, at {earlier}"))
            self.encoded.add(number)

    def _misordered(self, steps: list[tuple[Step, str]], variant: str | None) -> Iterator[Fault]:
        for index, (step, number) in enumerate(steps):
            late = self._order.ancestors(number, variant) & {later for _, later in steps[index + 1 :]}
            if late:
                yield Fault(step.place, f"row {number} comes before {self._listed(late)}, which it depends on")

    def _left_out(self, story: Story, told: set[str], variant: str | None) -> Iterator[Fault]:
        """Find rows between two rows of the story that the story does not tell."""
        before = {number: self._order.ancestors(number, variant) for number in told}
        needed = set().union(*before.values()) - told
        gaps = {number for number in needed if self._order.ancestors(number, variant) & told}
        if gaps:
            yield Fault(story.place, f"leaves out {self._listed(gaps)} between rows that it tells")

    def _listed(self, numbers: set[str] | frozenset[str]) -> str:
        return ", ".join(number for number in self._use_case.rows if number in numbers)


def _setting(story: Story) -> tuple[str, str | None]:
    """Read from its tags which scenario, and which variant of it, a story tells."""
    scenario = _tagged(story, SCENARIO_TAG)
    if scenario is None:
        raise ConfigError(f"tag @{SCENARIO_TAG}... is missing: it says which scenario these rows belong to")
    return scenario, _tagged(story, VARIANT_TAG)


def _tagged(story: Story, prefix: str) -> str | None:
    """Read the one tag with a prefix, None without one; `ConfigError` when there are several."""
    names = sorted(tag.removeprefix(prefix) for tag in story.tags if tag.startswith(prefix))
    if len(names) > 1:
        raise ConfigError(f"several tags @{prefix}...: {', '.join(names)}")
    return names[0] if names else None
