"""Settings that keep other functions out of a ride-through test: trips as wide as they go, power that stays."""

from collections.abc import Iterable, Mapping

from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from instruments.errors import InstrumentError
from instruments.readings import Trip, TripKind
from reports.verdict import Verdict


def widen_trips(rig: Rig, widest: Mapping[TripKind, Trip]) -> dict[TripKind, Trip]:
    """Set all trips to the widest ones, and return those that were in force.

    Raises InstrumentError where the device does not take them; those that it took are put back then.
    """
    before = {kind: rig.functions.read_trip(kind) for kind in widest}
    try:
        for kind, trip in widest.items():
            rig.functions.set_trip(kind, trip)
    except InstrumentError:
        put_back(rig, before)
        raise
    return before


def held_trips(rig: Rig, kinds: Iterable[TripKind]) -> dict[TripKind, Trip]:
    """Read what is in force; a device whose trips are none of two stages cannot be tested here, and is NOT_RUN."""
    try:
        return {kind: rig.functions.read_trip(kind) for kind in kinds}
    except InstrumentError as error:
        raise NotPassed(f"its trip settings cannot be read as two stages: {error}", Verdict.NOT_RUN) from error


def put_back(rig: Rig, trips: Mapping[TripKind, Trip]) -> None:
    """Set trips as they were: a device is not left without them."""
    for kind, trip in trips.items():
        rig.functions.set_trip(kind, trip)


def keep_power(rig: Rig) -> None:
    """Let frequency move active power as little as the device allows."""
    rig.functions.disable_frequency_droop()
