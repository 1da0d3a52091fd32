"""Tables, maps, networks, features, use-case documents and recorded runs: read, or refused with a word."""

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.cli import main
from bench.commands.use_case import _imported
from bench.customers import load_customers
from bench.dispatch.day_ahead import read_generation_stack
from bench.dispatch.transmission import load_transmission
from bench.feeder.profiles import CsvIrradiance, LoadShape
from bench.feeder.sites import load_sites
from bench.judgement.limits import read_limits
from bench.use_case.coverage import check
from bench.use_case.feature_files import FeatureSyntaxError, read_stories
from bench.use_case.tables import load
from instruments.errors import ConfigError
from instruments.point_map import load_point_map
from instruments.point_map_scaffold import scaffold_point_map
from reports.errors import ReportError
from reports.rendering import render
from tests.hostile.guard import nothing_written, within
from tests.reports.synthetic_run import write_run
from tests.use_case.test_use_case_import import SMALL

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
USE_CASE = load()
FEW, MANY = 15, 1500
SUITE = settings(suppress_health_check=list(HealthCheck), phases=[Phase.generate])
REGISTERS = "name,address,type,access\nVoltage,10,u16,r\nMode,11,enum,rw\n"
LIMITS = 'rows: {"1.3.4": 30}\nmeasurements:\n  - {quantity: "active power of *", tolerance: 5}\n'
LOAD = "hour,load_pu\n0,0.5\n6,0.7\n18,1.0\n"


@dataclass(frozen=True)
class Reader:
    """What reads a kind of file, and a right one to begin from."""

    read: Callable[[Path], Any]
    text: str
    ending: str = ".csv"


def text_of(*parts: str) -> str:
    return FIXTURES.joinpath(*parts).read_text(encoding="utf-8")


READERS = {
    "sites": Reader(load_sites, text_of("feeders", "reference", "sites.csv")),
    "customers": Reader(load_customers, "\n".join(text_of("feeders", "reference", "customers.csv").splitlines()[:40])),
    "generation stack": Reader(read_generation_stack, text_of("profiles", "generation_stack.csv")),
    "load shape": Reader(lambda path: LoadShape.read(path, 13.0), LOAD),
    "load shape of the bench": Reader(
        lambda path: LoadShape.read(path, 13.0), text_of("profiles", "residential_summer.csv")
    ),
    "irradiance": Reader(CsvIrradiance.read, "1.0\n0.5\n0.2\n"),
    "irradiance by name": Reader(lambda path: CsvIrradiance.read(path, column="ghi"), "time,ghi\n0,1000\n1,900\n"),
    "register list": Reader(scaffold_point_map, REGISTERS),
    "point map": Reader(load_point_map, text_of("point_maps", "capacitor_generic.yaml"), ".yaml"),
    "transmission": Reader(load_transmission, text_of("transmission", "area.yaml"), ".yaml"),
    "feature": Reader(read_stories, (ROOT / "features" / "controls.feature").read_text("utf-8"), ".feature"),
    "limits": Reader(read_limits, LIMITS, ".yaml"),
    "document": Reader(_imported, SMALL, ".txt"),
}
SCRAPS = st.sampled_from(
    [
        *(b"", b",", b"\n", b"\r", b"\t", b'"', b"'", b";", b"\0", b"\xff", b"\xef\xbb\xbf", b"-1", b"1e999", b"nan"),
        *(b"-inf", b"9" * 400, b"1_0", b"x" * 200_000, b"{", b"[", b": ", b"- ", b"&a ", b"*a", b"<<: *a", b"%s"),
        *(b"!!python/name:os.system ", b"Scenario:", b"Feature:", b"Examples:\n", b"| a |\n", b'"""\n', b"@tag "),
        *(b"# language: xx\n", b"Rule:\n", b"row 1.1", b"Step", b"1.2.3.4.5.6.7.8.9", b"1" * 300, b"1A1B1C"),
        *(b"../../x", b"\xe2\x80\xae", b"\x1b[31m", b"<script>"),
    ]
)
CUTS = st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 60), SCRAPS), min_size=1, max_size=4)


def spoil(text: bytes, cuts: list[tuple[float, int, bytes]]) -> bytes:
    for share, gone, scrap in cuts:
        at = round(share * len(text))
        text = text[:at] + scrap + text[at + gone :]
    return text


def is_read_or_refused(kind: str, folder: Path, data: bytes) -> None:
    reader = READERS[kind]
    path = folder / f"file{reader.ending}"
    path.write_bytes(data)
    with within(), nothing_written(folder):
        try:
            reader.read(path)
        except (ConfigError, FeatureSyntaxError) as error:
            assert "file" in str(error) or kind in {"document", "feature"}, f"{error} names no file"  # noqa: PT017


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.mark.parametrize("kind", READERS)
def test_the_right_one_is_read(kind: str, folder: Path) -> None:
    path = folder / f"right{READERS[kind].ending}"
    path.write_text(READERS[kind].text, encoding="utf-8")
    assert READERS[kind].read(path)


@pytest.mark.parametrize("kind", READERS)
@settings(SUITE, max_examples=FEW)
@given(cuts=CUTS)
def test_a_spoiled_file_is_read_or_refused(kind: str, folder: Path, cuts: list[tuple[float, int, bytes]]) -> None:
    is_read_or_refused(kind, folder, spoil(READERS[kind].text.encode(), cuts))


@pytest.mark.soak
@pytest.mark.parametrize("kind", READERS)
@settings(SUITE, max_examples=MANY)
@given(cuts=CUTS)
def test_many_spoiled_files(kind: str, folder: Path, cuts: list[tuple[float, int, bytes]]) -> None:
    is_read_or_refused(kind, folder, spoil(READERS[kind].text.encode(), cuts))


@pytest.mark.parametrize("kind", READERS)
@settings(SUITE, max_examples=6)
@given(data=st.binary(max_size=200))
def test_bytes_are_read_or_refused(kind: str, folder: Path, data: bytes) -> None:
    is_read_or_refused(kind, folder, data)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("what", ["a folder", "nothing", "a device"])
def test_what_is_no_file_is_refused(kind: str, folder: Path, what: str) -> None:
    path = {"a folder": folder, "nothing": folder / "gone", "a device": Path("/dev/zero")}[what]
    with within(), pytest.raises((ConfigError, FeatureSyntaxError)):
        READERS[kind].read(path)


@settings(SUITE, max_examples=10)
@given(cuts=CUTS)
def test_features_that_are_spoiled_are_told_by_the_check(
    tmp_path_factory, cuts: list[tuple[float, int, bytes]]
) -> None:
    features = tmp_path_factory.mktemp("features")
    text = (ROOT / "features" / "voltage_profile.feature").read_bytes()
    (features / "spoiled.feature").write_bytes(spoil(text, cuts))
    with within(), nothing_written(features):
        coverage = check(features, USE_CASE)
    assert coverage.summary


TABLES = sorted(path.name for path in (FIXTURES / "use_cases" / "integrated_der").iterdir())


@pytest.mark.parametrize("name", TABLES)
@settings(SUITE, max_examples=8)
@given(cuts=CUTS)
def test_tables_of_a_use_case_that_are_spoiled_are_told(tmp_path_factory, name: str, cuts) -> None:
    copied = tmp_path_factory.mktemp("tables")
    for path in (FIXTURES / "use_cases" / "integrated_der").iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    (copied / name).write_bytes(spoil((copied / name).read_bytes(), cuts))
    with within(), nothing_written(copied):
        try:
            load(copied)
        except ConfigError as error:
            assert copied.name in str(error)  # noqa: PT017


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + "lol" * 50
    + '">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + '<!ENTITY file SYSTEM "file:///etc/passwd">]>'
)
BODY = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:body></w:document>'


def docx_with(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """Write a document of the template, with parts of its archive changed."""
    import docx  # noqa: PLC0415

    whole = path.with_suffix(".whole.docx")
    document = docx.Document()
    for line in SMALL.splitlines():
        document.add_paragraph(line)
    document.save(str(whole))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(part.filename, change(part.filename, source.read(part)))
    return path


def replaced(name: str, content: bytes) -> Callable[[str, bytes], bytes]:
    return lambda part, data: content if part == name else data


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("word/document.xml", b"\0" * 300_000_000, id="a bomb"),
        pytest.param("word/document.xml", (ENTITIES + BODY.format("&i;")).encode(), id="a billion laughs"),
        pytest.param("word/document.xml", (ENTITIES + BODY.format("&file;")).encode(), id="a file of the machine"),
        pytest.param("word/document.xml", b"<w:document", id="a cut part"),
        pytest.param("word/document.xml", ("<a>" * 100_000).encode(), id="nesting"),
        pytest.param("[Content_Types].xml", b"", id="no types"),
        pytest.param("word/_rels/document.xml.rels", b"<Relationships/>", id="no relations"),
        pytest.param("_rels/.rels", b"\xff", id="no root"),
    ],
)
def test_a_trap_in_a_word_document_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    path = docx_with(tmp_path / "trap.docx", replaced(name, content))
    with within(), nothing_written(tmp_path):
        result = CliRunner().invoke(main, ["use-case", "import", str(path)])
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: ")
    assert "root:" not in result.output, "an entity read a file of the machine"


@settings(SUITE, max_examples=25)
@given(cuts=CUTS)
def test_a_damaged_word_document_is_read_or_refused(folder: Path, cuts: list[tuple[float, int, bytes]]) -> None:
    whole = folder / "whole.docx"
    if not whole.is_file():
        docx_with(whole, lambda _name, data: data)
    damaged = folder / "damaged.docx"
    damaged.write_bytes(spoil(whole.read_bytes(), cuts))
    with within(), nothing_written(folder):
        try:
            _imported(damaged)
        except ConfigError as error:
            assert str(error)  # noqa: PT017


def test_what_is_imported_is_written_below_its_folder_only(tmp_path: Path) -> None:
    """Names of scenarios and rows are a document's, and make no file names that lead elsewhere."""
    document = tmp_path / "document.txt"
    document.write_text(SMALL.replace("Scenario", "Scenario ../../../evil/"), encoding="utf-8")
    out = tmp_path / "out"
    with within(), nothing_written(out):
        CliRunner().invoke(main, ["use-case", "import", str(document), "--out", str(out)])


NONSENSE = st.sampled_from(
    [
        *(None, True, -1, 0, 10**400, 1e308, "", "x" * 5000, "../../etc/passwd", "<script>", [], {}, [[]], "\ud800"),
        {"a": {"b": 1}},
    ]
)


def spoil_json(value: Any, place: list[int], nonsense: Any) -> Any:
    """Put nonsense in a place that is found by counting on the way down."""
    if not place or not isinstance(value, dict | list) or not value:
        return nonsense
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[place[0] % len(keys)]
    copied = value.copy()
    copied[key] = spoil_json(value[key], place[1:], nonsense)
    return copied


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run") / "run", failing=True, steps=5, alerts=2)


def files_of(run: Path) -> list[str]:
    return sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())


def rendered_or_refused(whole: Path, folder: Path, name: str, content: bytes) -> None:
    """Render a copy of a run in which one file has another content."""
    run = folder / "run"
    shutil.copytree(whole, run)
    (run / name).write_bytes(content)
    with within(60.0), nothing_written(run):
        try:
            page = render(run) / "report.html"
        except ReportError:
            return
    assert b"</html>" in page.read_bytes()
    assert b"changed: " in page.read_bytes() or content == (whole / name).read_bytes()


@settings(SUITE, max_examples=10)
@given(place=st.lists(st.integers(0, 50), min_size=1, max_size=7), nonsense=NONSENSE)
def test_a_run_with_nonsense_in_its_summary_is_rendered_or_refused(
    tmp_path_factory, whole_run, place, nonsense
) -> None:
    document = json.loads((whole_run / "run.json").read_bytes())
    summary = json.dumps(spoil_json(document, place, nonsense)).encode()
    rendered_or_refused(whole_run, tmp_path_factory.mktemp("run"), "run.json", summary)


@settings(SUITE, max_examples=10)
@given(data=st.data())
def test_a_run_with_damaged_files_is_rendered_or_refused(tmp_path_factory, whole_run, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(files_of(whole_run)))
    damaged = spoil((whole_run / name).read_bytes(), data.draw(CUTS))
    rendered_or_refused(whole_run, tmp_path_factory.mktemp("run"), name, damaged)


@settings(SUITE, max_examples=10)
@given(data=st.data())
def test_a_run_with_nonsense_in_its_logs_is_rendered_or_refused(tmp_path_factory, whole_run, data) -> None:
    logs = [name for name in files_of(whole_run) if name.endswith(".jsonl") and (whole_run / name).stat().st_size]
    name = data.draw(st.sampled_from(logs))
    lines = (whole_run / name).read_bytes().splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.lists(st.integers(0, 20), min_size=0, max_size=3))
    lines[number] = json.dumps(spoil_json(json.loads(lines[number]), place, data.draw(NONSENSE))).encode()
    rendered_or_refused(whole_run, tmp_path_factory.mktemp("run"), name, b"\n".join(lines) + b"\n")


@pytest.mark.parametrize("name", ["run.json", "trace.jsonl"])
def test_nesting_without_end_in_a_run_is_refused(tmp_path: Path, whole_run, name: str) -> None:
    rendered_or_refused(whole_run, tmp_path, name, b"[" * 200_000)


WORDS = st.sampled_from(
    [
        *("", "-", "--", "---", "--x", "-1", "nan", "1e999", "9" * 5000, "../../..", "/dev/zero", "/dev/null/x"),
        *("x" * 5000, "\udcff", "[red]", "\x1b[31m", "<script>", "*", "$(id)", ";id", "no/such.yaml"),
        *("run", "é"),
    ]
)
COMMANDS: dict[str, Callable[[list[str]], list[str]]] = {
    "run": lambda w: ["run", "--bench", w[0], "--fault", w[1], "--out", "/dev/null/x", *w[2:]],
    "run on the bench": lambda w: ["run", "--fault", w[0], "--out", "/dev/null/x"],
    "run a feature": lambda w: ["run", w[0] or "x", "--out", "/dev/null/x"],
    "emulate": lambda w: ["emulate", "--bench", w[0], *w[1:]],
    "doctor": lambda w: ["doctor", "--bench", w[0], *w[1:]],
    "verify": lambda w: ["verify", *w],
    "report": lambda w: ["report", *w],
    "replay": lambda w: ["replay", *w],
    "replay with limits": lambda w: ["replay", "--limits", *w],
    "sign": lambda w: ["sign", *w],
    "verify with a key": lambda w: ["verify", "--public-key", *w],
    "compare": lambda w: ["compare", *w],
    "faults": lambda w: ["faults", *(w or ["x"])],
    "speed": lambda w: ["speed", "--only", w[0] or "x", *w[1:]],
    "manage": lambda w: ["manage", "--bench", "no/such", "--seeds", w[0], "--hours", w[1]],
    "point-map": lambda w: ["point-map", *w],
    "point-map scaffold": lambda w: ["point-map", "scaffold", w[0]],
    "use-case": lambda w: ["use-case", *w],
    "use-case show": lambda w: ["use-case", "show", w[0]],
    "use-case import": lambda w: ["use-case", "import", w[0]],
    "nothing known": lambda w: [w[0] or "x", *w[1:]],
}
KNOWN_CODES = {0, 1, 2, 3, 5}


@pytest.mark.parametrize("command", COMMANDS)
@settings(SUITE, max_examples=6)
@given(words=st.lists(WORDS, min_size=2, max_size=4))
def test_no_argument_of_any_command_breaks_it(command: str, folder: Path, words: list[str]) -> None:
    """What cannot be meant is a usage error, without a traceback, and nothing is written."""
    arguments = COMMANDS[command](words)
    with within(), nothing_written(folder):
        result = CliRunner().invoke(main, arguments)
    assert result.exit_code in KNOWN_CODES, f"{arguments}: {result.output}"
    assert "Traceback" not in result.output
    assert "the bench broke" not in result.output, f"{arguments}: {result.output}"
    assert result.exit_code != 0 or "--help" in arguments
