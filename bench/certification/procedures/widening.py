"""Settings that keep other functions out of a ride-through test: trips as wide as they go, power that stays."""

from typing import cast

from bench.certification.figures_ride_through import Abnormal, TripLimits, WidestTrips
from bench.certification.rig import Rig
from instruments.readings import Trip, TripKind, TripStage


def widen_trips(rig: Rig, widest: WidestTrips) -> None:
    """Set all trips to the widest of the device's category; raises InstrumentError where it does not take them."""
    limits: dict[TripKind, TripLimits] = {
        "over_voltage": widest.over_voltage,
        "under_voltage": widest.under_voltage[cast("Abnormal", rig.nameplate.abnormal)],
        "over_frequency": widest.over_frequency,
        "under_frequency": widest.under_frequency,
    }
    for kind, trip in limits.items():
        rig.functions.set_trip(kind, Trip(TripStage(*trip.inner), TripStage(*trip.outer)))


def keep_power(rig: Rig) -> None:
    """Let frequency move active power as little as the device allows."""
    rig.functions.disable_frequency_droop()
