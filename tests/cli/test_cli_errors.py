"""What a user gets for bad input: one readable message, the right exit code, no traceback."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from bench_files import small_bench, written
from click.testing import CliRunner

import bench.commands.run as run_command
from bench.cli import DEFAULT_BENCH, main

COMMAND = Path(sys.executable).with_name("bench")
ALL = ("run", "certify", "emulate", "doctor", "verify", "report", "compare", "faults", "speed", "use-case")


def refused(result, code=2):
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("command", ALL)
def test_every_command_has_help(bench, command):
    assert bench(command, "--help").exit_code == 0


def test_help_imports_nothing_heavy():
    code = "import sys; from bench.cli import main; print([m for m in sys.modules if m in {'numpy', 'pytest', 'dss'}])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_installed_command_tells_a_usage_error_by_its_exit_code():
    done = subprocess.run([COMMAND, "doctor", "--bench", "nowhere.yaml"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: cannot read the bench file nowhere.yaml: ")
    assert done.stderr.count("\n") == 1


def test_an_unknown_command_lists_the_known_and_the_nearest(bench):
    message = refused(bench("verfy", "somewhere"))
    assert "did you mean 'verify'?" in message
    assert all(command in message for command in ALL)
    assert "did you mean 'show'?" in refused(bench("use-case", "shwo", "1.1"))


@pytest.mark.parametrize("command", ["run", "emulate", "doctor"])
def test_every_error_of_a_bench_file_is_told_at_once(bench, tmp_path, command):
    wrong = small_bench(utility_pv={"drivr": "sunspec"})
    wrong["horizn_s"] = 5
    message = refused(bench(command, "--bench", written(wrong, tmp_path)))
    assert "2 errors" in message
    assert "did you mean 'driver'?" in message
    assert "did you mean 'horizon_s'?" in message


@pytest.mark.parametrize("command", ["emulate", "doctor"])
def test_a_missing_feeder_is_named(bench, tmp_path, command):
    wrong = small_bench()
    wrong["feeder"]["model"] = "gone.dss"
    assert str(tmp_path / "gone.dss") in refused(bench(command, "--bench", written(wrong, tmp_path)))


@pytest.mark.parametrize("command", ["emulate", "doctor"])
def test_a_port_in_use_is_named(bench, tmp_path, command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        wrong = small_bench(utility_pv={"resource": f"modbus+tcp://{address}/1"})
        result = bench(command, "--bench", written(wrong, tmp_path))
    assert result.exit_code == 2
    assert f"cannot listen on {address}: the address is in use" in result.stderr


def test_a_device_that_is_another_is_an_error_of_the_bench_and_hides_no_other_fault(bench, tmp_path):
    free = socket.create_server(("127.0.0.1", 0))
    silent = f"127.0.0.1:{free.getsockname()[1]}"
    free.close()
    wrong = small_bench(
        utility_pv={"identity": {"manufacturer": "Somebody", "model": "X1"}},
        utility_inverter={"resource": f"modbus+tcp://{silent}/1"},
    )
    wrong["devices"]["utility_inverter"]["emulate"]["listen"] = "127.0.0.1:0"  # and nobody at its resource
    result = bench("doctor", "--bench", written(wrong, tmp_path))
    assert result.exit_code == 3, result.output
    faults = [line for line in result.stdout.splitlines() if line.startswith("fault")]
    assert "utility_pv" in "".join(faults)
    assert "manufacturer is 'derbench', not 'Somebody'; model is 'emulated inverter', not 'X1'" in "".join(faults)
    assert f"cannot connect to utility_inverter at {silent}" in "".join(faults)
    assert "2 faults" in result.stdout


def test_a_driver_that_there_is_not_is_an_error_of_the_bench_file(bench, tmp_path):
    result = bench("doctor", "--bench", written(small_bench(utility_pv={"driver": "sunspeck"}), tmp_path))
    assert result.exit_code == 2
    assert "known: ieee1815_2, point_map, sunspec" in result.stdout


def test_a_bench_in_order_is_told_device_by_device(bench, tmp_path):
    result = bench("doctor", "--bench", written(small_bench(), tmp_path))
    assert result.exit_code == 0, result.output
    told = [line.split()[1].rstrip(":") for line in result.stdout.splitlines()[:-1]]
    assert told == ["feeder", "environment", *small_bench()["devices"], "fleets"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--fault", "utility_battery"], "TARGET:KIND"),
        (["--fault", "utility_batery:scaled"], "did you mean 'utility_battery'?"),
        (["--fault", "utility_battery:scald"], "did you mean 'scaled'?"),
        (["--fault", "utility_battery:wrong-sign=0.5"], "takes no value"),
        (["--fault", "utility_battery:scaled@9..4"], "not after its start"),
        (["--fault", "net_meter_77:scaled"], "known: alert-for-a-healthy-voltage"),
        (["no_such.feature"], "no_such.feature"),
        (["--seed", "one"], "not a valid integer"),
        (["--sed", "1"], "--seed"),
    ],
)
def test_options_that_cannot_be_used_are_told_before_anything_runs(bench, tmp_path, arguments, text):
    out = tmp_path / "out"
    assert text in refused(bench("run", "--out", out, *arguments))
    assert not out.exists()


def run_in_a_process(*arguments):
    """`bench run` on its own: pytest does not run within pytest."""
    return subprocess.run([COMMAND, "run", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_a_feature_that_no_test_module_plays_is_told_so(tmp_path):
    feature = tmp_path / "mine.feature"
    feature.write_text("Feature: mine\n  Scenario: one\n    Given nothing\n", encoding="utf-8")
    done = run_in_a_process(feature, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert f"no test module below features/ plays {feature}" in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_only_the_opened_bench_can_refuse_is_an_error_of_the_request_too(tmp_path):
    done = run_in_a_process("--fault", "net_meter_99999:alert-never-sent", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "error: no emulated device 'net_meter_99999'" in done.stderr
    assert '"verdict": "ERROR"' in (tmp_path / "out" / "run.json").read_text(encoding="utf-8")


def test_a_run_directory_that_holds_something_is_left_alone(bench, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    assert str(tmp_path) in refused(bench("run", "--out", tmp_path))
    assert list(tmp_path.iterdir()) == [kept]


def test_a_feature_with_an_invented_row_does_not_run(bench, tmp_path, monkeypatch):
    features, out = tmp_path / "features", tmp_path / "out"
    features.mkdir()
    text = (DEFAULT_BENCH.parents[2] / "features" / "voltage_profile.feature").read_text(encoding="utf-8")
    (features / "voltage_profile.feature").write_text(text.replace("row 1.1:", "row 1.99:"), encoding="utf-8")
    monkeypatch.setattr(run_command, "FEATURES", features)
    message = refused(bench("run", "--out", out))
    assert "unknown row '1.99'" in message
    assert "voltage_profile.feature:" in message
    assert not out.exists()


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt(), 4), (RuntimeError("lost"), 3)])
def test_what_breaks_unexpectedly_never_looks_like_a_verdict_on_the_equipment(monkeypatch, raised, code):
    def breaks(*_arguments):
        raise raised

    monkeypatch.setattr("bench.commands.faults.listing", breaks)
    result = CliRunner().invoke(main, ["faults"])
    assert result.exit_code == code
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.output
