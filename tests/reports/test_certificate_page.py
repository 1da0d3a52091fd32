"""The page of a certification: what a vendor and a laboratory look for on it, and what must not be on it."""

import html
import re
from pathlib import Path

import pandas as pd
import pytest
from browser import open_in_browser
from synthetic_certification import finding, volt_var, write_certification

from reports.html import html_report
from reports.html.certificate import DECIDED, certificate
from reports.html.criterion_charts import Numbered, criterion_charts
from reports.html.series_charts import series_charts
from reports.pdf import add_pdf
from reports.rendering import render
from reports.run_directory import CriterionLine, RunDirectory, integrity
from reports.verdict import Verdict

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certification(tmp_path_factory.mktemp("emulated") / "run")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certification(tmp_path_factory.mktemp("real") / "run", real=True)


@pytest.fixture(scope="module")
def emulated_page(emulated: Path) -> str:
    return html_report(RunDirectory.open(emulated))


@pytest.fixture(scope="module")
def real_page(real: Path) -> str:
    return html_report(RunDirectory.open(real))


def text_of(page: str) -> str:
    """Return what a person reads on a page, in one line; charts' texts are part of it."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize(
    "told",
    [
        "Sunny Works SW-25 , serial number A-100, firmware 2.7.1",
        "B normal · III abnormal",
        "apparent power 25000 VA",
        "IEEE 1547.1-2020 type tests · version 7",
        "lab.yaml",
        "PA-9 0.25 % (expanded, k = 2) 2026-01-15 2027-01-15",
        "AC-7 voltage 0.1 % of reading + 0.05 % of 300 V (limits of error; k = 2) 2026-01-15 2027-01-15",
        "the procedures took 3.0 h of the equipment's time",
        "1 figure of the suite is not confirmed by its file, against the standard or manual that it is from: "
        "volt_var.curves 2",
        "1 of 4 clauses passed",
        "5.14.4 Volt-var PASS 1 of 5",
        "5.8 Interconnection integrity NOT RUN surges need a laboratory",
        "3 of 3 are not inside",
        "link broke",
        "Largest raw error: +0.1 pu",
    ],
)
def test_the_page_says_who_was_tested_by_what_and_what_came_of_it(real_page: str, told: str) -> None:
    assert told in text_of(real_page)


def test_what_was_emulated_is_marked_on_every_page_and_what_was_real_is_not(emulated_page: str, real_page: str) -> None:
    for text, marked in ((text_of(emulated_page), True), (text_of(real_page), False)):
        assert ("SIMULATED" in text) is marked
        assert ("It says nothing about any real device." in text) is marked


def test_what_its_maker_states_in_the_bench_file_is_on_the_page_and_nothing_where_he_states_nothing(
    tmp_path: Path, real_page: str
) -> None:
    stated = {"capacity_kwh": 50.0, "efficiency_pct": 90.0, "response_s": 3.0, "self_discharge_pct_per_day": 0.1}
    path = write_certification(tmp_path / "run", real=True, device={"role": "battery", "stated": stated})
    text = text_of(html_report(RunDirectory.open(path)))
    assert "Stated by its maker capacity 50 kWh · efficiency of a round trip 90 % · response to a set-point 3 s" in text
    assert "Stated by its maker" not in text_of(real_page)


def test_an_emulator_that_another_process_serves_as_real_equipment_makes_no_certificate_of_a_real_device(
    tmp_path: Path, real_page: str
) -> None:
    path = write_certification(tmp_path / "run", real=True, device={"identity": {"manufacturer": "derbench"}})
    page = html_report(RunDirectory.open(path))
    assert '<div class="watermark"' in page
    assert "The bench file calls inverter real, and what answered there says that it is an emulator" in text_of(page)
    assert "inverter (emulated in another process)" in text_of(page)
    assert "inverter (real)" in text_of(real_page)


def test_the_files_that_the_bench_file_begins_with_are_named_with_their_hashes(tmp_path: Path) -> None:
    like = {"path": "rig.yaml", "sha256": "a" * 64}
    bench = {"path": "lab.yaml", "sha256": "0" * 64, "like": [like]}
    path = write_certification(tmp_path / "run", bench=bench)
    assert f"like rig.yaml sha256 {'a' * 64}" in text_of(html_report(RunDirectory.open(path)))


def test_whatever_a_device_says_stays_text(tmp_path: Path) -> None:
    entry = {"id": "5.6", "variant": HOSTILE, "title": HOSTILE, "verdict": "ERROR", "reason": HOSTILE}
    page = html_report(RunDirectory.open(write_certification(tmp_path / "run", hostile=HOSTILE, scenarios=[entry])))
    assert "<script" not in page
    assert html.escape(HOSTILE, quote=False).replace('"', "&#34;") in page


def test_each_printed_page_names_the_run_and_a_hostile_name_stays_inside_the_style(tmp_path: Path) -> None:
    path = write_certification(tmp_path / 'run";} * {display: none} <b>')
    page = html_report(RunDirectory.open(path))
    (foot,) = re.findall(r'content: "run ([^"]*)"', page)
    assert re.fullmatch(r"[\w.-]+", foot, flags=re.ASCII)


def test_the_same_files_give_the_same_bytes(emulated: Path, emulated_page: str) -> None:
    assert html_report(RunDirectory.open(emulated)) == emulated_page


def test_files_that_were_changed_are_no_certificate(tmp_path: Path) -> None:
    path = write_certification(tmp_path / "run", scenarios=[])
    log = path / "measurements.jsonl"
    log.write_text(log.read_text().replace('"value": 0.1', '"value": 0.0'))
    assert "The files are not as the run left them" in html_report(RunDirectory.open(path))
    assert certificate(RunDirectory.open(path)).verdict is Verdict.ERROR


def test_a_run_that_was_cut_off_says_so(tmp_path: Path) -> None:
    path = write_certification(tmp_path / "run", scenarios=[])
    (path / "run.json").write_text((path / "run.json").read_text().replace('"complete": true', '"complete": false', 1))
    assert "The run did not finish" in html_report(RunDirectory.open(path))


def test_the_findings_that_decided_are_the_worst_and_then_the_nearest_to_their_limits(tmp_path: Path) -> None:
    errors = [0.001 * number for number in range(2 * DECIDED)]
    errors[3], errors[8] = 0.2, -0.07
    findings = [finding(f"reactive power {n}", error, 0.0, float(n)) for n, error in enumerate(errors)]
    findings += [finding("reactive power that nobody measured", None, 0.0, 99.0)]
    entry = {"id": "5.14.4", "variant": "x", "verdict": "FAIL", "findings": findings}
    path = write_certification(tmp_path / "other", scenarios=[entry])
    (test,) = certificate(RunDirectory.open(path)).tests
    assert [found.number for found in test.decided[:3]] == [4, 2 * DECIDED + 1, 9], "FAIL, not measured, near a limit"
    assert len(test.decided) == DECIDED
    assert test.errors["pu"].error == pytest.approx(0.2), "what was not measured has no error"


def lines(offset_pu: float = 0.0) -> list[Numbered]:
    return [
        Numbered(
            number, CriterionLine(**entry | {"verdict": Verdict(entry["verdict"])}), number if number < 3 else None
        )
        for number, entry in enumerate(volt_var(offset_pu), start=1)
    ]


def test_a_criterion_is_drawn_with_its_stimulus_its_band_its_guard_band_and_what_decided() -> None:
    (chart,) = criterion_charts("5.14.4", lines(0.1))
    for told in ("measured stimulus (pu)", "response (pu)", "raw error (pu)", "guard band", "band", "target"):
        assert f">{told}<" in chart.svg, f"the chart does not name its {told}"
    assert ">measured, not inside<" in chart.svg
    assert ">decided<" in chart.svg


def test_findings_of_other_units_have_charts_of_their_own() -> None:
    own = lines()
    late = CriterionLine("clearing time", "s", 1.0, 1.2, 0.17, 0.16, 0.01, float("-inf"), 0.16, 0.001, Verdict.FAIL)
    charts = criterion_charts("5.4.2", [*own, Numbered(9, late, 1)])
    assert [chart.title.rpartition(" ")[2] for chart in charts] == ["(pu)", "(s)"]
    assert "nan" not in charts[1].svg
    assert "inf" not in charts[1].svg


def test_over_time_the_stimulus_is_drawn_that_moves_and_what_led_to_the_point_that_decided(emulated: Path) -> None:
    run = RunDirectory.open(emulated)
    table = run.series(run.run.scenarios[0])
    assert table is not None
    titles = [chart.title for chart in series_charts("5.14.4", table, lines())]
    assert titles == [
        "Stimulus over time",
        "Response over time, with the band of each finding",
        "Stimulus before finding 1",
        "Response before finding 1, with the band of each finding",
    ]
    assert [c.title for c in series_charts("x", table.assign(voltage_1_pu=1.0, voltage_2_pu=1.0, voltage_3_pu=1.0), [])]


def test_without_chromium_it_says_so_plainly_and_leaves_no_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "certificate.pdf").write_bytes(b"%PDF- of another run")
    told = add_pdf(tmp_path)
    assert told.startswith("no certificate.pdf: there is no chromium")
    assert str(tmp_path / "report.html") in told
    assert not (tmp_path / "certificate.pdf").exists(), "an old one would be taken for that of this run"


@pytest.mark.parametrize("script", ["exit 7", "exit 0", 'echo no > "${0%/*}/certificate.pdf"; exit 0'])
def test_a_browser_that_prints_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    browser = tmp_path / "chromium"
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert "printed none" in add_pdf(tmp_path)
    assert not (tmp_path / "certificate.pdf").exists()


def test_the_page_opens_in_a_browser_without_a_word_of_complaint(emulated_page: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(emulated_page, encoding="utf-8")
    document, told = open_in_browser(page, tmp_path)
    assert "Sunny Works" in document
    assert told == [], "the console has messages"


def test_the_printed_certificate_is_in_the_manifest_of_what_was_rendered(emulated: Path) -> None:
    rendered = render(emulated)
    told = add_pdf(rendered)
    if told.startswith("no certificate.pdf: there is no"):
        pytest.skip(told)
    assert told == f"certificate: {rendered / 'certificate.pdf'}"
    assert (rendered / "certificate.pdf").read_bytes().startswith(b"%PDF-")
    assert integrity.verify(emulated) == []
    (rendered / "certificate.pdf").write_bytes(b"%PDF- of another")
    assert [found.file for found in integrity.verify(emulated)] == ["rendered/certificate.pdf"]


def control_table(current_a: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time_s": [0.0, 1.0, 2.0, 3.0],
            "sensed_v": [120.0, 118.0, 118.0, 120.0],
            "sensed_a": current_a,
            "sensed_deg": -30.0,
            "position": [0, 0, 0, 1],
            "closures_up": [0, 0, 1, 1],
            "closures_down": 0,
        }
    )


@pytest.mark.parametrize("current_a", [0.0, 4.0])
def test_of_a_control_voltage_position_and_closures_are_drawn_and_the_current_where_there_was_one(
    current_a: float,
) -> None:
    charts = series_charts("DELAY", control_table(current_a), [])
    titles = [chart.title for chart in charts]
    assert ("Sensed current and its angle over time" in titles) is (current_a > 0.0)
    assert titles[0] == "Sensed voltage and position over time"
    assert titles[-1] == "Closures of contacts over time"
    assert ">raise, close<" in charts[-1].svg


@pytest.mark.parametrize(
    ("role", "own", "foreign"),
    [("load_tap_changer", "raise|lower|tap", "close|open"), ("capacitor_bank", "close|open", "raise|lower|tap")],
)
def test_a_controls_contacts_and_apparatus_are_called_as_its_trade_calls_them(
    role: str, own: str, foreign: str
) -> None:
    drawn = "".join(chart.svg for chart in series_charts("DELAY", control_table(0.0), [], role))
    told = {text.strip() for text in re.findall(r">([^<>]+)<", drawn)}
    assert set(own.split("|")) <= told
    assert not told & set(foreign.split("|")), "words of the other kind of control"


def test_counts_that_are_as_they_must_be_are_in_no_chart() -> None:
    one, none = (CriterionLine("closures", "closures", 1, 1, n, 1, n - 1, 1, 1, 0.0, Verdict.PASS) for n in (1, 0))
    assert criterion_charts("BAND", [Numbered(1, one)]) == []
    (chart,) = criterion_charts("BAND", [Numbered(1, one), Numbered(2, none, 1)])
    assert chart.title.endswith("(closures)")
