"""Text of devices stays text: in the page, in Allure and JUnit files, in logs, and on a terminal."""

import io
import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bench.assembly.emulation import EmulatedEquipment
from bench.cli import main
from bench.commands.run import _table
from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_server import ModbusServer
from instruments.transports.modbus import ModbusConnections
from reports.allure import write_allure_results
from reports.html import html_report
from reports.junit import junit_xml
from reports.plain_text import one_line, visible
from reports.rendering import render
from reports.run_directory import RunDirectory, RunWriter
from tests.cli.bench_files import small_bench, written
from tests.reports.browser import open_in_browser
from tests.reports.synthetic_run import write_run

MARKER = "pwned"
TEXTS = {
    "script": f"<script>document.title='{MARKER}'</script>",
    "attribute": f'" onmouseover="document.title=\'{MARKER}\'" x="',
    "image": f"<img src=x onerror=\"document.title='{MARKER}'\">",
    "end of a comment": f"--><script>document.title='{MARKER}'</script>",
    "end of a style": f"</style></svg></text><script>document.title='{MARKER}'</script>",
    "template": "{{ 7*7 }}{% for x in y %}${7*7}",
    "mathtext": r"$\frac{1}{0}$ $",
    "rich": "[red]alarm[/red] [/] [link=file:///etc/passwd]here[/link]",
    "ansi": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b31m",
    "lines": "a\nerror: b\r\nok     everything\r",
    "direction": "\u202egnp.exe\u2066x\u2069",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x85",
    "unicode": "Ω µ 测试 \U0001f50b \ufffe \ufeff",
    "path": "../../../../tmp/evil",
    "long": "x" * 65_536,
    "cdata": "]]></failure><system-out>x</system-out>",
    "nulls": "a\0b",
}
COMMANDS = [chr(n) for n in (*range(9), 11, 12, *range(14, 32), 127, 0x9B, 0x202E, 0x2066)]


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(params=TEXTS, scope="module")
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A run whose battery's model, a meter's name and the reason of the failure are hostile."""
    text = TEXTS[request.param]
    return text, write_run(tmp_path_factory.mktemp("run") / "run", failing=True, steps=20, alerts=2, hostile=text)


def test_the_page_shows_it_as_text(recorded: tuple[str, Path]) -> None:
    text, run = recorded
    html = html_report(RunDirectory.open(run))
    page = Tags(html)
    assert {"script", "img", "system-out"}.isdisjoint(page.tags)
    assert not [name for name in page.attributes if name.startswith("on")]
    assert visible(text).strip() in page.text, "what the device said is not to be read"
    assert not [command for command in COMMANDS if command in html]


def test_junit_stays_xml_and_says_the_same(recorded: tuple[str, Path]) -> None:
    text, run = recorded
    root = ET.fromstring(junit_xml(RunDirectory.open(run)))  # noqa: S314  of our own making
    known = {"testsuites", "testsuite", "testcase", "failure", "error", "skipped"}
    assert {element.tag for element in root.iter()} <= known
    told = "".join(element.text or "" for element in root.iter("failure"))
    kept = [word for word in visible(text).split("\\")[0].split() if word.isascii()]
    assert all(word in told for word in kept)


def test_allure_results_are_json_below_their_folder(recorded: tuple[str, Path], tmp_path: Path) -> None:
    _, run = recorded
    write_allure_results(RunDirectory.open(run), tmp_path / "allure-results")
    files = sorted(tmp_path.rglob("*"))
    assert [path for path in files if path.is_file()]
    assert all(path.parent == tmp_path / "allure-results" for path in files if path.is_file())
    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["script", "attribute", "image", "end of a style", "direction"])
def test_a_browser_runs_nothing_and_shows_it(tmp_path: Path, kind: str) -> None:
    folder = render(write_run(tmp_path / "run", failing=True, steps=20, alerts=2, hostile=TEXTS[kind]))
    seen, console = open_in_browser(folder / "report.html", tmp_path / "profile")
    assert console == []
    page = Tags(seen)
    assert f"<title>{MARKER}" not in seen
    assert "<title>FAIL · run</title>" in seen
    assert visible(TEXTS[kind]).strip() in page.text


@pytest.mark.parametrize("kind", TEXTS)
def test_a_log_line_stays_one_line_and_gives_it_back(tmp_path: Path, kind: str) -> None:
    with RunWriter.create(tmp_path / "run", {"seed": 1}) as writer:
        line = {"time_s": 0.0, "endpoint": "d", "operation": "query", "address": "*IDN?"}
        writer.append("wire", line | {"values": [TEXTS[kind]]})
    lines = (tmp_path / "run" / "wire.jsonl").read_bytes().split(b"\n")
    assert len(lines) == 2
    assert lines[1] == b""
    assert json.loads(lines[0])["values"] == [TEXTS[kind]]
    assert not any(byte in lines[0] for byte in (*range(32), 127))


@pytest.mark.parametrize("kind", TEXTS)
def test_the_summary_prints_it_without_obeying(kind: str) -> None:
    class Scenario:
        id, variant, title, feature = "1", "", TEXTS[kind], TEXTS[kind]
        met, expected = 1, 2

        class verdict:  # noqa: N801
            value = "PASS"

    class Run:
        verdict = Scenario.verdict
        scenarios = (Scenario,)

    stream = io.StringIO()
    Console(file=stream, width=10_000_000 if kind == "long" else 400).print(_table(Run))
    printed = stream.getvalue()
    assert not [command for command in COMMANDS if command in printed]
    if kind == "rich":
        assert TEXTS[kind] in printed


HOSTILE_MODEL = "<b>[red]\x1b[31m\nok x"


def test_the_doctor_prints_it_in_its_own_line_and_commands_no_terminal(tmp_path: Path, monkeypatch) -> None:
    serve = EmulatedEquipment._serve_modbus

    def lying(self, name, device, emulator, registers) -> None:
        registers.model(1).set({"Md": HOSTILE_MODEL})
        serve(self, name, device, emulator, registers)

    monkeypatch.setattr(EmulatedEquipment, "_serve_modbus", lying)
    result = CliRunner().invoke(main, ["doctor", "--bench", written(small_bench(), tmp_path)])
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.output.splitlines() if "utility_battery" in line and "derbench" in line]
    assert one_line(HOSTILE_MODEL) in line
    assert "\x1b" not in result.output
    assert not [line for line in result.output.splitlines() if line.startswith("ok x")]


def test_a_device_says_over_the_wire_what_the_report_then_shows(tmp_path: Path) -> None:
    battery = BatteryEmulator("store", 25.0, 50.0)
    battery.registers.model(1).set({"Mn": "<script>", "Md": "<i>\"'", "SN": "[red]1\x1b", "Vr": "\u202e1"})
    with EmulatorHost() as host, ModbusConnections() as connections:
        address = ModbusServer(host, {1: battery.registers}).listen()
        identity = SunSpecBattery(connections.link(*address, 1)).identify()
    told = {"manufacturer": identity.manufacturer, "model": identity.model, "serial": identity.serial}
    assert told == {"manufacturer": "<script>", "model": "<i>\"'", "serial": "[red]1\x1b"}
    with RunWriter.create(tmp_path / "run", {"seed": 1}) as writer:
        devices = {"store": {"identity": told | {"version": identity.version}, "emulated": True}}
        writer.finish({"verdict": "PASS", "counts": {}, "simulated": True, "devices": devices, "scenarios": []})
    page = Tags(html_report(RunDirectory.open(tmp_path / "run")))
    assert {"script", "i"}.isdisjoint(page.tags)
    for text in ("<script>", "<i>\"'", "[red]1\\x1b"):
        assert text in page.text


@settings(max_examples=200)
@given(text=st.text())
def test_what_is_visible_commands_nothing_and_changes_no_plain_text(text: str) -> None:
    shown = visible(text)
    assert not [command for command in COMMANDS if command in shown]
    assert visible(shown) == shown
    assert "\n" not in one_line(text)
    if text.isascii() and text.isprintable():
        assert shown == text
