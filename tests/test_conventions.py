"""What holds across the repository: steps and features fit, drivers fit their roles, every fault kind is exercised."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

import steps
from bench.assembly.drivers import MODBUS_DRIVERS, POINT_MAP_DRIVERS, VISA_DRIVERS
from bench.config import load_bench
from bench.faults import Fault, check_fault
from bench.mutants import load_mutants
from bench.use_case.feature_files import Step, read_stories
from bench.use_case.grammar import ROW_STEP
from bench.use_case.tables import load as load_use_case
from instruments import roles
from instruments.emulators.faults import FAULT_KINDS, FaultKind, FaultSet
from instruments.errors import ConfigError

ROOT = Path(__file__).parents[1]
MUTANTS = load_mutants()
BENCH = load_bench(ROOT / "fixtures" / "benches" / "emulated.yaml")
CERTIFIED = [load_bench(ROOT / "fixtures" / "benches" / f"certify_{what}.yaml") for what in ("pv", "battery_simulator")]
USE_CASE = load_use_case()
FEATURES = sorted((ROOT / "features").rglob("*.feature"))
ROLES = {
    "inverter": roles.Inverter,
    "battery": roles.Battery,
    "meter": roles.Meter,
    "grid_simulator": roles.GridSimulator,
    "power_analyzer": roles.PowerAnalyzer,
    "load_tap_changer": roles.LoadTapChangerControl,
    "capacitor_bank": roles.CapacitorBankControl,
    "sensing_source": roles.SensingSource,
    "digital_io": roles.DigitalIO,
    "pv_simulator": roles.PvSimulator,
    "battery_simulator": roles.BatterySimulator,
}


def step_definitions() -> list[StepFunctionContext]:
    """Return what pytest-bdd keeps of every step definition of `steps/`: keyword, parser and function."""
    modules = [importlib.import_module(module.name) for module in pkgutil.iter_modules(steps.__path__, "steps.")]
    names = {module.__name__ for module in modules}
    return [context for context in step_function_context_registry.values() if context.step_func.__module__ in names]


DEFINITIONS = step_definitions()


def written_steps() -> list[tuple[str, Step]]:
    stories = [story for path in FEATURES for story in read_stories(path)]
    return [(step.place, step) for story in stories for step in story.steps]


def fitting(step: Step) -> list[StepFunctionContext]:
    keyword, text = step.keyword.lower(), re.sub(r"<\w+>", "1", step.text)  # any example of an outline
    return [d for d in DEFINITIONS if d.type in {None, keyword} and d.parser.is_matching(text)]


def test_there_are_features_and_step_definitions() -> None:
    assert FEATURES
    assert DEFINITIONS, "pytest-bdd keeps its step definitions elsewhere now: this module has to look there"


def test_every_written_step_fits_exactly_one_definition() -> None:
    wrong = {place: [d.step_func.__name__ for d in fitting(s)] for place, s in written_steps() if len(fitting(s)) != 1}
    assert not wrong, f"steps that fit none or several definitions: {wrong}"


def test_every_step_definition_is_used() -> None:
    used = {d.step_func.__qualname__ for _, step in written_steps() for d in fitting(step)}
    unused = {d.step_func.__qualname__ for d in DEFINITIONS} - used
    assert not unused, f"step definitions that no feature uses: {unused}"


def test_no_step_is_async() -> None:
    waiting = [d.step_func.__qualname__ for d in DEFINITIONS if inspect.iscoroutinefunction(d.step_func)]
    assert not waiting, f"pytest-bdd passes an async step without running it: {waiting}"


def test_no_step_performs_a_systems_row() -> None:
    """`When` is for people and for the world; rows of systems are observed by `Then`."""
    performed = [place for place, step in written_steps() if step.keyword == "When" and _is_observed(step.text)]
    assert not performed, f"rows of systems that a test performs itself: {performed}"


def _is_observed(text: str) -> bool:
    found = ROW_STEP.fullmatch(text)
    return found is not None and USE_CASE.row(found["number"]).kind != "driven"


def test_every_feature_is_collected_by_a_test_module() -> None:
    collected = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "features").rglob("test_*.py"))
    names = [path.relative_to(ROOT / "features").as_posix() for path in FEATURES]
    missing = [name for name in names if f'"{name}"' not in collected]
    assert not missing, f"features that no test module plays: {missing}"


def drivers() -> Iterator[tuple[str, str, type]]:
    for (role, name), made in (*MODBUS_DRIVERS.items(), *POINT_MAP_DRIVERS.items()):
        assert isinstance(made, type)
        yield role, name, made
    for (role, name), make in VISA_DRIVERS.items():
        device = next(d for bench in (BENCH, *CERTIFIED) for d in bench.devices.values() if d.role == role)
        yield role, name, type(make(SimpleNamespace(), device))


def methods(protocol: type) -> dict[str, Callable[..., Any]]:
    return {name: value for name, value in vars(protocol).items() if inspect.isfunction(value) and name[0] != "_"}


@pytest.mark.parametrize(("role", "driver"), [(role, driver) for role, _, driver in drivers()])
def test_a_driver_has_the_methods_of_its_role_with_their_parameters(role: str, driver: type) -> None:
    for name, wanted in methods(ROLES[role]).items():
        own = getattr(driver, name, None)
        assert callable(own), f"{driver.__name__} has no method {name}"
        expected, given = inspect.signature(wanted).parameters, inspect.signature(own).parameters
        assert list(given)[: len(expected)] == list(expected), (
            f"{driver.__name__}.{name} names its parameters otherwise"
        )
        surplus = [p for p in list(given.values())[len(expected) :] if p.default is p.empty]
        assert not surplus, f"{driver.__name__}.{name} needs more than the role gives: {surplus}"


def test_every_role_of_the_bench_file_has_a_protocol_and_a_driver() -> None:
    assert {device.role for device in BENCH.devices.values()} <= set(ROLES)
    assert {role for role, _, _ in drivers()} == set(ROLES)


@pytest.mark.parametrize("protocol", ROLES.values(), ids=lambda protocol: protocol.__name__)
def test_a_role_is_small(protocol: type) -> None:
    assert 4 <= len(methods(protocol)) <= 8


@pytest.mark.parametrize("kind", FAULT_KINDS, ids=lambda kind: kind.name)
def test_every_fault_kind_can_be_injected_and_is_told_of_when_it_cannot(kind: FaultKind) -> None:
    for role in kind.roles:
        faults = FaultSet(role)
        faults.inject(kind.name, start_s=10.0, end_s=20.0)
        assert [faults.active(kind.name, t) is not None for t in (9.9, 10.0, 19.9, 20.0)] == [False, True, True, False]
    with pytest.raises(ConfigError, match="no fault"):
        FaultSet("digital_twin").inject(kind.name)


@pytest.mark.parametrize("kind", FAULT_KINDS, ids=lambda kind: kind.name)
def test_every_fault_kind_has_a_test_of_what_it_does(kind: FaultKind) -> None:
    tests = [path for path in Path(__file__).parent.rglob("*.py") if path != Path(__file__)]
    played = any(mutant.fault.kind == kind.name and mutant.clauses for mutant in MUTANTS)
    assert played or any(f'"{kind.name}' in path.read_text(encoding="utf-8") for path in tests), (
        f"no test injects {kind.name!r}: whether it is noticed is not known"
    )


def test_a_fault_of_a_premise_fits_no_other_device() -> None:
    for target, kind in (("utility_battery", "does-not-shed"), ("premise_s001", "scaled")):
        with pytest.raises(ConfigError, match="no fault"):
            check_fault(Fault(target, kind), BENCH)
