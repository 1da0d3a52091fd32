"""Units of points, with what one of them is in W, var, VA, V, Wh, s, Hz, S, or as a share of a rating."""

Units = dict[str, float]
WATTS: Units = {"W": 1.0, "kW": 1e3, "MW": 1e6}
VARS: Units = {"var": 1.0, "kvar": 1e3, "Mvar": 1e6}
VA: Units = {"VA": 1.0, "kVA": 1e3, "MVA": 1e6}
VOLTS: Units = {"V": 1.0, "kV": 1e3}
WATT_HOURS: Units = {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6}
SECONDS: Units = {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}
HERTZ: Units = {"Hz": 1.0, "mHz": 1e-3}
SIEMENS: Units = {"S": 1.0, "mS": 1e-3}
SHARE: Units = {"%": 0.01, "pu": 1.0}
"""Units that stand for a share of a rating."""
RATIO: Units = {"": 1.0, **SHARE}
"""Of numbers that are a share of nothing: a power factor, a droop."""
