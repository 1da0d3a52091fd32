"""Fault cases: which defect in which scenario has to lead to which verdict, and where. They are data, read here.

Each file of `fixtures/faults` is about one area of the bench, each of its lines is one case that was seen to end so.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from bench.config import BenchFile, load_bench
from bench.faults import Fault, check_fault, parse_fault
from bench.tables import TableRow, table_rows
from bench.use_case.dewey import parse
from bench.use_case.feature_files import Story, read_stories
from bench.use_case.grammar import ROW_STEP
from bench.use_case.tables import load as load_use_case
from instruments.errors import ConfigError
from reports.verdict import Verdict

ROOT = Path(__file__).parents[1]
CASES = ROOT / "fixtures" / "faults"
FEATURES = ROOT / "features"
BENCHES = ROOT / "fixtures" / "benches"
BENCH = BENCHES / "quick.yaml"
"""Where cases are played that name no other bench."""
COLUMNS = ("fault", "plays", "verdict", "caught_at", "culprit", "why")
ENDS = (Verdict.FAIL, Verdict.ERROR, Verdict.PASS)
"""How a case may end: noticed, noticed as a broken bench, or tolerated by design."""


@dataclass(frozen=True)
class FaultCase:
    """A fault, the scenario that is played with it, and how that has to end.

    `caught_at` are rows of the scenario or clauses of measurements, one of which has to fail first; of a case that
    has to pass, what its record has to tell. `culprit` is a text that has to stand where it was caught.
    """

    fault: Fault
    plays: str
    verdict: Verdict
    caught_at: tuple[str, ...]
    culprit: str
    why: str = ""
    area: str = ""
    bench: Path = BENCH

    def __str__(self) -> str:
        return f"{self.fault.text} in {self.plays!r}"


def load_cases(folder: Path = CASES) -> tuple[FaultCase, ...]:
    """Read all cases below a folder, file by file.

    A file may have one more column, `bench`: a bench file's name without its ending, where it is not the quick one.

    Raises ConfigError with everything that is wrong in any file: kinds and targets that the bench does not have,
    scenarios and rows that are none, verdicts that a case cannot have, cases that come twice.
    """
    reader = _Reader(rows_of_scenarios())
    cases = [case for path in sorted(folder.glob("*.csv")) for case in reader.read(path)]
    for case, times in Counter(map(str, cases)).items():
        if times > 1:
            reader.errors.append(f"{folder.name}: {case} stands there {times} times")
    if not cases and not reader.errors:
        reader.errors.append(f"there is no case below {folder}")
    if reader.errors:
        count = len(reader.errors)
        raise ConfigError("\n  ".join([f"fault cases have {count} error{'s' * (count > 1)}:", *reader.errors]))
    return tuple(cases)


def caught_at(kind: str, cases: Sequence[FaultCase]) -> tuple[str, ...]:
    """Return the rows, in the use case's order, and then the clauses at which cases of a kind have to be caught."""
    noticed = [case for case in cases if case.fault.kind == kind and case.verdict is not Verdict.PASS]
    found = {place for case in noticed for place in case.caught_at}
    rows = sorted(filter(is_row, found), key=_number)
    return *rows, *sorted(found.difference(rows))


def told_by(kind: str, cases: Sequence[FaultCase]) -> tuple[str, ...]:
    """Return what the record has to tell in cases of a kind that has to be tolerated."""
    tolerated = [case for case in cases if case.fault.kind == kind and case.verdict is Verdict.PASS]
    return tuple(sorted({place for case in tolerated for place in case.caught_at}))


def is_row(place: str) -> bool:
    """Whether a place is meant for a row of the use case; else it is a clause."""
    return place[:1].isdigit()


def _number(row: str) -> tuple[tuple[int, str], ...]:
    return tuple((part.number, part.letter) for part in parse(row))


def _bench_path(name: str) -> Path:
    return BENCHES / f"{name}.yaml"


def rows_of_scenarios() -> dict[str, frozenset[str]]:
    """Return the rows that each scenario of the features plays."""
    stories = [story for path in sorted(FEATURES.glob("*.feature")) for story in read_stories(path)]
    return {story.name: frozenset(_rows(story)) for story in stories if not story.is_background}


def _rows(story: Story) -> Iterator[str]:
    return (found["number"] for step in story.steps if (found := ROW_STEP.fullmatch(step.text)))


class _Reader:
    """Reads files of cases against benches and the rows of scenarios, and collects what is wrong."""

    def __init__(self, scenarios: dict[str, frozenset[str]]) -> None:
        self._scenarios, self._benches = scenarios, dict[str, BenchFile]()
        self._known = frozenset(load_use_case().rows)
        self.errors: list[str] = []

    def read(self, path: Path) -> Iterator[FaultCase]:
        """Yield the cases of a file that are well-formed."""
        try:
            for where, row in table_rows(path, "fault cases", COLUMNS):
                if case := self._case(row, where, path.stem):
                    yield case
        except ConfigError as error:
            self.errors.append(str(error))

    def _case(self, row: TableRow, where: str, area: str) -> FaultCase | None:
        cells = {column: row[column].strip() for column in COLUMNS}
        places = tuple(filter(None, (part.strip() for part in cells["caught_at"].split("|"))))
        plays, errors = self._scenario(cells["plays"])
        bench = (row.get("bench") or "").strip() or BENCH.stem
        errors += [*self._fault_errors(cells["fault"], bench), *self._end_errors(cells["verdict"], places, plays)]
        self.errors += [f"{where}: {error}" for error in errors]
        if errors:
            return None
        fault = parse_fault(cells["fault"])
        culprit = cells["culprit"] or fault.target
        path = _bench_path(bench)
        return FaultCase(fault, plays, Verdict(cells["verdict"]), places, culprit, cells["why"], area, path)

    def _scenario(self, text: str) -> tuple[str, list[str]]:
        """Return the one scenario whose name contains a text, or what is wrong with it."""
        fitting = [name for name in self._scenarios if text and text.lower() in name.lower()]
        if len(fitting) == 1:
            return fitting[0], []
        found = "; ".join(fitting) or f"none; there are: {'; '.join(self._scenarios)}"
        return "", [f"plays {text!r}: it has to name one scenario, and fits {found}"]

    def _fault_errors(self, text: str, bench: str) -> Iterator[str]:
        try:
            if bench not in self._benches:
                self._benches[bench] = load_bench(_bench_path(bench))
            check_fault(parse_fault(text), self._benches[bench])
        except ConfigError as error:
            yield str(error)

    def _end_errors(self, verdict: str, places: Sequence[str], plays: str) -> Iterator[str]:
        if verdict not in ENDS:
            near = get_close_matches(verdict.upper(), ENDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"no case ends with the verdict {verdict!r}; known: {', '.join(ENDS)}{hint}"
        if not places and verdict != Verdict.ERROR:
            yield "caught_at: it says no row, no clause and nothing to look for"
        for place in filter(is_row, places):
            if place not in self._known:
                yield f"caught_at: the use case has no row {place}"
            elif plays and place not in self._scenarios[plays]:
                yield f"caught_at: row {place} is none of {plays!r}"
