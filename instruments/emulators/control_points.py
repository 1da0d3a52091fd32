"""What the emulated controls show and take over SCADA, by point name; a point map gives it addresses."""

from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.capacitor_settings import Strategy
from instruments.emulators.faults import Fault
from instruments.emulators.point_bank import Binding
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.emulators.tap_changer_settings import Characteristic, Direction, ReverseMode
from instruments.readings import Identity

Control = TapChangerControlEmulator | CapacitorControlEmulator

_BAND_STATUS = {-1: "below", 0: "in_band", 1: "above"}
_TAP_SETTINGS = {
    "band_centre": "band_centre_v",
    "bandwidth": "bandwidth_v",
    "delay": "delay_s",
    "inter_tap_delay": "inter_tap_delay_s",
    "ldc_r": "ldc_r_v",
    "ldc_x": "ldc_x_v",
    "block_raise": "block_raise_v",
    "block_lower": "block_lower_v",
    "runback": "runback_v",
    "dead_sensing": "dead_sensing_v",
    "reverse_threshold": "reverse_threshold_a",
    "reverse_centre": "reverse_centre_v",
}
_TAP_LIMITS = {"lowest_tap": "lowest_tap", "highest_tap": "highest_tap"}
_REDUCTIONS = ("reduction_1", "reduction_2", "reduction_3")
_CAPACITOR_SETTINGS = {
    "close_below": "close_below_v",
    "open_above": "open_above_v",
    "override_low": "override_low_v",
    "override_high": "override_high_v",
    "close_above_reactive_power": "close_above_kvar",
    "open_below_reactive_power": "open_below_kvar",
    "close_delay": "close_delay_s",
    "open_delay": "open_delay_s",
    "close_above_temperature": "close_above_c",
    "open_below_temperature": "open_below_c",
    "close_at": "close_at_s",
    "open_at": "open_at_s",
    "override_delay": "override_delay_s",
    "neutral_limit": "neutral_limit_a",
    "discharge_time": "discharge_s",
    "dead_sensing": "dead_sensing_v",
    "pt_ratio": "pt_ratio",
    "ct_ratio": "ct_ratio",
}
_CAPACITOR_COUNTS = {"daily_limit": "daily_limit", "weekdays": "weekdays", "phases": "phases"}


def defect_of(control: Control, kind: str) -> Fault | None:
    """Return a control's fault of a kind at this moment of its time, None where it has none."""
    return control.faults.active(kind, control.time_s)


def control_points(control: Control) -> dict[str, Binding]:
    """Return what a control shows and takes, by point name."""
    return tap_changer_points(control) if isinstance(control, TapChangerControlEmulator) else capacitor_points(control)


def tap_changer_points(control: TapChangerControlEmulator) -> dict[str, Binding]:
    """Return what a tap-changer control shows and takes, by point name."""
    settings = {name: _setting(control, field) for name, field in _TAP_SETTINGS.items()}
    settings |= {name: _whole(control, field) for name, field in _TAP_LIMITS.items()}
    settings |= {name: _reduction(control, stage) for stage, name in enumerate(_REDUCTIONS)}
    own = {
        "blocked": Binding(lambda: control.blocked, lambda value: control.set_blocked(bool(value))),
        "reduction_stage": Binding(
            lambda: control.reduction_stage, lambda value: control.set_reduction_stage(round(float(value)))
        ),
        "voltage": Binding(lambda: control.reported_v),
        "tap_position": Binding(lambda: control.position),
        "band_status": Binding(lambda: _BAND_STATUS[control.band_status]),
        "regulated_voltage": Binding(lambda: max(0.0, control.regulated_v)),
        "current_angle": Binding(lambda: control.sensing.secondary.angle_deg),
        "characteristic": Binding(
            lambda: control.settings.characteristic.value,
            lambda value: control.change(characteristic=Characteristic(str(value))),
        ),
        "reverse_mode": Binding(
            lambda: control.settings.reverse_mode.value,
            lambda value: control.change(reverse_mode=ReverseMode(str(value))),
        ),
        "tap_command": Binding(put=lambda value: control.command(Direction[str(value).upper()])),
    }
    return {**_identity(control.identity), **_common(control), **settings, **own}


def capacitor_points(control: CapacitorControlEmulator) -> dict[str, Binding]:
    """Return what a capacitor control shows and takes, by point name."""
    settings = {name: _setting(control, field) for name, field in _CAPACITOR_SETTINGS.items()}
    settings |= {name: _whole(control, field) for name, field in _CAPACITOR_COUNTS.items()}
    own = {
        "var_block": Binding(lambda: control.blocked, lambda value: control.set_blocked(bool(value))),
        "switch_status": Binding(lambda: "closed" if control.reported_closed else "open"),
        "feeder_reactive_power": Binding(lambda: control.feeder_kvar),
        "neutral_current": Binding(lambda: control.neutral_current_a),
        "neutral_lockout": Binding(lambda: control.neutral_locked),
        "discharge_left": Binding(lambda: control.lockout_left_s),
        "refused_closes": Binding(lambda: control.refused_closes),
        "temperature": Binding(lambda: control.temperature_c),
        "strategy": Binding(
            lambda: control.settings.strategy.value, lambda value: control.change(strategy=Strategy(str(value)))
        ),
        "clock": Binding(lambda: int(control.second_of_week)),
        "set_clock": Binding(put=lambda value: control.set_clock(float(value))),
        "switch_command": Binding(put=lambda value: control.command(closing=value == "close")),
        "reset_lockout": Binding(put=lambda value: control.reset_lockout() if value else None),
    }
    told = {
        "voltage": Binding(lambda: control.reported_voltage_v),
        "operations_total": Binding(lambda: control.reported_operations),
    }
    return {**_identity(control.identity), **_common(control), **settings, **own, **told}


def _identity(identity: Identity) -> dict[str, Binding]:
    return {
        "manufacturer": Binding(lambda: identity.manufacturer),
        "model": Binding(lambda: identity.model),
        "version": Binding(lambda: identity.version),
        "serial": Binding(lambda: identity.serial),
    }


def _common(control: Control) -> dict[str, Binding]:
    return {
        "control_mode": Binding(
            lambda: "automatic" if control.automatic else "scada_manual",
            lambda value: control.set_automatic(value == "automatic"),
        ),
        "panel_switch": Binding(lambda: "remote" if control.remote else "local"),
        "voltage": Binding(lambda: control.voltage_v),
        "current": Binding(lambda: control.sensing.secondary.current_a),
        "operations_total": Binding(lambda: control.counter.total),
        "operations_today": Binding(lambda: control.operations_today),
    }


def _setting(control: Control, field: str) -> Binding:
    return Binding(
        lambda: float(getattr(control.settings, field)), lambda value: control.change(**{field: float(value)})
    )


def _whole(control: Control, field: str) -> Binding:
    return Binding(
        lambda: int(getattr(control.settings, field)), lambda value: control.change(**{field: round(float(value))})
    )


def _reduction(control: TapChangerControlEmulator, stage: int) -> Binding:
    def put(value: float | str | bool) -> None:
        steps = list(control.settings.reduction_pct)
        steps[stage] = float(value)
        control.change(reduction_pct=tuple(steps))

    return Binding(lambda: control.settings.reduction_pct[stage], put)
