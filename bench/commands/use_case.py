"""`bench use-case`: a row of the tables, features held against tables, and tables made from a document."""

from collections.abc import Iterator
from pathlib import Path

from bench.use_case.coverage import check
from bench.use_case.grammar import keyword, wording
from bench.use_case.importer import Imported, import_document
from bench.use_case.model import Row, UseCase
from bench.use_case.order import RowOrder
from bench.use_case.skeleton import skeleton
from bench.use_case.tables import load
from bench.use_case.word import is_word, read_word
from bench.use_case.writer import write
from instruments.errors import ConfigError
from instruments.files import read_text
from reports.verdict import Verdict

FEATURES = Path(__file__).parents[2] / "features"


def show(number: str) -> str:
    """Tell everything that the tables say of a row, one fact a line; raises ConfigError for a row that there is not."""
    use_case = load()
    row = use_case.row(number)
    width = max(len(name) for name, _ in _facts(use_case, row))
    return "\n".join(f"{name:<{width}}  {text}" for name, text in _facts(use_case, row))


def _facts(use_case: UseCase, row: Row) -> Iterator[tuple[str, str]]:
    yield "row", row.number
    yield "scenario", f"{row.scenario} {use_case.scenarios[row.scenario].title}"
    yield "step", f"{keyword(row)} {wording(row)}"
    yield "activity", row.activity
    yield "kind", row.kind
    yield "producer", row.producer
    yield "receiver", row.receiver
    yield "information", row.information
    yield "met for", row.per if row.per == "once" else f"every {row.per} concerned"
    yield "wire", row.wire
    yield "time limit", f"{row.limit_s:g} s from {row.limit_from}" if row.limit_s is not None else "end of the run"
    for variant, before in _predecessors(use_case, row).items():
        yield f"comes after{variant and f' ({variant})'}", before or "nothing"
    if row.erratum:
        yield "erratum", row.erratum


def _predecessors(use_case: UseCase, row: Row) -> dict[str, str]:
    """List the rows directly before a row, for each alternative that has it where they differ."""
    order = RowOrder(use_case)
    takes: list[str | None] = [v for v in use_case.variants(row.scenario) if row in use_case.rows_of(row.scenario, v)]
    found = {variant: order.predecessors(row.number, variant) for variant in takes or [None]}
    listed = {v or "": ", ".join(n for n in use_case.rows if n in before) for v, before in found.items()}
    return {"": next(iter(listed.values()))} if len(set(listed.values())) == 1 else listed


def check_features() -> tuple[str, Verdict]:
    """Hold the features against the tables: a PASS only when every row is encoded and nothing is wrong."""
    coverage = check(FEATURES, load())
    lines = list(map(str, coverage.faults))
    if coverage.missing:
        lines.append(f"not encoded: {', '.join(coverage.missing)}")
    return "\n".join([*lines, coverage.summary]), Verdict.PASS if coverage.is_complete else Verdict.FAIL


def import_tables(document: Path, out: Path | None) -> str:
    """Read a document, tell what came of it, and write tables and feature skeletons to a new folder `out` if given.

    Raises ConfigError when the document cannot be read or `out` exists.
    """
    imported = _imported(document)
    if out is None:
        return str(imported)
    write(imported.use_case, out)
    features = _write_skeletons(imported, out)
    return "\n".join([str(imported), f"tables: {out}", *(f"feature: {path}" for path in features)])


def _imported(document: Path) -> Imported:
    if not is_word(document):
        return import_document(_text(document))
    word = read_word(document)
    return import_document(word.text, word.unread)


def _text(document: Path) -> str:
    try:
        return read_text(document, "document")
    except ConfigError as error:
        raise ConfigError(f"{error}; it has to be .docx, or plain UTF-8 text with tabs in its tables") from None


def _write_skeletons(imported: Imported, out: Path) -> list[Path]:
    paths = []
    for scenario in imported.use_case.scenarios:
        path = out / f"scenario_{scenario}.feature"
        path.write_text(skeleton(imported.use_case, scenario), encoding="utf-8")
        paths.append(path)
    return paths
