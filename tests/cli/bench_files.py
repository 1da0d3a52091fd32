"""What the command line is pointed at in its tests: bench files made from the emulated bench, and recorded runs."""

import copy
from pathlib import Path
from typing import Any

import yaml

from bench.cli import DEFAULT_BENCH
from reports.run_directory import RunWriter

EMULATED = yaml.safe_load(DEFAULT_BENCH.read_text(encoding="utf-8"))
SITE = ("utility_inverter", "utility_battery", "grid_simulator", "power_analyzer")


def small_bench(**devices: dict[str, Any]) -> dict[str, Any]:
    """The utility's storage site behind its source, and the PV plant at its node; `devices` changes their sections."""
    bench = copy.deepcopy(EMULATED)
    bench["feeder"] = {key: str((DEFAULT_BENCH.parent / path).resolve()) for key, path in bench["feeder"].items()}
    bench["devices"] = {name: bench["devices"][name] for name in (*SITE, "utility_pv")}
    bench["terminals"] = {name: t for name, t in bench["terminals"].items() if t["device"] in bench["devices"]}
    for whole in ("fleets", "scenarios"):  # of a bench with customers, and with files beside the bench file
        bench.pop(whole)
    for name, changes in devices.items():
        bench["devices"][name] |= changes
    return bench


def written(bench: dict[str, Any], folder: Path) -> str:
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(bench, sort_keys=False), encoding="utf-8")
    return str(path)


def record(path: Path, verdict: str = "PASS", finished: bool = True) -> Path:
    with RunWriter.create(path, {"seed": 1}) as writer:
        writer.append("trace", {"time_s": 1.0, "producer": "a", "receiver": "b", "information": "c"})
        if finished:
            writer.finish({"verdict": verdict, "counts": {}, "simulated": True, "seed": 1, "scenarios": []})
    return path
