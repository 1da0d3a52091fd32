"""The page: true to the run, readable, self-contained, and deaf to what devices put into it."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import open_in_browser
from synthetic_run import REASON, write_run

from reports.html import html_report
from reports.rendering import render
from reports.run_directory import RunDirectory, RunWriter

HOSTILE = "<script>document.title='owned'</script>\"'><img src=x onerror=alert(1)>$x^2$ & ]]></style></svg>{{ 7*7 }}"


class Page(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in_style = tag == "style"
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self._text.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self._text))


def page_of(run: Path) -> Page:
    return Page(html_report(RunDirectory.open(run)))


def edit_run_json(run: Path, change: dict[str, Any]) -> None:
    document = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(document | change))


def test_a_passing_run_says_what_was_judged_and_on_what(passing_run: Path) -> None:
    text = page_of(passing_run).text
    for wanted in (
        "20 of 71 expected rows met",
        "Simulated.",
        "fixtures/benches/emulated.yaml",
        "c0ffee",
        "opendssdirect.py 0.9.4",
        "emulated battery",
        "60 of 60 net meters",
        "Not encoded, so not judged (4): 1.5, 1.6, 1.6.1, 1.6.2",
        "agree with their hash chain",
        "1.1.3 Voltage Out of Range Event ×60",
        "under the cloud",
        "27 of 200",
        "Range A, 114 to 126 V",
        "P commanded (kW)",
        "capacitor_2",
    ):
        assert wanted in text, wanted


def test_a_failing_run_begins_with_the_row_and_its_reason(failing_run: Path) -> None:
    text = page_of(failing_run).text
    failed = text.index("What failed in scenario 1")
    assert text.index("FAIL") < failed < text.index("What was judged")
    card = text[failed : text.index("What was judged")]
    for wanted in (*REASON.splitlines(), "wire:62", "-3.1 ± 2 kW", "704 WSet, WSetEna", "Operational Command"):
        assert wanted in card, wanted


def test_a_row_that_did_not_come_is_drawn_where_it_was_due(failing_run: Path) -> None:
    page = page_of(failing_run)
    assert "1.3.4 Operational Command not met" in page.text
    assert ("class", "missing") in page.attributes


def test_whatever_a_device_says_stays_text(tmp_path: Path) -> None:
    page = page_of(write_run(tmp_path / "run", failing=True, steps=20, alerts=2, hostile=HOSTILE))
    assert {"script", "img"}.isdisjoint(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count("<script>document.title='owned'</script>") >= 3, "model, reason and meter name are shown"
    assert "{{ 7*7 }}" in page.text


def test_the_page_asks_for_nothing_from_outside(passing_run: Path) -> None:
    page = page_of(passing_run)
    links = [value for name, value in page.attributes if name in ("src", "href", "xlink:href", "srcset", "action")]
    assert links
    assert not [link for link in links if not link.startswith(("#", "data:,"))]
    assert {"script", "link"} & set(page.tags) == {"link"}, "the only link is the empty icon"
    assert "default-src 'none'" in dict(page.attributes).get("content", "") + str(page.attributes)


def test_an_id_occurs_once(passing_run: Path) -> None:
    ids = [value for name, value in page_of(passing_run).attributes if name == "id"]
    assert sorted(set(ids)) == sorted(ids)


def test_an_altered_run_cannot_show_a_pass(small_run: Path) -> None:
    edit_run_json(small_run, {"seed": 2})
    text = page_of(small_run).text
    assert "ERROR" in text[:200]
    assert "changed: run.json" in text


def test_a_killed_run_is_shown_as_aborted(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path / "run") as writer:
        row = {"time_s": 3.0, "scenario": "1/1B", "row": "1.1", "occurrence": "e1", "instance": "", "state": "MET"}
        writer.append("rows", row)
    text = page_of(tmp_path / "run").text
    assert "The run did not finish" in text
    assert "Scenario 1/1B" in text
    assert "ABORTED" in text[:200]


def test_what_a_run_does_not_hold_is_said_to_be_absent(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path / "run") as writer:
        writer.finish({"verdict": "NOT_RUN", "scenarios": [{"id": "1", "verdict": "NOT_RUN"}]})
    text = page_of(tmp_path / "run").text
    for wanted in ("no time series", "No message was recorded", "no rows", "no measurements", "names no devices"):
        assert wanted in text, wanted


def test_a_series_without_meters_or_devices_still_gives_its_charts(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path / "run") as writer:
        series = writer.write_series(1, {"time_s": [0.0, 1.0], "irradiance_pu": [1.0, float("nan")]})
        writer.finish({"verdict": "PASS", "scenarios": [{"id": "1", "verdict": "PASS", "series": series}]})
    text = page_of(tmp_path / "run").text
    assert "Irradiance" in text
    assert "no metered voltages" in text


def test_a_damaged_series_does_not_cost_the_report(small_run: Path) -> None:
    (small_run / "series" / "0001.parquet").write_bytes(b"PAR1 no more")
    text = page_of(small_run).text
    assert "cannot read series/0001.parquet" in text
    assert "changed: series/0001.parquet" in text


def test_equipment_carries_no_watermark(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", steps=5, alerts=2)
    edit_run_json(run, {"simulated": False})
    assert "SIMULATED" not in page_of(run).text


def test_emulators_that_another_process_serves_are_no_equipment(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", steps=5, alerts=2)
    device = {"role": "battery", "emulated": False, "identity": {"manufacturer": "derbench"}}
    edit_run_json(run, {"simulated": False, "devices": {"utility_battery": device}})
    text = page_of(run).text
    assert "SIMULATED" in text
    assert "The bench file calls utility_battery real" in text


def test_the_page_is_small_and_the_same_every_time(failing_run: Path) -> None:
    first, second = (html_report(RunDirectory.open(failing_run)) for _ in range(2))
    assert first == second
    assert len(first.encode()) < 3_000_000


@pytest.mark.browser
@pytest.mark.parametrize("hostile", ["", HOSTILE], ids=["plain", "hostile"])
def test_the_page_opens_in_a_browser_without_a_word_on_its_console(tmp_path: Path, hostile: str) -> None:
    folder = render(write_run(tmp_path / "run", failing=True, steps=60, alerts=5, hostile=hostile))
    seen, console = open_in_browser(folder / "report.html", tmp_path / "profile")
    assert console == []
    assert "<title>FAIL · run</title>" in seen
    assert "What failed in scenario 1" in seen


@pytest.mark.browser
def test_the_browser_check_hears_a_console(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<meta charset=utf-8><script>undefinedFunction()</script>")
    _, console = open_in_browser(tmp_path / "page.html", tmp_path / "profile")
    assert any("undefinedFunction" in line for line in console)


def write_three(path: Path) -> Path:
    """A run of three scenarios: one with all that can be told of, one with rows that must be absent, one abandoned."""
    with RunWriter.create(path, {"seed": 1}) as writer:
        for scenario in ("1", "2"):
            line = {"time_s": 4.0, "scenario": scenario, "producer": "AMI", "receiver": "MDMS"}
            writer.append("trace", line | {"information": "Readings", "payload": {"silent": [f"net_meter_{scenario}"]}})
            proof = {"quantity": "voltage", "value": 120.0, "unit": "V", "uncertainty": 0.0, "verdict": "PASS"}
            clause = f"clause of scenario {scenario}"
            writer.append("measurements", {"time_s": 5.0, "scenario": scenario, **proof, "clause": clause})
        rows = [
            {"row": "2.5", "occurrence": "e1", "state": "MET"},
            {"row": "2.5", "occurrence": "e2", "state": "MET"},
            {"row": "2.6", "state": "ABSENT_AS_REQUIRED", "reason": "storage sufficed"},
            {"row": "2.7.1.3.1A.1", "instance": "premise_s1", "state": "NOT_APPLICABLE", "reason": "took another"},
        ]
        conditions = [
            {
                "text": "Volt-var is on",
                "party": "Customer",
                "how": "measurement",
                "held": False,
                "evidence": "4 of 5 on",
            }
        ]
        played = {"feature": "a.feature", "people": "operator"}
        scenarios = [
            {"id": "1", "title": "first", "verdict": "NOT_RUN", "preconditions": conditions, **played},
            {"id": "2", "title": "second", "verdict": "PASS", "rows": {"expected": 3, "met": 3, "items": rows}},
            {"id": "3", "title": "third", "verdict": "ERROR", "reason": "did not open"},
        ]
        writer.finish({"verdict": "ERROR", "simulated": True, "scenarios": scenarios})
    return path


def test_a_run_of_several_scenarios_has_contents_that_lead_to_every_part(tmp_path: Path) -> None:
    page = page_of(write_three(tmp_path / "run"))
    ids = [value for name, value in page.attributes if name == "id"]
    links = [value.removeprefix("#") for name, value in page.attributes if name == "href" and value.startswith("#")]
    assert len(ids) == len(set(ids)), "two parts have one name"
    assert set(links) <= set(ids), f"links that lead nowhere: {set(links) - set(ids)}"
    for part in ("preconditions", "rows", "proofs", "handled"):
        assert {f"{part}-{number}" for number in (1, 2, 3)} <= set(links), part


def part_of(page: Page, start: str, end: str) -> str:
    return page.text.partition(start)[2].partition(end)[0]


def test_each_scenario_shows_its_own_preconditions_proofs_and_what_was_handled(tmp_path: Path) -> None:
    page = page_of(write_three(tmp_path / "run"))
    first = part_of(page, "Scenario 1 · first", "Scenario 2 · second")
    second = part_of(page, "Scenario 2 · second", "Scenario 3 · third")
    for wanted in ("Volt-var is on", "4 of 5 on", "measurement does not hold", "clause of scenario 1", "net_meter_1"):
        assert wanted in first, wanted
        assert wanted not in second, wanted
    assert "people's rows were done by a person at a prompt" in first
    assert "clause of scenario 2" in second
    assert "net_meter_2" in second


def test_rows_that_must_be_absent_or_do_not_apply_are_shown_as_that_with_their_reason(tmp_path: Path) -> None:
    second = part_of(page_of(write_three(tmp_path / "run")), "Scenario 2 · second", "Scenario 3 · third")
    for wanted in ("ABSENT AS REQUIRED", "storage sufficed", "NOT APPLICABLE", "took another", "counted as met"):
        assert wanted in second, wanted
    again = second.partition("Rows that occurred more than once")[2].partition("Physical proofs")[0]
    assert re.findall(r"\be[12]\b", again) == ["e1", "e2"]
