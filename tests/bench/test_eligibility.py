"""Which resources may be dispatched: the threshold per meter, and the four classes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.eligibility import DistributedResource, ResourceClass, eligible, resource_class


def battery(device: str, meter: str, kw: float, owner: str = "customer") -> DistributedResource:
    return DistributedResource(device, meter, owner, "battery", kw)


@pytest.mark.parametrize(("kw", "devices"), [(100.0, ()), (99.9, ()), (100.1, ("b",)), (100.001, ("b",))])
def test_more_than_a_hundred_kilowatts_are_needed_and_exactly_a_hundred_are_not_more(
    kw: float, devices: tuple[str, ...]
) -> None:
    assert eligible([battery("b", "m", kw)]).devices == devices


def test_ratings_behind_one_meter_count_together_and_those_behind_two_do_not() -> None:
    together = eligible([battery("a", "m", 60.0), battery("b", "m", 60.0)])
    assert together.devices == ("a", "b")
    assert together.meter_kw == {"m": 120.0}
    apart = eligible([battery("a", "m", 60.0), battery("b", "n", 60.0)])
    assert apart.devices == ()
    assert apart.excluded["b"] == "60 kW behind n are not more than 100 kW"


def test_tenths_that_add_up_to_a_hundred_are_not_more() -> None:
    assert eligible([battery(f"b{i}", "m", 0.1) for i in range(1000)]).devices == ()


def test_each_of_the_four_classes_holds_its_own() -> None:
    found = eligible(
        [
            DistributedResource("ub", "m1", "utility", "battery", 1250.0),
            DistributedResource("cb", "m2", "customer", "battery", 150.0),
            DistributedResource("ug", "m3", "utility", "generator", 600.0),
            DistributedResource("cg", "m4", "customer", "generator", 400.0),
        ]
    )
    assert {group.value: [r.device for r in members] for group, members in found.by_class.items()} == {
        "utility storage": ["ub"],
        "customer storage": ["cb"],
        "utility generation": ["ug"],
        "customer generation": ["cg"],
    }
    assert found.devices == ("ub", "cb", "ug", "cg")


def test_a_pv_plant_lifts_its_meter_over_the_threshold_but_is_not_dispatched_itself() -> None:
    found = eligible([DistributedResource("pv", "m", "customer", "pv", 90.0), battery("b", "m", 20.0)])
    assert found.devices == ("b",)
    assert "sun" in found.excluded["pv"]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="listed twice: b"):
        eligible([battery("b", "m", 1.0), battery("b", "n", 1.0)])
    with pytest.raises(ValueError, match="'landlord'"):
        battery("b", "m", 1.0, owner="landlord")
    with pytest.raises(ValueError, match="'windmill'"):
        DistributedResource("b", "m", "utility", "windmill", 1.0)
    with pytest.raises(ValueError, match="no rating"):
        battery("b", "m", float("nan"))


many = st.lists(
    st.tuples(
        st.sampled_from(["m1", "m2", "m3"]),
        st.sampled_from(["utility", "customer"]),
        st.sampled_from(["battery", "generator", "pv"]),
        st.integers(0, 120),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(many)
def test_every_resource_is_in_its_class_or_left_out_with_a_reason(drawn: list[tuple[str, str, str, int]]) -> None:
    resources = [DistributedResource(f"d{i:02d}", *rest[:3], float(rest[3])) for i, rest in enumerate(drawn)]
    found = eligible(resources)
    assert sorted([*found.devices, *found.excluded]) == sorted(r.device for r in resources)
    for group, members in found.by_class.items():
        for member in members:
            behind = sum(kw for meter, _, _, kw in drawn if meter == member.meter)
            assert behind > 100, f"{member.device} stands behind a meter with {behind} kW"
            assert resource_class(member) == group
            assert member.kind != "pv"
    large = {r.device for r in resources if sum(kw for m, _, _, kw in drawn if m == r.meter) > 100 and r.kind != "pv"}
    assert large == set(found.devices)


@settings(deadline=None)
@given(many, st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(drawn: list[tuple[str, str, str, int]], random: object) -> None:
    resources = [DistributedResource(f"d{i:02d}", *rest[:3], float(rest[3])) for i, rest in enumerate(drawn)]
    shuffled = list(resources)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert eligible(shuffled) == eligible(resources)


def test_classes_are_in_the_order_of_the_sequences() -> None:
    assert [group.value for group in ResourceClass] == [
        "utility storage",
        "customer storage",
        "utility generation",
        "customer generation",
    ]
