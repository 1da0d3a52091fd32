"""A DMS in another process, over a real broker, in wall time; and what is told when a bench file has it wrong."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from click.testing import Result

from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.mosquitto import free_port, mosquitto

BENCHES = Path(__file__).parents[2] / "fixtures" / "benches"
Bench = Callable[..., Result]
COMMAND = Path(sys.executable).with_name("bench")


def bench_file(folder: Path, port: int, **changes: object) -> Path:
    """The bench of the repository at another port, with an event that comes soon and a horizon soon after."""
    document = {
        "like": str(BENCHES / "outside_dms.yaml"),
        "clock": {"mode": "wall", "slip_tolerance_s": 20.0},
        "environment": {"cloud": {"calm_s": 2, "fall_s": 2}},
        "range_a": {"interval_s": 10, "recover_s": 10},
        "ami": {"event_poll_s": 5},
        "horizon_s": 45,
        "systems": {"dms": {"broker": f"mqtt://127.0.0.1:{port}", "topic": "derbench/dms", "wait_s": 5}},
    }
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(document | changes), encoding="utf-8")
    return path


@contextmanager
def dms_of(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [COMMAND, "emulate", "--bench", path, "--system", "dms"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        assert (told["name"], told["protocol"]) == ("dms", "mqtt")
        assert json.loads(process.stdout.readline()) == {"ready": True}
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.long
def test_a_dms_in_another_process_acts_in_the_story(bench: Bench, tmp_path: Path) -> None:
    """As far as three quarters of a minute go: alerts, the affected area, and the battery."""
    with mosquitto(tmp_path) as (port, _):
        path = bench_file(tmp_path, port)
        with dms_of(path):
            story = "The utility brings the voltage back"
            feature = BENCHES.parents[1] / "features" / "voltage_profile.feature"
            told = bench("run", feature, "--scenario", story, "--bench", path, "--out", tmp_path / "run")
    run = RunDirectory.open(tmp_path / "run").run
    states = {item.row: str(item.state) for item in run.scenarios[0].items}
    assert run.devices["dms"]["identity"]["model"] == "distribution management system", told.output
    assert {states[row] for row in ("1.2.1", "1.3.1")} == {"MET"}, told.output
    assert run.verdict is Verdict.NOT_RUN, "three quarters of a minute are not enough for the whole story"


def refusal(told: Result, *words: str) -> None:
    assert all(word in told.stderr for word in words), told.stderr
    assert "Traceback" not in told.stderr


def test_without_a_broker_and_without_a_hello_the_bench_is_broken_by_name(bench: Bench, tmp_path: Path) -> None:
    port = free_port()
    told = bench("emulate", "--bench", bench_file(tmp_path, port), "--system", "dms")
    assert told.exit_code == 3
    refusal(told, f"no broker answers at mqtt://127.0.0.1:{port}")
    path = bench_file(tmp_path, port)
    told = bench("doctor", "--bench", path)
    assert told.exit_code == 3
    assert f"fault  dms: no broker answers at mqtt://127.0.0.1:{port}" in told.output


def test_the_doctor_says_whether_a_system_has_said_hello(bench: Bench, tmp_path: Path) -> None:
    with mosquitto(tmp_path) as (port, _):
        systems = {"dms": {"broker": f"mqtt://127.0.0.1:{port}", "topic": "derbench/dms", "wait_s": 0.2}}
        path = bench_file(tmp_path, port, systems=systems)
        assert "fault  dms: nobody said hello under 'derbench/dms/hello'" in bench("doctor", "--bench", path).output
        with dms_of(path):
            told = bench("doctor", "--bench", path)
    assert "ok     dms: derbench, distribution management system" in told.output
    assert told.exit_code == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clock": {"mode": "virtual"}}, ["what is outside lives in wall time, not in virtual time: dms"]),
        ({"systems": {"dms": {"broker": "tcp://x:1", "topic": "t"}}}, ["systems.dms.broker", "mqtt://HOST:PORT"]),
        ({"systems": {"dms": {"broker": "mqtt://x:70000", "topic": "t"}}}, ["systems.dms.broker"]),
        ({"systems": {"dms": {"broker": "mqtt://x:1883", "topic": "a/#"}}}, ["systems.dms.topic"]),
        ({"systems": {"dms": {"broker": "mqtt+tls://x:1883", "topic": "t"}}}, ["systems.dms.tls"]),
        ({"systems": {"dms": {"broker": "mqtt://x:1883", "topic": "t", "user": "u"}}}, ["`user` and `password`"]),
        ({"systems": {"dmz": {"broker": "mqtt://x:1883", "topic": "t"}}}, ["systems.dmz", "'dms'"]),
        ({"systems": {"dms": {"brokr": "mqtt://x:1883", "topic": "t"}}}, ["did you mean 'broker'?"]),
    ],
)
def test_what_is_wrong_about_a_system_is_told_with_its_place(
    bench: Bench, tmp_path: Path, changes: dict[str, object], words: list[str]
) -> None:
    told = bench("doctor", "--bench", bench_file(tmp_path, 1883, **changes))
    assert told.exit_code == 2
    refusal(told, *words)


def test_only_what_can_be_played_is_played(bench: Bench, tmp_path: Path) -> None:
    told = bench("emulate", "--bench", bench_file(tmp_path, 1883), "--system", "mdms")
    assert told.exit_code == 2
    refusal(told, "no system 'mdms' can be played: dms can; the bench file has dms")
