"""How a type test ends that is not passed."""

from reports.verdict import Verdict


class NotPassed(AssertionError):  # noqa: N818 - a finding about the device, not an error of the bench
    """A clause that is not passed; `verdict` says whether the device failed or whether that could not be told."""

    def __init__(self, text: str, verdict: Verdict) -> None:
        super().__init__(text)
        self.verdict = verdict


class NotInside(NotPassed):
    """Findings that are not inside their limits: who judges them again by others does not need this."""
