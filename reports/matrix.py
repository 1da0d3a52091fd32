"""The fault matrix: which defects were played in which scenarios, and whether each was noticed where it had to be.

A folder with ``matrix.json``, ``matrix.csv`` and ``matrix.html``, beside the run directories that they tell of.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from reports.errors import ReportError
from reports.html import template_page
from reports.run_directory.layout import write_atomically
from reports.verdict import Verdict, counts

MATRIX_FILE = "matrix.json"


@dataclass(frozen=True)
class MatrixLine:
    """One run: what was played, how it had to end, how it ended, where that is to be seen, and what it took.

    ``fault`` is empty for a run on good equipment. ``caught_at`` are the places where it may show, ``where`` is the one
    at which it did, with what is ``told`` there and the ``figure`` (value against limit). ``objection`` is empty for a
    run that ended as it had to; ``run`` is its directory below the matrix's folder, empty when it was not kept.
    """

    area: str
    fault: str
    scenario: str
    bench: str
    seed: int
    expected: str
    caught_at: tuple[str, ...]
    culprit: str
    verdict: str
    where: str
    told: str
    figure: str
    objection: str
    seconds: float
    run: str
    why: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether the run ended as it had to."""
        return not self.objection


@dataclass(frozen=True)
class Matrix:
    """All lines, what the whole took in seconds, and how many runs were on at the same time.

    ``unplayed`` counts the runs that are missing because somebody stopped the rest.
    """

    lines: Sequence[MatrixLine]
    seconds: float
    jobs: int
    unplayed: int = 0

    @property
    def verdict(self) -> Verdict:
        """PASS when every run ended as it had to, else FAIL; where runs are missing, what they would show is open."""
        if self.unexpected:
            return Verdict.FAIL
        if self.unplayed:
            return Verdict.ABORTED
        return Verdict.PASS if self.lines else Verdict.NOT_RUN

    @property
    def faults(self) -> list[MatrixLine]:
        """The runs with a fault."""
        return [line for line in self.lines if line.fault]

    @property
    def clean(self) -> list[MatrixLine]:
        """The runs on good equipment."""
        return [line for line in self.lines if not line.fault]

    @property
    def unexpected(self) -> list[MatrixLine]:
        """The runs that did not end as they had to."""
        return [line for line in self.lines if not line.as_expected]

    def areas(self) -> Mapping[str, list[MatrixLine]]:
        """Return the runs with a fault by area."""
        found: dict[str, list[MatrixLine]] = {}
        for line in self.faults:
            found.setdefault(line.area, []).append(line)
        return found

    def clean_by_scenario(self) -> Iterator[tuple[str, list[MatrixLine]]]:
        """Yield the runs on good equipment by scenario."""
        for scenario in dict.fromkeys(line.scenario for line in self.clean):
            yield scenario, [line for line in self.clean if line.scenario == scenario]

    def figures(self) -> dict[str, Any]:
        """Return what the whole comes to."""
        return {
            "verdict": self.verdict.value,
            "faults": len(self.faults),
            "clean": len(self.clean),
            "unexpected": len(self.unexpected),
            "unplayed": self.unplayed,
            "ends": counts(Verdict(line.verdict) for line in self.faults),
            "seconds": round(self.seconds, 1),
            "seconds_of_runs": round(sum(line.seconds for line in self.lines), 1),
            "jobs": self.jobs,
        }


def write_matrix(folder: Path, matrix: Matrix) -> Path:
    """Write a matrix as JSON, CSV and HTML into its folder; return the page."""
    document = matrix.figures() | {"lines": [asdict(line) | {"as_expected": line.as_expected} for line in matrix.lines]}
    write_atomically(folder / MATRIX_FILE, json.dumps(document, indent=1, ensure_ascii=False).encode())
    write_atomically(folder / "matrix.csv", _table(matrix).encode())
    page = folder / "matrix.html"
    write_atomically(page, template_page("matrix.html.j2", matrix=matrix).encode(errors="replace"))
    return page


def read_matrix(folder: Path) -> Matrix:
    """Read a matrix back from its folder; raises ReportError when there is none."""
    names = [field.name for field in fields(MatrixLine)]
    try:
        document = json.loads((folder / MATRIX_FILE).read_bytes())
        lines = [{name: line[name] for name in names} for line in document["lines"]]
        made = [MatrixLine(**line | {"caught_at": tuple(line["caught_at"])}) for line in lines]
        return Matrix(made, float(document["seconds"]), int(document["jobs"]), int(document["unplayed"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportError(f"{folder} is no fault matrix: {MATRIX_FILE}: {error}") from error


def _table(matrix: Matrix) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(MatrixLine)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(line) | {"caught_at": "|".join(line.caught_at)} for line in matrix.lines)
    return text.getvalue()
