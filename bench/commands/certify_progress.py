"""What `bench certify` tells while it goes on in wall time."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from reports.plain_text import visible

if TYPE_CHECKING:
    from pytest_bdd.parser import Scenario, Step


class ClauseProgress:
    """A line for each scenario and each step as it begins: on equipment a step takes minutes, some take hours."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Tell by a function that prints a line."""
        self._tell = tell

    def pytest_bdd_before_scenario(self, scenario: "Scenario") -> None:
        """Tell which scenario begins."""
        self._tell(visible(scenario.name))

    def pytest_bdd_before_step(self, step: "Step") -> None:
        """Tell which of its steps begins."""
        self._tell(visible(f"  {step.name}"))
