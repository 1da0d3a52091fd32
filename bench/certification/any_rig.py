"""What the rigs of all suites have in common, as a certification asks for it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class AnyRig(Protocol):
    """A device under test between the instruments of its suite."""

    @property
    def judges(self) -> Sequence[str]:
        """The instruments whose word findings are: past their calibration nothing is proven."""
        ...

    def stated(self) -> Mapping[str, Any]:
        """Return what the device states of its ratings."""
        ...

    def table(self) -> Mapping[str, Any]:
        """Return all that was measured, by column, as a series; `time_s` is one of the columns."""
        ...
