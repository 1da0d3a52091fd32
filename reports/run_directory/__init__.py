"""A run directory: written as the run goes, read back, and checked against its own hashes."""

from reports.run_directory.layout import MeasurementLine, RowLine, TraceLine, WireLine, scenario_key
from reports.run_directory.writer import RunWriter

__all__ = ["MeasurementLine", "RowLine", "RunWriter", "TraceLine", "WireLine", "scenario_key"]
