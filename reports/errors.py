"""The error of this package; its text is written for a person."""


class ReportError(Exception):
    """A run directory cannot be written or read as it stands."""
