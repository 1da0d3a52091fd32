"""What `bench run` adds to pytest: which features are played, a line for each row, and why nothing could be played."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from rich.console import Console

from bench.lease import Lease
from bench.operator import Operator
from bench.session import LEASE, LISTENERS, OPERATOR
from bench.use_case.row_watch import RowWatch
from instruments.errors import ConfigError
from reports.plain_text import visible
from reports.verdict import RowState

MISCONFIGURED = "misconfigured"
"""Names what a report of a test tells of why it could not be carried out as configured."""


class Progress:
    """A line for each row as it is decided, for a person at a terminal and for a log."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def pytest_configure(self, config: pytest.Config) -> None:
        """Ask the run to be told of rows."""
        config.stash[LISTENERS] = (self.row,)

    def row(self, watch: RowWatch, now_s: float) -> None:
        """Print a row's state."""
        judged = [i.state for i in watch.instances.values() if i.state is not RowState.NOT_APPLICABLE]
        met = sum(state is RowState.MET for state in judged)
        count = f"{met} of {len(judged)}" if watch.row.per != "once" else ""
        style = "green" if watch.state is RowState.MET else "red"
        text = f"{now_s:9.1f} s  {watch.row.number:<12} {watch.state.value:<12} {count:<12} {watch.row.information}"
        self._console.print(visible(text), style=style, highlight=False, markup=False, soft_wrap=True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print why a scenario failed."""
        if report.failed and report.longrepr is not None:
            reason = visible(_reason(report))
            self._console.print(reason, style="red", highlight=False, markup=False, soft_wrap=True)


class People:
    """Has people's rows done by a person."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def pytest_configure(self, config: pytest.Config) -> None:
        """Ask the run to ask the operator."""
        config.stash[OPERATOR] = self._operator


class Leased:
    """Hands the lease of real equipment to the run."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let the run drive what is leased."""
        config.stash[LEASE] = self._lease


class ChosenFeatures:
    """Keeps the scenarios of the features that the command line names."""

    def __init__(self, features: Iterable[Path]) -> None:
        self._features = {path.resolve() for path in features}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what belongs to other features; raises UsageError for a feature that no test module plays."""
        found = {id(item): path for item in items if (path := _feature_of(item)) is not None}
        if unplayed := sorted(map(str, self._features - set(found.values()))):
            raise pytest.UsageError(f"no test module below features/ plays {', '.join(unplayed)}")
        items[:] = [item for item in items if found.get(id(item)) in self._features]


class Refusals:
    """Remembers what kept features from being collected, and scenarios from being played as configured."""

    def __init__(self) -> None:
        self.uncollected: list[str] = []
        self.misconfigured: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take a test module that could not be read."""
        if report.failed:
            self.uncollected.append(_reason(report))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a worker told of a type test that could not be carried out as configured."""
        told = [str(value) for name, value in report.user_properties if name == MISCONFIGURED]
        self.misconfigured += [text for text in told if text not in self.misconfigured]

    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Take a scenario that could not be played as configured."""
        if call.excinfo is not None and isinstance(call.excinfo.value, ConfigError):
            self.misconfigured.append(str(call.excinfo.value))


def _feature_of(item: pytest.Item) -> Path | None:
    from pytest_bdd.scenario import scenario_wrapper_template_registry  # noqa: PLC0415 - pytest rewrites it first

    function = getattr(item, "function", None)
    scenario = None if function is None else scenario_wrapper_template_registry.get(function)
    return None if scenario is None else Path(scenario.feature.filename).resolve()


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)
