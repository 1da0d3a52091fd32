"""Commands for banks and taps that relieve the feeder's head: the search of `head_relief` on what was reported."""

from collections.abc import Mapping

from bench.dispatch.assets import DispatchSettings, operating_point
from bench.dispatch.head_relief import ReliefSettings, relieve
from bench.dispatch.network import NetworkModel
from bench.messages.equipment import AffectedArea, AssetCommand, EquipmentState, SelectedAssets

APPARENT_WEIGHT = 1.0
"""A kVA less at the head counts as much as a kW: what limits the transmission is current."""


def relieve_head(
    area: AffectedArea, network: NetworkModel, settings: DispatchSettings, time_s: float
) -> SelectedAssets:
    """Choose the positions of banks and taps at which the feeder draws least, every service keeping its margin.

    A bank that discharges, or a control in local, stays where it is.
    """
    usable = [state for state in area.equipment if state.available]
    taps = {state.device: state.tap for state in usable if state.tap is not None}
    closed = {state.device: state.closed for state in usable if state.closed is not None}
    model = network.head_model(operating_point(area, time_s))
    limits = ReliefSettings(
        lower_v=settings.lower_v,
        upper_v=settings.upper_v,
        margin_v=settings.margin_v,
        apparent_weight=APPARENT_WEIGHT,
    )
    found = relieve(model, taps, closed, limits)
    commands = (_command(state, found.taps, found.closed) for state in usable)
    return SelectedAssets(
        event=area.event,
        commands=tuple(command for command in commands if command is not None),
        predicted_lowest_v=found.after.lowest_v,
        predicted_highest_v=found.after.highest_v,
    )


def _command(state: EquipmentState, taps: Mapping[str, int], closed: Mapping[str, bool]) -> AssetCommand | None:
    """Return what takes a device from where it is, None where it stays."""
    tap, close = taps.get(state.device, state.tap), closed.get(state.device, state.closed)
    if close != state.closed:
        return AssetCommand(device=state.device, kind="capacitor", close=close)
    return None if tap == state.tap else AssetCommand(device=state.device, kind="tap_changer", tap=tap)
