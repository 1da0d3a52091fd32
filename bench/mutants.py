"""Mutants: defects of a device under test, each with the clauses of a suite of type tests that have to fail.

They are data: each line of `fixtures/certification/mutants.csv` is one that was seen to end so. `sample.csv` beside it
names quick scenarios of each suite: the first whose clause a mutant leaves alone is played with it, and has to pass.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import yaml

from bench.certification.figures import FOLDER
from bench.config import BenchFile, load_bench
from bench.faults import Fault, check_fault, parse_fault
from bench.tables import TableRow, table_rows
from bench.use_case.feature_files import Story, read_stories
from instruments.errors import ConfigError

ROOT = Path(__file__).parents[1]
MUTANTS = FOLDER / "mutants.csv"
SAMPLE = FOLDER / "sample.csv"
FEATURES = ROOT / "features" / "certification"
BENCHES = ROOT / "fixtures" / "benches"
BENCH = "certify_inverter"
"""Where mutants are played that name no other bench."""
COLUMNS = ("suite", "fault", "clauses", "why")
CLAUSE = "clause-"

Scenarios = Mapping[str, str]
"""Names of scenarios with the clause of each, in the order of the features."""


@dataclass(frozen=True)
class Mutant:
    """A defect, the clauses that have to fail with it (none where no clause looks there), and what is played.

    `also` are clauses that use the same function: they may fail as well, or be in doubt, but not break. All others that
    are played have to pass, or not to be run.
    """

    suite: str
    fault: Fault
    clauses: tuple[str, ...]
    why: str
    scenarios: tuple[str, ...]
    bench: Path = BENCHES / f"{BENCH}.yaml"
    also: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.fault.text} in {self.suite} on {self.bench.stem}"

    @property
    def device(self) -> str:
        """The device under test: the one that has the defect."""
        return self.fault.target

    @property
    def crossed(self) -> "Mutant":
        """The same mutant, played at the first scenario of every clause of its suite besides its own."""
        first: dict[str, str] = {}
        for name, clause in scenarios_of(self.suite).items():
            first.setdefault(clause, name)
        return replace(self, scenarios=tuple(dict.fromkeys([*self.scenarios, *first.values()])))


def clauses_of_suites() -> dict[str, frozenset[str]]:
    """Return the clauses of every suite, from the files of the suites."""
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    suites = [document for document in documents if "suite" in document and "clauses" in document]
    return {suite["suite"]: frozenset(str(entry["clause"]) for entry in suite["clauses"]) for suite in suites}


def scenarios_of(suite: str) -> Scenarios:
    """Return every scenario of a suite by its name, an outline's once for each of its examples, with its clause."""
    stories = [story for path in sorted(FEATURES.rglob("*.feature")) for story in read_stories(path)]
    played = [story for story in stories if suite in story.tags and not story.is_background]
    return {name: _clause(story) for story in played for name in story.names}


def _clause(story: Story) -> str:
    return next((tag.removeprefix(CLAUSE) for tag in sorted(story.tags) if tag.startswith(CLAUSE)), "")


def load_mutants(path: Path = MUTANTS, sample: Path = SAMPLE) -> tuple[Mutant, ...]:
    """Read all mutants.

    Three more columns may be there: `bench`, a bench file's name without its ending, where it is not the usual one;
    `plays`, texts of scenarios separated by `|`: those are played instead of all that the clauses have; and `also`,
    clauses that may fail besides. Raises ConfigError with everything that is wrong.
    """
    reader = _Reader(sample)
    mutants = [found for where, row in table_rows(path, "mutants", COLUMNS) if (found := reader.read(row, where))]
    for mutant, times in Counter(map(str, mutants)).items():
        if times > 1:
            reader.errors.append(f"{path.name}: {mutant} stands there {times} times")
    if reader.errors:
        raise ConfigError("\n  ".join(["the mutants cannot be used:", *reader.errors]))
    return tuple(mutants)


def failed_by(kind: str, mutants: Iterable[Mutant]) -> tuple[str, ...]:
    """Return the clauses, each behind its suite, that have to fail for mutants of a kind."""
    found = {(m.suite, clause) for m in mutants if m.fault.kind == kind for clause in m.clauses}
    return tuple(f"{suite} {clause}" for suite, clause in sorted(found))


def overlooked(kind: str, mutants: Iterable[Mutant]) -> tuple[str, ...]:
    """Return the suites in which no clause fails for some mutant of a kind."""
    return tuple(sorted({m.suite for m in mutants if m.fault.kind == kind and not m.clauses}))


class _Reader:
    """Reads lines against suites, features and benches, and collects what is wrong."""

    def __init__(self, sample: Path) -> None:
        self.errors: list[str] = []
        self._clauses = clauses_of_suites()
        self._scenarios = {suite: scenarios_of(suite) for suite in self._clauses}
        self._benches: dict[str, BenchFile] = {}
        self._sample = {suite: list[str]() for suite in self._clauses}
        for where, row in table_rows(sample, "sample of scenarios", ("suite", "scenario")):
            self._take_sample(row, where)

    def read(self, row: TableRow, where: str) -> Mutant | None:
        """Return the mutant of a line, None when that is none."""
        cells = {column: row[column].strip() for column in COLUMNS}
        clauses, also = _parts(cells["clauses"]), _parts(row.get("also") or "")
        bench = (row.get("bench") or "").strip() or BENCH
        errors = [*self._errors(cells, (*clauses, *also)), *self._fault_errors(cells["fault"], bench)]
        texts = _parts(row.get("plays") or "")
        scenarios = () if errors else self._played(cells["suite"], clauses, also, texts)
        errors += [] if errors else self._missing(cells["suite"], clauses, texts, scenarios)
        self.errors += [f"{where}: {error}" for error in errors]
        if errors:
            return None
        path = BENCHES / f"{bench}.yaml"
        fault = parse_fault(cells["fault"])
        return Mutant(cells["suite"], fault, clauses, cells["why"], scenarios, path, frozenset(also))

    def _take_sample(self, row: TableRow, where: str) -> None:
        suite, text = row["suite"].strip(), row["scenario"].strip()
        found = [name for name in self._scenarios.get(suite, ()) if text and text in name]
        if len(found) != 1:
            self.errors.append(f"{where}: {text!r} has to name one scenario of {suite}, and fits {found or 'none'}")
        self._sample.setdefault(suite, []).extend(found)

    def _played(self, suite: str, clauses: Sequence[str], also: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
        """Return the scenarios that `texts` name, or all of the clauses, and one of another clause."""
        known = self._scenarios[suite]
        found = [name for name, at in known.items() if (_names(texts, name) if texts else at in clauses)]
        beside = [name for name in self._sample[suite] if known[name] not in (*clauses, *also)]
        return tuple(dict.fromkeys([*found, *beside[:1]]))

    def _missing(
        self, suite: str, clauses: Sequence[str], texts: Sequence[str], scenarios: Sequence[str]
    ) -> Iterator[str]:
        played = {self._scenarios[suite][name] for name in scenarios}
        for clause in clauses:
            if clause not in played:
                yield f"nothing that is played tests clause {clause}"
        for text in texts:
            if not any(text in name for name in self._scenarios[suite]):
                yield f"plays {text!r}, which is no scenario of {suite}"

    def _errors(self, cells: Mapping[str, str], clauses: Sequence[str]) -> Iterator[str]:
        suite = cells["suite"]
        if suite not in self._clauses:
            yield f"there is no suite {suite!r}; known: {', '.join(self._clauses)}"
            return
        for clause in clauses:
            if clause not in self._clauses[suite]:
                near = get_close_matches(clause, self._clauses[suite], n=1)
                yield f"{suite} has no clause {clause!r}{f'; did you mean {near[0]}?' if near else ''}"
        if not cells["clauses"] and not cells["why"]:
            yield "it names no clause, and does not say why none has to fail"

    def _fault_errors(self, text: str, bench: str) -> Iterator[str]:
        try:
            if bench not in self._benches:
                self._benches[bench] = load_bench(BENCHES / f"{bench}.yaml")
            check_fault(parse_fault(text), self._benches[bench])
        except ConfigError as error:
            yield str(error)


def _names(texts: Iterable[str], name: str) -> bool:
    return any(text in name for text in texts)


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in cell.split("|"))))
