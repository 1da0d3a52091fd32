"""An inverter certified behind a PV simulator: its irradiance is what the rig supplies. What fits in a bench file."""

from copy import deepcopy
from functools import partial
from pathlib import Path

import pytest

from bench.config import BenchFile, load_bench
from instruments.errors import ConfigError
from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.bench_changed import Change, bench_changed
from tests.certification.test_certify import ROOT, certify

PATH = ROOT / "fixtures" / "benches" / "certify_pv.yaml"
DIALECTS = ("scpi_ametek_terrasas",)


changed = partial(bench_changed, PATH)


@pytest.mark.long
@pytest.mark.parametrize("driver", DIALECTS)
def test_a_share_of_rated_power_is_a_share_of_the_sun(driver: str, tmp_path: Path) -> None:
    bench = changed(tmp_path, lambda devices: devices["pv_simulator"].update(driver=driver))
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", "volt-VAR characteristic 1 at 20 %", bench=bench)
    assert done.exit_code == 0, done.output
    run = RunDirectory.open(tmp_path / "run").run
    (test,) = run.scenarios
    assert test.verdict is Verdict.PASS, test.reason
    assert run.devices["pv_simulator"]["role"] == "pv_simulator"
    wire = (tmp_path / "run" / "wire.jsonl").read_text(encoding="utf-8")
    assert wire.count('"endpoint": "pv_simulator"') > 5


def load(folder: Path, change: Change) -> BenchFile:
    return load_bench(changed(folder, change))


def test_the_simulator_is_no_battery(tmp_path: Path) -> None:
    bench = load(tmp_path, lambda devices: devices)
    assert bench.behind_inverter == {}
    assert bench.pv_simulator_of("inverter") == "pv_simulator"
    assert bench.pv_simulator_of("power_analyzer") is None


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d["inverter"].pop("dc_source"), "it stands in front of one inverter, .* found: none"),
        (lambda d: d.update(second=deepcopy(d["inverter"])), "found: inverter, second"),
        (lambda d: d["pv_simulator"].pop("emulate"), "one of it and inverter is real"),
        (lambda d: d["pv_simulator"].pop("array"), "array: it is missing"),
        (lambda d: d["pv_simulator"]["array"].update(voc_v=300), "open and short circuit lie beyond"),
        (lambda d: d["grid_simulator"].update(array=d["pv_simulator"]["array"]), "array: it is none"),
        (lambda d: d["pv_simulator"].update(limits={"frequency_hz": [1, 2]}), "is held to frequency_hz"),
        (lambda d: d["inverter"].update(dc_source="sun"), "sun"),
    ],
)
def test_what_cannot_be_wired_is_told(change: Change, match: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=match):
        load(tmp_path, change)
