"""`bench certify` and `bench doctor` with AC sources of every dialect: whatever is spoken, clauses end alike."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bench.cli import main
from reports.run_directory import RunDirectory
from reports.verdict import Verdict

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "fixtures" / "benches" / "certify_inverter.yaml"
SITE = "name,kind,owner,bus,nodes,kv,rating_kva,energy_kwh,service\nrooftop,pv,customer,s217,1.2,0.24,25.0,0.0,\n"


def bench_with(folder: Path, driver: str) -> Path:
    """The bench that certifies an inverter, with a source of another dialect in it."""
    changes = {"like": str(BENCH), "devices": {"grid_simulator": {"driver": driver}}}
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(changes), encoding="utf-8")
    return path


def one_phase_bench(folder: Path) -> Path:
    """A rooftop inverter on a 240 V service, behind instruments of one phase."""
    (folder / "sites.csv").write_text(SITE, encoding="utf-8")
    document = yaml.safe_load(BENCH.read_text(encoding="utf-8"))
    document["feeder"] = {
        "model": str((BENCH.parent / document["feeder"]["model"]).resolve()),
        "sites": str(folder / "sites.csv"),
    }
    devices = document["devices"]
    devices["grid_simulator"] |= {"driver": "scpi_keysight_ac6800", "phases": 1}
    devices["power_analyzer"]["phases"] = 1
    devices["inverter"]["emulate"] |= {"rating_kva": 10, "nominal_v": 240}
    document["terminals"]["under_test"]["site"] = "rooftop"
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def certify(bench: Path, out: Path, scenario: str) -> Result:
    arguments = ["certify", "--bench", str(bench), "--device", "inverter", "--suite", "ieee1547.1", "--out", str(out)]
    return CliRunner().invoke(main, [*arguments, "--scenario", scenario])


def verdicts(out: Path) -> list[tuple[str, Verdict, str]]:
    return [(test.id, test.verdict, test.reason) for test in RunDirectory.open(out).run.scenarios]


@pytest.mark.long
@pytest.mark.parametrize("driver", ["scpi_ametek_mx", "scpi_chroma_61600", "scpi_pacific_upc"])
def test_a_clause_is_passed_behind_a_source_of_each_dialect(tmp_path: Path, driver: str) -> None:
    done = certify(bench_with(tmp_path, driver), tmp_path / "run", "Watt-var characteristic 1")
    assert done.exit_code == 0, done.output
    assert [(clause, verdict) for clause, verdict, _ in verdicts(tmp_path / "run")] == [("5.14.8", Verdict.PASS)]


@pytest.mark.long
def test_an_inverter_of_one_phase_is_certified_behind_a_source_of_one(tmp_path: Path) -> None:
    done = certify(one_phase_bench(tmp_path), tmp_path / "run", "Watt-var characteristic 1")
    assert done.exit_code == 0, done.output
    assert [(clause, verdict) for clause, verdict, _ in verdicts(tmp_path / "run")] == [("5.14.8", Verdict.PASS)]


@pytest.mark.long
@pytest.mark.parametrize("driver", ["scpi_chroma_61600", "scpi_pacific_upc"])
def test_a_jump_of_all_angles_is_not_run_behind_a_source_that_has_none(tmp_path: Path, driver: str) -> None:
    certify(bench_with(tmp_path, driver), tmp_path / "run", "phase angle")
    ((clause, verdict, reason),) = verdicts(tmp_path / "run")
    assert (clause, verdict) == ("5.5-phase-angle", Verdict.NOT_RUN)
    assert "the angle of phase 1 by itself" in reason


@pytest.mark.long
def test_sags_are_ridden_through_behind_a_source_with_a_selected_phase(tmp_path: Path) -> None:
    done = certify(bench_with(tmp_path, "scpi_ametek_mx"), tmp_path / "run", "Low-voltage ride-through at 100")
    assert done.exit_code == 0, done.output


@pytest.mark.long
def test_phases_that_are_wired_otherwise_than_the_device_has_them_are_told(tmp_path: Path) -> None:
    path = one_phase_bench(tmp_path)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["terminals"]["under_test"]["site"] = "utility_pv"
    document["feeder"]["sites"] = str(BENCH.parents[1] / "feeders" / "reference" / "sites.csv")
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    done = certify(path, tmp_path / "run", "Watt-var characteristic 1")
    assert done.exit_code in {2, 3}, done.output
    assert "wired with 1 phase(s), and inverter has 3" in verdicts(tmp_path / "run")[0][2]


def test_the_doctor_says_which_dialect_is_spoken_and_how_much_of_it_is_confirmed(tmp_path: Path) -> None:
    for driver, told in (("scpi_generic", "; dialect generic"), ("scpi_ametek_mx", "; dialect ametek_mx, ")):
        done = CliRunner().invoke(main, ["doctor", "--bench", str(bench_with(tmp_path, driver))])
        assert done.exit_code == 0, done.output
        (line,) = (line for line in done.output.splitlines() if "grid_simulator:" in line)
        assert told in line
        assert line.endswith("not confirmed") == (driver == "scpi_ametek_mx")


def test_an_unknown_dialect_names_those_that_there_are(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", "--bench", str(bench_with(tmp_path, "scpi_ametek"))])
    assert done.exit_code == 2, done.output
    assert "scpi_ametek_mx" in done.output
