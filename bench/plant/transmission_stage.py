"""The transmission grid as a test stages it: which branches are out of service, and since when."""

from dataclasses import dataclass


@dataclass
class StagedGrid:
    """A grid that is whole until the test takes a branch out; `since_s` is when that was, None before."""

    line_out: str | None = None
    since_s: float | None = None

    def take_out(self, time_s: float) -> None:
        """Take the bench file's branch out of service."""
        self.since_s = time_s

    def out_of_service(self) -> frozenset[str]:
        """Return the branches that are out."""
        is_out = self.since_s is not None and self.line_out is not None
        return frozenset({self.line_out}) if is_out and self.line_out else frozenset()
