"""The project around the code: what the README shows works, pins are whole, CI runs what newcomers are told to run."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import click
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.cli import main
from bench.config import BenchFile
from bench.faults import check_fault, parse_fault

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PRODUCT = ("bench", "instruments", "reports", "steps", "fixtures", "features")


def blocks(language: str) -> list[str]:
    """Fenced blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def shown_commands() -> list[str]:
    """Every `bench ...` that the README shows, in blocks and in running text, without comments and `&` behind them."""
    parts = [part.partition(" #")[0].rstrip(" &") for block in blocks("sh") for part in block.splitlines()]
    lines = [line for part in parts for line in part.split(" && ")]
    inline = re.findall(r"`((?:\.venv/bin/)?bench [^`]+)`", README)
    found = [line.removeprefix(".venv/bin/") for line in [*lines, *inline]]
    return sorted({line for line in found if line.startswith("bench ") and "..." not in line})


@pytest.mark.parametrize("text", shown_commands())
def test_commands_in_the_readme_exist(text: str) -> None:
    _, *arguments = shlex.split(text)
    command: click.Command = main
    context = click.Context(main, info_name="bench")
    while isinstance(command, click.Group):
        name = arguments.pop(0)
        assert name in command.commands, f"README shows {text!r}: there is no {name!r} in {sorted(command.commands)}"
        command = command.commands[name]
    command.make_context(command.name, arguments, parent=context)


def test_the_readme_shows_commands() -> None:
    assert {"bench run", "bench doctor --bench FILE", "bench use-case check"} <= set(shown_commands())


def test_faults_in_the_readme_can_be_injected() -> None:
    faults = re.findall(r"bench run --fault (\S+)", README)
    file = ROOT / "fixtures" / "benches" / "emulated.yaml"
    bench = BenchFile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    assert faults
    for fault in faults:
        check_fault(parse_fault(fault), bench)


def test_the_bench_file_in_the_readme_fits_the_schema() -> None:
    (example,) = blocks("yaml")
    bench = BenchFile.model_validate(yaml.safe_load(example))
    wired = {name for t in bench.terminals.values() for name in (t.device, t.source, t.analyzer)}
    assert wired <= {*bench.devices, None}


def test_python_in_the_readme_runs() -> None:
    for example in blocks("python"):
        exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - the text is this repository's own


def test_folders_and_links_in_the_readme_are_there() -> None:
    table = README.split("## Where things are")[1].split("##")[0]
    folders = re.findall(r"`([\w./]+/)`", table)
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(folders) > 5
    missing = [name for name in [*folders, *links] if not (ROOT / name).exists()]
    assert not missing, f"the README names {missing}"


def setup_commands() -> list[list[str]]:
    """The README's one-line set-ups, each as its parts."""
    return [line.split(" && ") for block in blocks("sh") for line in block.splitlines() if "-m venv" in line]


def test_ci_installs_and_tests_as_the_readme_says() -> None:
    _, (_, install, test) = setup_commands()
    assert install.removeprefix(".venv/bin/") in CI.splitlines()
    assert test.removeprefix(".venv/bin/") in CI.splitlines()
    (_, _, run), _ = setup_commands()
    assert run.removeprefix(".venv/bin/") in CI.splitlines()


def test_ci_stops_below_a_whole_use_case() -> None:
    """`bench use-case check` fails where a row is missing, and the script stops at the first command that fails."""
    lines = CI.splitlines()
    assert lines.index("set -euo pipefail") < lines.index("bench use-case check")


def test_ci_can_be_started() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


def pins() -> dict[str, str]:
    """Pinned version of each distribution."""
    entries = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in CONSTRAINTS.splitlines()]
    bad = [line for line, entry in zip(CONSTRAINTS.splitlines(), entries, strict=True) if entry is None]
    assert not bad, f"constraints.txt holds more than NAME==VERSION: {bad}"
    return {canonicalize_name(entry[1]): entry[2] for entry in entries if entry}


def needed(requirements: Iterable[str], extra: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Every distribution that requirements ask for on this machine, with those that they need in turn."""
    for wanted in map(Requirement, requirements):
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        yield name
        for option in {(name, option) for option in ("", *wanted.extras)} - seen:
            seen.add(option)
            yield from needed(metadata.requires(name) or (), option[1], seen)


def test_everything_that_is_installed_is_pinned() -> None:
    project = PROJECT["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    wanted = set(needed(asked, "", set()))
    assert {"numpy", "pycparser"} <= wanted
    missing = wanted - set(pins())
    assert not missing, f"constraints.txt lacks {sorted(missing)}: freeze a clean environment again"


def imported(folder: str) -> Iterator[str]:
    """Top-level modules that the code of a folder imports."""
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (name.name.partition(".")[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


@pytest.mark.parametrize("folder", PRODUCT)
def test_what_the_code_imports_is_declared(folder: str) -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["dependencies"]}
    homes = metadata.packages_distributions()
    outside = set(imported(folder)) - set(sys.stdlib_module_names) - set(PRODUCT)
    loose = {name for name in outside if not declared & {canonicalize_name(home) for home in homes.get(name, ())}}
    assert not loose, f"{folder}/ imports {sorted(loose)}, which pyproject.toml does not declare"


@pytest.mark.long
def test_runs_of_different_processes_write_the_same_evidence(tmp_path: Path) -> None:
    """The order of sets and dictionaries, the hash seed, ports: nothing of a process may reach the evidence."""
    written: list[dict[str, list[str]]] = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [str(Path(sys.executable).with_name("bench")), "run", "--out", str(out)]
        played = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert played.returncode == 0, played.stdout + played.stderr
        logs = ("trace", "rows", "wire", "measurements")
        written.append({log: (out / f"{log}.jsonl").read_text(encoding="utf-8").splitlines() for log in logs})
    first, second = written
    for log, lines in first.items():
        differing = next((pair for pair in zip(lines, second[log], strict=False) if pair[0] != pair[1]), None)
        assert differing is None, f"{log}.jsonl differs between two processes, first at {differing}"
        assert len(lines) == len(second[log]), f"{log}.jsonl has more lines in one process"
