"""Messages: one closed payload model for each information object, and names that the use case knows."""

import types
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.messages.equipment import EquipmentState, Payload, VoltageReadings
from bench.messages.names import WITHOUT_ROW, Information, Party
from bench.messages.payloads import PAYLOADS
from bench.use_case.model import UseCase
from bench.use_case.tables import load

MODELS = sorted(set(PAYLOADS.values()), key=lambda model: model.__name__)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Draw what a field of a payload may hold: any finite number, short collections, payloads within payloads."""
    inner = [values(part) for part in get_args(annotation) if part is not ...]
    if isinstance(annotation, type) and issubclass(annotation, Payload):
        return st.builds(annotation, **{name: values(f.annotation) for name, f in annotation.model_fields.items()})
    if isinstance(annotation, types.UnionType):
        return st.one_of(inner)
    if get_origin(annotation) is dict:
        return st.dictionaries(*inner, max_size=3)
    if get_origin(annotation) is tuple:
        return st.lists(inner[0], max_size=3).map(tuple)
    return st.floats(allow_nan=False, allow_infinity=False) if annotation is float else st.from_type(annotation)


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load()


@pytest.mark.parametrize("information", list(Information))
def test_every_information_object_has_its_payload(information: Information) -> None:
    assert issubclass(PAYLOADS[information], Payload), f"{information} has no payload model in PAYLOADS"


@pytest.mark.parametrize("information", list(Information))
def test_every_information_object_is_in_the_tables_or_declared_without_a_row(
    information: Information, use_case: UseCase
) -> None:
    carried = {row.information for row in use_case.rows.values()}
    if information in WITHOUT_ROW:
        assert information not in carried, f"{information} has a row, so it must be matched and not be in WITHOUT_ROW"
    else:
        assert information in use_case.information_objects
        assert information in carried, f"no row carries {information}: declare it in WITHOUT_ROW"


@pytest.mark.parametrize("party", list(Party))
def test_every_party_is_an_actor_of_the_tables(party: Party, use_case: UseCase) -> None:
    assert party in use_case.actors


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_payloads_come_back_from_json_as_they_were(model: type[Payload], data: st.DataObject) -> None:
    payload = data.draw(values(model))
    assert model.model_validate_json(payload.model_dump_json()) == payload


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_payloads_are_closed_and_frozen(model: type[Payload], data: st.DataObject) -> None:
    payload = data.draw(values(model))
    with pytest.raises(ValidationError, match="Extra inputs"):
        model.model_validate(payload.model_dump() | {"hint": 1})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(payload, next(iter(model.model_fields)), None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: VoltageReadings(voltage_v={"net_meter_1": value}),
        lambda value: EquipmentState(device="b", kind="battery", available=True, power_kw=value),
    ],
    ids=["inside a mapping", "a field"],
)
def test_a_number_that_is_none_is_refused(make: Any, value: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        make(value)
