"""Validation and estimation of single register reads, as meter data management does them before it keeps a read.

The checks are those of the usual rules for validating, estimating and editing: registers that run backwards, energy and
power that no service can carry. What is missing is estimated from the last read that stands, at its power.
"""

from dataclasses import dataclass

SERVICE_W = 48_000.0
"""What a 200 A service at 240 V carries, W: no customer's read can be beyond it."""
REGISTER_WH = 1.0
"""One count of a register, by which two reads of it may seem to run backwards, Wh."""
HOUR_S = 3600.0


@dataclass(frozen=True)
class RegisterRead:
    """A meter's power, W, and its energy registers, Wh, at a time, s."""

    time_s: float
    p_w: float
    import_wh: float
    export_wh: float


def finding(before: RegisterRead | None, read: RegisterRead) -> str | None:
    """Say what is wrong with a read after the last one that stood; None when it stands."""
    if abs(read.p_w) > SERVICE_W:
        return f"{read.p_w:.0f} W is more than a service carries"
    if before is None or read.time_s <= before.time_s:
        return None
    import_wh, export_wh = read.import_wh - before.import_wh, read.export_wh - before.export_wh
    if min(import_wh, export_wh) < -REGISTER_WH:
        return f"a register runs backwards by {-min(import_wh, export_wh):.0f} Wh"
    carried_wh = SERVICE_W * (read.time_s - before.time_s) / HOUR_S + REGISTER_WH
    if max(import_wh, export_wh) > carried_wh:
        return f"{max(import_wh, export_wh):.0f} Wh since the last read is more than a service carries"
    return None


def estimate(before: RegisterRead, time_s: float) -> RegisterRead:
    """Let the last read that stood go on to a time at its power, in the register of its direction."""
    energy_wh = before.p_w * (time_s - before.time_s) / HOUR_S
    import_wh, export_wh = before.import_wh + max(energy_wh, 0.0), before.export_wh + max(-energy_wh, 0.0)
    return RegisterRead(time_s, before.p_w, import_wh, export_wh)
