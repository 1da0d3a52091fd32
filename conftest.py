"""Options and plugins; nothing else."""

import pytest

pytest_plugins = [
    "fixtures.run",
    "fixtures.certification_run",
    "fixtures.allure_steps",
    "steps.stimulus",
    "steps.rows",
    "steps.physics",
    "steps.controls",
    "steps.der_settings",
    "steps.isolation",
    "steps.certification",
    "steps.certification_active_power",
    "steps.certification_reactive",
    "steps.certification_capacitor",
    "steps.certification_ltc",
    "steps.certification_storage",
    "steps.ride_through",
    "steps.conformance",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take what `bench run` passes on."""
    group = parser.getgroup("bench")
    group.addoption("--bench", default="fixtures/benches/emulated.yaml", help="bench file")
    group.addoption("--out", default=None, help="run directory to write (default: a new one under runs/)")
    group.addoption("--seed", type=int, default=1, help="seed of everything that is drawn")
    group.addoption("--fault", action="append", default=[], help="TARGET:KIND[=VALUE][@START[..END]]")
    group.addoption("--device", default=None, help="the device that is certified")
    group.addoption("--suite", default=None, help="the suite that it is certified by")
    group.addoption(
        "--scenario", action="append", default=[], help="play only scenarios whose name contains one of these texts"
    )
    group.addoption("--no-comparison", action="store_true", help="no second run with autonomous controls only")
