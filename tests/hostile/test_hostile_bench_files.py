"""Bench files: whatever stands in one, it is a bench or a ConfigError, at once, and nothing else happens."""

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.cli import DEFAULT_BENCH, main
from bench.config import BenchFile, load_bench
from instruments.errors import ConfigError
from tests.cli.bench_files import small_bench
from tests.hostile.guard import nothing_written, within

WHOLE = DEFAULT_BENCH.read_text(encoding="utf-8")
FEW, MANY = 60, 3000
NESTED: Any = []
for _ in range(30):
    NESTED = [NESTED]
VALUES = st.sampled_from(
    [
        *(None, True, "", [], {}, {"a": 1}, [[]], NESTED, -1, 0, 1, 10**400, -(10**30), 1e308, 1e-308),
        *(float("nan"), float("inf"), float("-inf"), "nan", "1e999", "0x10", "1_0", "y", "null", "~", "2026-02-30"),
        *("../../../../etc/passwd", "/dev/zero", "/dev/stdin", "a/" * 3000, "x" * 9000, "\u202egnp", "\ufeff", "é"),
        *("$HOME", "${", "${}", "${NO_SUCH}", "$(id)", "`id`", "{{ 7*7 }}", "%s%n", "<script>", "';--", "[red]"),
        *("modbus+tcp://127.0.0.1:70000/1", "modbus+tcp://127.0.0.1:0/999", "modbus+tcp://[::]:0/1", "ASRL1::INSTR"),
        *("TCPIP0::0.0.0.0::0::SOCKET", "127.0.0.1:99999", "127.0.0.1:0", "virtual", "inverter", "sunspec"),
    ]
)
KEYS = st.sampled_from(
    ["", "a", "__class__", "model_config", "devices", "emulate", "[key]", "1", "a.b", "é", "x" * 3000]
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, part in inner for found in places(part, (*place, key)))]


BASES = [small_bench(), yaml.safe_load(WHOLE)]
PLACES = [places(base)[1:] for base in BASES]


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A valid bench in which some places hold something else, or some mapping a key more."""
    number = draw(st.sampled_from(range(len(BASES))))
    bench = copy.deepcopy(BASES[number])
    for place in draw(st.lists(st.sampled_from(PLACES[number]), min_size=1, max_size=3)):
        parent: Any = bench
        try:
            for key in place[:-1]:
                parent = parent[key]
            if draw(st.booleans()):
                parent[place[-1]] = draw(VALUES)
            else:
                parent[draw(KEYS)] = parent.pop(place[-1]) if isinstance(parent, dict) else draw(VALUES)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took the place away
    return bench


def is_bench_or_refused(path: Path) -> BenchFile | None:
    with within(), nothing_written(path.parent):
        try:
            bench = load_bench(path)
            for number in bench.scenarios:
                bench.for_scenario(number)
        except ConfigError:
            return None
    return bench


def check_text(folder: Path, text: str | bytes) -> BenchFile | None:
    path = folder / "bench.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return is_bench_or_refused(path)


def check_document(folder: Path, bench: dict[str, Any]) -> None:
    check_text(folder, yaml.safe_dump(bench, allow_unicode=True, sort_keys=False))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


SUITE = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(SUITE, max_examples=FEW)
@given(bench=spoiled())
def test_a_spoiled_bench_is_one_or_is_refused(folder: Path, bench: dict[str, Any]) -> None:
    check_document(folder, bench)


@pytest.mark.soak
@settings(SUITE, max_examples=MANY)
@given(bench=spoiled())
def test_many_spoiled_benches(folder: Path, bench: dict[str, Any]) -> None:
    check_document(folder, bench)


SCRAPS = st.sampled_from(
    [
        *(b"&a ", b"*a", b"<<: *a\n", b"!!python/object/apply:os.system [id]", b"!!binary x", b"!!set {a}", b"{", b"}"),
        *(b"[", b"? ", b": ", b"- ", b"| \n", b"'", b'"', b"\\0", b"\0", b"\xff\xfe", b"\x85", b"\xe2\x80\xa8", b"#"),
        *(
            b"%YAML 9.9\n",
            b"---\n",
            b"...\n",
            b"\t",
            b"${A}",
            b"!<x> ",
            b"@",
            b"`",
            b"0x",
            b"1:2:3",
            b".inf",
            b"=",
            b"~",
        ),
        *(b"\r", b"\n\n"),
    ]
)


@settings(SUITE, max_examples=FEW)
@given(cuts=st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 30), SCRAPS), min_size=1, max_size=5))
def test_text_with_scraps_in_it_is_a_bench_or_is_refused(folder: Path, cuts: list[tuple[int, int, bytes]]) -> None:
    text = WHOLE.encode()
    for at, gone, scrap in cuts:
        text = text[:at] + scrap + text[at + gone :]
    check_text(folder, text)


@settings(SUITE, max_examples=FEW)
@given(data=st.binary(max_size=300))
def test_bytes_are_no_bench(folder: Path, data: bytes) -> None:
    assert check_text(folder, data) is None


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
MERGES = "a0: &a0 {k: 1}\n" + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(LAUGHS, "aliases make more than", id="a billion laughs"),
        pytest.param(MERGES, "aliases make more than", id="a billion merges"),
        pytest.param("a: &a [*a]\n", "holds itself", id="a loop"),
        pytest.param("a: &a {<<: *a}\n", "holds itself", id="a loop of merges"),
        pytest.param("a: " + "[" * 100_000, "nests", id="nesting"),
        pytest.param("a: " + "{a: " * 45 + "1" + "}" * 45, "nests deeper than", id="nesting that ends"),
        pytest.param("- " * 50_000, "nests", id="nested lists"),
        pytest.param(WHOLE + "clock: {mode: wall}\n", "twice the same key: clock", id="a section twice"),
        pytest.param("bench: a\nclock: {mode: wall, mode: virtual}\n", "twice the same key: mode", id="a key twice"),
        pytest.param("devices:\n  ltc: {}\n  ltc: {}\n", "twice the same key: ltc", id="a device twice"),
        pytest.param(
            "bench: !!python/object/apply:os.system ['id']\n", "could not determine a constructor", id="a tag"
        ),
        pytest.param("bench: !!python/name:os.system\n", "could not determine a constructor", id="a name of Python"),
        pytest.param("bench: 1" + ":59" * 9000 + "\n", "characters", id="a number to the base of 60"),
        pytest.param("bench: " + "9" * 6000 + "\n", "integer string conversion", id="a number with many digits"),
        pytest.param("bench: " + "x" * 500_000, "characters, more than", id="a large file"),
        pytest.param('bench: "\\0"\n', "control character", id="a null"),
        pytest.param('bench: "\\e[31mred"\n', "control character", id="an escape"),
        pytest.param('bench: "\\ud800"\n', "", id="half a character"),
        pytest.param("? {a: 1}\n: 2\n", "unhashable", id="a mapping for a key"),
        pytest.param("? [a, {b: 1}]\n: 2\n", "unhashable", id="a list for a key"),
        pytest.param(b"bench: \xff\xfe\n", "cannot read the bench file", id="bytes that are no text"),
        pytest.param("--- a\n--- b\n", "single document", id="two documents"),
    ],
)
def test_a_trap_is_told(folder: Path, text: str | bytes, told: str) -> None:
    path = folder / "trap.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with within(), nothing_written(folder), pytest.raises(ConfigError) as caught:
        load_bench(path)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 3000


def test_an_alias_in_moderation_is_none(folder: Path) -> None:
    bench = check_text(folder, WHOLE.replace("../", f"{DEFAULT_BENCH.parents[1]}/"))
    assert bench is not None
    assert bench.devices["capacitor_2"] == bench.devices["capacitor_3"]


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a device", "nothing", "a name with a null", "a long name"])
def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bench.yaml"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    path = {
        "a device": Path("/dev/zero"),
        "a name with a null": tmp_path / "a\0b",
        "a long name": tmp_path / ("x" * 5000),
    }.get(kind, path)
    with within(), pytest.raises(ConfigError, match="cannot read the bench file"):
        load_bench(path)


INJECTIONS = ["x\nhorizon_s: 5", "x, horizon_s: 5", "x # ", "'", '"', "*a", "!!python/name:os.system", "${PATH}", "["]


@pytest.mark.parametrize("value", INJECTIONS)
def test_what_a_variable_holds_is_a_value_and_nothing_else(folder: Path, monkeypatch, value: str) -> None:
    monkeypatch.setenv("NAME", value)
    text = yaml.safe_dump(small_bench() | {"bench": "NAME"}).replace("bench: NAME", "bench: ${NAME}")
    bench = check_text(folder, text)
    assert bench is not None
    assert bench.bench == value
    assert bench.horizon_s == BASES[0].get("horizon_s", 1200.0)


def test_a_variable_fits_a_number_and_a_flow_mapping(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("STEP", "0.5")
    document = small_bench()
    document.pop("clock")
    bench = check_text(folder, yaml.safe_dump(document) + "clock: {mode: virtual, step_s: ${STEP}}  # not ${UNSET}\n")
    assert bench is not None
    assert bench.clock.step_s == 0.5


def examined(folder: Path, bench: dict[str, Any]) -> None:
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(bench, allow_unicode=True), encoding="utf-8")
    with within(60.0), nothing_written(folder):
        result = CliRunner().invoke(main, ["doctor", "--bench", str(path)])
    assert result.exit_code in {0, 2, 3}, result.output
    assert "Traceback" not in result.output
    assert "the bench broke" not in result.output, result.output


@settings(SUITE, max_examples=6)
@given(bench=spoiled().filter(lambda b: "scenarios" not in b))
def test_what_the_schema_cannot_refuse_is_told_by_the_doctor(folder: Path, bench: dict[str, Any]) -> None:
    examined(folder, bench)


@pytest.mark.soak
@settings(SUITE, max_examples=150)
@given(bench=spoiled().filter(lambda b: "scenarios" not in b))
def test_many_benches_before_the_doctor(folder: Path, bench: dict[str, Any]) -> None:
    examined(folder, bench)
