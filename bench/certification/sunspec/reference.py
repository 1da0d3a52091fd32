"""The independent reader: pysunspec2's own client beside ours."""

import re
from collections.abc import Iterator
from typing import Any

from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP, SunSpecModbusClientError
from sunspec2.modbus.modbus import ModbusClientError

from bench.certification.sunspec.image import Address, ShownImage, ShownModel
from instruments.sunspec.layout import Point

MOVING_MODELS = frozenset({701, 713, 714})
"""Models of measured values, which may change between two reads; what is mandatory in them is static."""
MOVING_POINTS = re.compile(r"(Rem|Hb|ESDlyRemTms)$")
"""Points elsewhere that change by themselves: timers that run down, heartbeats."""
PATIENCE_S = 10.0
"""Guards against a hang only: that another client is slow is nothing against the device."""
_PART = re.compile(r"(\w+)(?:\[(\d+)\])?")


def same_models(at: Address, found: list[int]) -> Iterator[str]:
    """Say in what the models differ that pysunspec2 finds."""
    client, problem = _scanned(at)
    seen = [model.model_id for model in client.model_list]
    if problem:
        yield problem
    elif seen != found:
        yield f"pysunspec2 finds the models {seen}, frame by frame there are {found}"


def same_values(at: Address, image: ShownImage) -> Iterator[str]:
    """Say which points differ, of those that cannot have changed between two reads, as both clients decode them."""
    client, problem = _scanned(at)
    if problem:
        yield problem
        return
    for model in image.models:
        theirs = client.models.get(model.model_id)
        for point in model.plan.points.values() if theirs else ():
            if _is_still(model, point):
                yield from _differs(model, point.name, _found(theirs[0], point.name))


def _is_still(model: ShownModel, point: Point) -> bool:
    if point.kind == "pad":
        return False
    if model.model_id in MOVING_MODELS:
        return point.name in model.mandatory
    return MOVING_POINTS.search(point.name) is None


def _scanned(at: Address) -> tuple[SunSpecModbusClientDeviceTCP, str]:
    """Let pysunspec2's client read everything; return it, and what it could not do."""
    client = SunSpecModbusClientDeviceTCP(slave_id=at.unit, ipaddr=at.host, ipport=at.port, timeout=PATIENCE_S)
    try:
        client.scan()
    except (SunSpecModbusClientError, ModbusClientError) as error:
        return client, f"pysunspec2's client cannot read it: {error}"
    finally:
        client.disconnect()
    return client, ""


def _found(group: Any, name: str) -> Any:
    """Find a point by our name for it, as `Crv[1].Pt[2].V`, in pysunspec2's tree."""
    *groups, last = name.split(".")
    for part in groups:
        match = _PART.fullmatch(part)
        label, number = (match[1], match[2]) if match else (part, None)
        inner = getattr(group, label)
        group = inner[int(number) - 1] if number else inner
    return getattr(group, last)


def _differs(model: ShownModel, name: str, theirs: Any) -> Iterator[str]:
    value, ours = theirs.value, model.raw(name)
    if value != ours and (value or None) != (ours or None):  # a text that is empty is None to one of them
        yield f"{name} of model {model.model_id} is {ours!r}, to pysunspec2 it is {value!r}"
