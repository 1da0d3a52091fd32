"""Data of a certification for other programs."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_certification import finding, volt_var, write_certification

from reports.data_files import settings_csv
from reports.rendering import render
from reports.run_directory import RunDirectory


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(write_certification(tmp_path_factory.mktemp("data") / "run"))


def test_findings_are_the_same_in_csv_and_parquet_and_the_record(rendered: Path) -> None:
    data = rendered / "data"
    text, table = pd.read_csv(data / "findings.csv"), pd.read_parquet(data / "findings.parquet")
    pd.testing.assert_frame_equal(text, table, check_dtype=False, rtol=1e-8)
    recorded = [*volt_var(), *volt_var(0.1)]
    for column in ("what", "stimulus", "response", "target", "error", "lower", "upper", "uncertainty", "verdict"):
        assert table[column].tolist() == [entry[column] for entry in recorded], column
    assert set(table["clause"]) == {"5.14.4", "5.14.9"}


def test_a_limit_that_there_is_not_and_what_was_not_measured_are_empty(tmp_path: Path) -> None:
    found = finding("time until power comes", None, 300.0, 1.0, upper=None, unit="s")
    entry = {"id": "5.6", "variant": "", "verdict": "NOT_RUN", "findings": [found]}
    folder = render(write_certification(tmp_path / "run", scenarios=[entry]))
    with (folder / "data" / "findings.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["lower"], line["upper"], line["response"]) == ("299.925", "", "")


def test_each_series_is_there_in_text_with_time_first(rendered: Path) -> None:
    run = RunDirectory.open(rendered.parent)
    for scenario in run.run.scenarios[:2]:
        assert scenario.series is not None
        table = run.series(scenario)
        assert table is not None
        text = pd.read_csv(rendered / "data" / f"{Path(scenario.series).stem}.csv")
        assert text.columns[0] == "time_s"
        for column in table:
            np.testing.assert_allclose(text[column], table[column], rtol=1e-8, err_msg=str(column))


def test_the_settings_file_has_one_label_and_its_value_a_line(rendered: Path) -> None:
    with (rendered / "settings-as-set.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    assert lines[:2] == [["PARAMETER", "VALUE"], ["MT_FILE_INFO_TYPE", "AS"]]
    assert dict(lines[2:]) == {"NP_P_MAX": "25000.0", "QV_MODE_ENABLE-AS": "ENABLED", "QV_CURVE_V1-AS": "0.92"}


def test_a_text_with_commas_and_quotes_stays_one_value() -> None:
    (line,) = list(csv.reader(settings_csv({"COMMENT": 'a, "b"'}).decode().splitlines()))[2:]
    assert line == ["COMMENT", 'a, "b"']
