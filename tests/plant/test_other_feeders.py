"""The same story on public test feeders, by a bench file alone and through the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.use_case.dewey import parse
from bench.use_case.tables import load as load_use_case

ROOT = Path(__file__).parents[2]
DECKS = ROOT.parent / "shared" / "feeders"
STORY = ROOT / "features" / "voltage_profile.feature"
COMMAND = (sys.executable, "-c", "import sys; from bench.cli import main; sys.exit(main())")
NOT_RUN = 5

pytestmark = pytest.mark.skipif(not DECKS.is_dir(), reason="the public test feeders are not beside this checkout")


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "DERBENCH_FEEDERS": str(DECKS)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def play(bench_file: Path, out: Path) -> tuple[int, dict[str, Any], str]:
    """Play the story; return exit code, the scenario of run.json, and what was printed."""
    done = bench("run", STORY, "--bench", bench_file, "--out", out)
    told = done.stdout + done.stderr
    assert (out / "run.json").is_file(), told
    return done.returncode, json.loads((out / "run.json").read_text())["scenarios"][0], told


def bench_file(feeder: str) -> Path:
    return ROOT / "fixtures" / "benches" / f"{feeder}.yaml"


def not_met(scenario: dict[str, Any]) -> list[str]:
    return [item["row"] for item in scenario["rows"]["items"] if item["state"] not in {"MET", "DERIVED"}]


@pytest.mark.parametrize("feeder", [pytest.param("ieee13", marks=pytest.mark.long), "ieee123"])
def test_the_first_event_is_met_and_the_second_is_told_not_to_be_possible(feeder: str, tmp_path: Path) -> None:
    """These benches have neither heat nor customers: what needs them is not run, and said to be so."""
    code, scenario, told = play(bench_file(feeder), tmp_path / "run")
    second_event = [row.number for row in load_use_case().rows_of("1", None) if parse(row.number)[1].number >= 14]
    assert len(second_event) == 38, "rows 1.14 to 1.24.2"
    assert (code, scenario["verdict"]) == (NOT_RUN, "NOT_RUN"), told
    assert sorted(not_met(scenario)) == sorted(second_event), told
    assert {item["state"] for item in scenario["rows"]["items"] if item["row"] in second_event} == {"NOT_RUN"}, told
    assert "the bench file's environment has no `heat`" in told


@pytest.mark.long
def test_a_feeder_whose_taps_are_at_their_end_is_not_passed_beyond_its_banks(tmp_path: Path) -> None:
    code, scenario, told = play(bench_file("ieee34"), tmp_path / "run")
    assert (code, scenario["verdict"]) == (NOT_RUN, "NOT_RUN"), told
    assert not_met(scenario)[0] == "1.10", told


@pytest.mark.long
def test_the_8500_node_feeder_raises_its_alerts_and_dispatches(tmp_path: Path) -> None:
    _, scenario, told = play(bench_file("ieee8500"), tmp_path / "run")
    met = {item["row"] for item in scenario["rows"]["items"]} - set(not_met(scenario))
    assert {"1.1", "1.2.1", "1.2.2", "1.4.4", "1.6.2"} <= met, told
    assert len(scenario["meters"]) == 1177


def test_a_cloud_that_moves_nothing_is_not_passed(tmp_path: Path) -> None:
    """At nominal load no service leaves Range A: rows that nothing called for are no success."""
    text = bench_file("ieee123").read_text().replace("load_pu: 1.52", "load_pu: 0.9")
    text = text.replace("../point_maps", str(ROOT / "fixtures" / "point_maps")).replace(
        "horizon_s: 1200", "horizon_s: 420"
    )
    light = tmp_path / "light.yaml"
    light.write_text(text)
    code, scenario, told = play(light, tmp_path / "run")
    assert (code, scenario["verdict"], scenario["rows"]["met"]) == (NOT_RUN, "NOT_RUN", 0), told


def test_an_ungrounded_delta_is_refused_with_its_reason(tmp_path: Path) -> None:
    deck = tmp_path / "delta.dss"
    deck.write_text(
        "clear\nnew circuit.mine basekv=4.8\n"
        "new line.a bus1=sourcebus bus2=b length=1 units=km\n"
        "new load.x bus1=b.1.2 phases=1 conn=delta kv=4.8 kw=50 kvar=20\n"
        "set voltagebases=[4.8]\ncalcvoltagebases\n"
    )
    refused = tmp_path / "delta.yaml"
    refused.write_text(f"bench: delta\nfeeder: {{model: {deck}, services: true}}\ndevices: {{}}\n")
    done = bench("run", STORY, "--bench", refused, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert "an ungrounded delta has no line-to-neutral voltage" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
