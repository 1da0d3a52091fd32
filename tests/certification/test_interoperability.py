"""Clauses 6.4 to 6.7 on a device that is a formula: an honest one passes, each lie is found where it is told."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bench.certification.figures import SuiteFigures, load_figures
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.configuration import configure_ratings
from bench.certification.procedures.monitoring import compare_readings
from bench.certification.procedures.nameplate import examine_nameplate
from bench.certification.procedures.settings import trip_points, write_settings
from bench.certification.procedures.states import compare_states
from bench.certification.refusals import DeviceError
from bench.certification.rig import Rig
from instruments.errors import ConfigError, TransportError
from instruments.readings import Nameplate, Trip, TripKind
from reports.verdict import Verdict
from tests.certification.spoken import AS_IT_CAME, AS_SET, FUNCTIONS, RATING_VA, TRIPS, V_NOM_V, Spoken, plate, rig_of

FIGURES = load_figures()
EXCITATION = frozenset({"CONST_PF_EXCITATION"})
Procedure = Callable[[Rig, SuiteFigures], Iterator[Finding]]
PROCEDURES: tuple[Procedure, ...] = (
    examine_nameplate,
    configure_ratings,
    write_settings,
    compare_readings,
    compare_states,
)


def found(procedure: Procedure, device: Spoken, nameplate: Nameplate | None = None) -> dict[str, Verdict]:
    """Return what did not pass; something has to have been found at all."""
    findings = list(procedure(rig_of(device, nameplate), FIGURES))
    assert findings, "a procedure that finds nothing proves nothing"
    return {finding.what: finding.verdict for finding in findings if finding.verdict is not Verdict.PASS}


@pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda procedure: procedure.__name__)
def test_an_honest_device_passes(procedure: Procedure) -> None:
    assert found(procedure, Spoken()) == {}


@pytest.mark.parametrize("label", sorted(AS_SET))
def test_an_item_of_the_nameplate_that_is_not_stated_is_named(label: str) -> None:
    device = Spoken(as_set={name: value for name, value in AS_SET.items() if name != label})
    assert found(examine_nameplate, device)[f"{label} in the nameplate"] is Verdict.FAIL


def test_what_can_absorb_has_to_say_how_much() -> None:
    device = Spoken(as_set=AS_SET | {"NP_P_MAX_CHARGE": 5000.0})
    told = "NP_APPARENT_POWER_CHARGE_MAX in the nameplate"
    assert found(examine_nameplate, device) == {told: Verdict.FAIL}


@pytest.mark.parametrize(("category", "missing"), [("A", set()), ("B", {"QP", "PV"})])
def test_watt_var_and_volt_watt_are_demanded_of_category_b(category: str, missing: set[str]) -> None:
    device = Spoken(functions=(FUNCTIONS | TRIPS) - {"QP", "PV"})
    not_passed = found(examine_nameplate, device, plate(category=category))
    assert set(not_passed) == {f"function {name} in the nameplate" for name in missing}


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"q_max_injected_var": 0.439 * RATING_VA}, set()),
        ({"q_max_injected_var": 0.4389 * RATING_VA}, {"rated vars injected"}),
        ({"q_max_absorbed_var": 0.43 * RATING_VA}, {"rated vars absorbed"}),
        ({"q_max_absorbed_var": 0.25 * RATING_VA, "category": "A"}, set()),
        ({"q_max_absorbed_var": 0.24 * RATING_VA, "category": "A"}, {"rated vars absorbed"}),
    ],
)
def test_vars_are_those_of_the_category(other: dict[str, Any], told: set[str]) -> None:
    assert set(found(examine_nameplate, Spoken(), plate(**other))) == told


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"NP_P_MAX_OVER_PF": 9045.0}, set()),
        ({"NP_P_MAX_OVER_PF": 9046.0}, {"apparent power of NP_P_MAX_OVER_PF at NP_OVER_PF"}),
        ({"NP_AC_V_MIN": 0.8809 * V_NOM_V}, set()),
        ({"NP_AC_V_MIN": 0.8811 * V_NOM_V}, {"lowest rated voltage"}),
        ({"NP_AC_V_MAX": 1.0991 * V_NOM_V}, set()),
        ({"NP_AC_V_MAX": 1.0989 * V_NOM_V}, {"highest rated voltage"}),
        ({"NP_VA_MAX": 20_000.0}, {"the same apparent power as at the start"}),
    ],
)
def test_items_of_the_nameplate_have_to_fit_together(other: dict[str, float], told: set[str]) -> None:
    assert set(found(examine_nameplate, Spoken(as_set=AS_SET | other))) == told


@pytest.mark.parametrize(("stated_w", "verdict"), [(9260.0, None), (9240.0, Verdict.FAIL)])
def test_rated_power_is_what_the_analyzer_sees(stated_w: float, verdict: Verdict | None) -> None:
    what = "rated active power, against what is delivered"
    assert found(examine_nameplate, Spoken(), plate(p_max_w=stated_w)).get(what) is verdict


def test_a_rating_that_is_not_kept_is_named_and_the_others_are_gone_through() -> None:
    not_passed = found(configure_ratings, Spoken(forgets=frozenset({"NP_Q_MAX_INJ"})))
    told = {"NP_Q_MAX_INJ configured to 0.8 of itself", "vars injected, NP_Q_MAX_INJ configured to 0.8"}
    assert not_passed == dict.fromkeys(told, Verdict.FAIL)


@pytest.mark.parametrize(
    ("label", "what"),
    [
        ("NP_P_MAX", {"active power delivered, NP_P_MAX configured to 0.8"}),
        ("NP_VA_MAX", {"apparent power, NP_VA_MAX configured to 0.8"}),
        ("NP_Q_MAX_INJ", {"vars injected, NP_Q_MAX_INJ configured to 0.8"}),
        ("NP_Q_MAX_ABS", {"vars absorbed, NP_Q_MAX_ABS configured to 0.8"}),
        ("NP_P_MAX_OVER_PF", set()),
    ],
)
def test_a_configuration_that_is_held_and_not_obeyed_is_found_by_the_analyzer(label: str, what: set[str]) -> None:
    not_passed = found(configure_ratings, Spoken(overlooks=frozenset({label})))
    assert not_passed == dict.fromkeys(what, Verdict.FAIL)


class Fitting(Spoken):
    """Refuses ratings that do not fit together, and vars beyond what it is configured to."""

    def configure(self, label: str, value: float) -> None:
        held = {name: self._rated(name) for name in AS_SET if name in LIMITED_BY} | {label: value / RATING_VA}
        if any(held[less] > held[most] + 1e-9 for less, most in LIMITED_BY.items() if most in held):
            raise DeviceError(f"{label} {value} does not fit {held}")
        super().configure(label, value)

    def set_reactive_power(self, share_pu: float) -> None:
        if abs(share_pu) > self._rated("NP_Q_MAX_INJ" if share_pu > 0.0 else "NP_Q_MAX_ABS") + 1e-9:
            raise DeviceError(f"{share_pu} is beyond what is configured")
        super().set_reactive_power(share_pu)


LIMITED_BY = {"NP_P_MAX": "NP_VA_MAX", "NP_P_MAX_OVER_PF": "NP_P_MAX", "NP_VA_MAX": "NP_VA_MAX"}


def test_a_device_that_takes_no_ratings_that_do_not_fit_is_not_asked_to() -> None:
    assert found(configure_ratings, Fitting()) == {}


class Weak(Spoken):
    """Gives no vars."""

    @property
    def given_q_pu(self) -> float:
        return 0.0


def test_where_too_little_comes_nobody_can_tell_whether_it_is_obeyed() -> None:
    with pytest.raises(NotPassed, match="NP_Q_MAX_INJ, NP_Q_MAX_ABS") as ended:
        found(configure_ratings, Weak())
    assert ended.value.verdict is Verdict.NOT_RUN


class Refusing(Spoken):
    """Answers every write with a refusal."""

    def configure(self, label: str, value: float) -> None:
        raise DeviceError(f"refused: {label} {value}")

    def set_volt_watt(self, curve: Any) -> None:
        raise DeviceError(f"refused: {curve}")


def test_a_refusal_shows_in_what_is_held_and_the_rest_goes_on() -> None:
    assert {label.split()[0] for label in found(configure_ratings, Refusing())} >= {"NP_P_MAX", "NP_VA_MAX", "active"}
    assert {what.split(",")[1] for what in found(write_settings, Refusing())} == {" volt-watt low", " volt-watt high"}


class Lost(Spoken):
    """Is gone once it has been configured for the third time, and comes back."""

    def configure(self, label: str, value: float) -> None:
        if len(self.configured) == 2 and label not in self.configured and not self.latched:
            self.latched = 1
            raise TransportError("gone")
        super().configure(label, value)


def test_ratings_are_put_back_when_the_link_breaks_in_the_middle() -> None:
    device = Lost()
    with pytest.raises(TransportError):
        list(configure_ratings(rig_of(device), FIGURES))
    left = {label: value for label, value in device.configured.items() if value != AS_SET[label]}
    assert not left, f"it was left configured to {left}"


@pytest.mark.parametrize(
    ("label", "points"),
    [
        ("PV_OLRT", ("volt-watt low", "volt-watt high")),
        ("CONST_PF", ("constant power factor injecting", "constant power factor absorbing")),
        ("CONST_Q", ("constant reactive power injecting", "constant reactive power absorbing")),
        ("PF_KUF", ("frequency-droop low", "frequency-droop high")),
        ("OV1_TRIP_V", ("OV trip shortest", "OV trip longest")),
        ("UF2_TRIP_T", ("UF trip shortest", "UF trip longest")),
    ],
)
def test_a_setting_that_is_not_kept_is_named(label: str, points: tuple[str, ...]) -> None:
    not_passed = found(write_settings, Spoken(forgets=frozenset({label})))
    assert set(not_passed) == {f"{label} as set, {point}" for point in points}


def test_a_word_that_is_not_kept_is_named() -> None:
    not_passed = found(write_settings, Spoken(as_set=AS_SET | {"CONST_PF_EXCITATION-AS": "ABS"}, forgets=EXCITATION))
    assert set(not_passed) == {"CONST_PF_EXCITATION as set to INJ, constant power factor injecting"}


@pytest.mark.parametrize(("abnormal", "times_s"), [("I", [2.0, 21.0]), ("II", [2.0, 21.0]), ("III", [21.0, 50.0])])
def test_a_trip_is_set_at_both_ends_of_the_range_of_its_category(abnormal: str, times_s: list[float]) -> None:
    points = trip_points(FIGURES.trips, "UV", FIGURES.settings.trips, abnormal)
    assert [point.labels["UV1_TRIP_T"] for point in points] == times_s
    fixed = trip_points(FIGURES.trips, "OV", FIGURES.settings.trips, abnormal)
    assert [point.labels["OV2_TRIP_V"] for point in fixed] == [1.2, 1.2]


def test_trips_are_left_as_they_were_found() -> None:
    device = Spoken()
    assert found(write_settings, device) == {}
    assert device.trips == AS_IT_CAME


class OneStage(Spoken):
    """Trips for low frequency in one stage."""

    def read_trip(self, kind: TripKind) -> Trip:
        if kind == "under_frequency":
            raise DeviceError("1 point")
        return super().read_trip(kind)

    def set_trip(self, kind: TripKind, trip: Trip) -> None:
        assert kind != "under_frequency", "what cannot be put back is not touched"
        super().set_trip(kind, trip)


def test_trips_that_could_not_be_put_back_are_not_set_and_all_else_is() -> None:
    device, told = OneStage(), list[str]()
    findings = (told.append(finding.what) for finding in write_settings(rig_of(device), FIGURES))
    with pytest.raises(NotPassed, match="cannot be read as two stages") as ended:
        list(findings)
    assert ended.value.verdict is Verdict.NOT_RUN
    assert any("OF2_TRIP_T" in what for what in told)
    assert any("PF_OLRT" in what for what in told)
    assert device.trips == AS_IT_CAME


def test_trips_of_a_device_without_a_category_are_not_run() -> None:
    with pytest.raises(NotPassed, match="states no abnormal operating category") as ended:
        found(write_settings, Spoken(), plate(abnormal=""))
    assert ended.value.verdict is Verdict.NOT_RUN


def test_a_function_that_a_device_does_not_have_is_not_set() -> None:
    device = Spoken(functions=FUNCTIONS - {"QP", "PV"}, forgets=frozenset({"PV_OLRT"}))
    assert found(write_settings, device) == {}


def test_criteria_of_entering_service_are_left_as_they_were_found() -> None:
    labels = {"ES_V_LOW": 0.9, "ES_V_HIGH": 1.04, "ES_F_LOW": 59.4, "ES_F_HIGH": 60.2, "ES_DELAY": 33.0}
    before = {f"{label}-AS": value for label, value in (labels | {"ES_RAMP_RATE": 44.0}).items()}
    device = Spoken(as_set=AS_SET | before)
    assert found(write_settings, device) == {}
    assert {label: device.as_set[label] for label in before} == before


def test_a_point_of_a_function_that_there_is_not_is_a_mistake_of_the_figures() -> None:
    point = FIGURES.settings.points[0].model_copy(update={"function": "dance"})
    section = FIGURES.settings.model_copy(update={"points": (point,)})
    with pytest.raises(ConfigError, match="no function 'dance' to be set; known: enter service,"):
        list(write_settings(rig_of(Spoken()), FIGURES.model_copy(update={"settings": section})))


@pytest.mark.parametrize(
    ("quantity", "limit"),
    [("active power", 0.05), ("reactive power", 0.05), ("voltage", 0.01), ("frequency", 0.01)],
)
def test_readings_are_held_to_the_accuracy_of_the_standard(quantity: str, limit: float) -> None:
    assert found(compare_readings, Spoken(wrong={quantity: 0.9 * limit})) == {}
    for wrong in (1.1 * limit, -1.1 * limit):
        not_passed = found(compare_readings, Spoken(wrong={quantity: wrong}))
        points = {f"{quantity} that the device reports, {point.name}" for point in FIGURES.monitoring.points}
        assert set(not_passed) == points, f"{wrong:+g} was not found at each point, or elsewhere as well"
        assert set(not_passed.values()) == {Verdict.FAIL}


def test_where_the_analyzer_is_no_better_than_the_limit_nothing_is_decided() -> None:
    findings = list(compare_readings(rig_of(Spoken(wrong={"active power": 0.049}), uncertainty=0.005), FIGURES))
    power = {finding.verdict for finding in findings if finding.what.startswith("active")}
    assert power == {Verdict.INCONCLUSIVE}


def test_a_quantity_that_is_not_reported_is_a_failure_of_the_device() -> None:
    not_passed = found(compare_readings, Spoken(wrong={"frequency": float("nan")}))
    assert len(not_passed) == len(FIGURES.monitoring.points)
    assert set(not_passed.values()) == {Verdict.FAIL}


class Unlimited(Spoken):
    """Takes a limit, and delivers as before."""

    def limit_power_pct(self, limit_pct: float, reversion_s: float) -> None:
        del limit_pct, reversion_s


def test_a_state_that_was_not_reached_was_not_compared() -> None:
    with pytest.raises(NotPassed, match="did not come to the state 'little active power'") as ended:
        found(compare_readings, Unlimited())
    assert ended.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("device", "told"),
    [
        (Spoken(latches_alarms=True), set()),
        (Spoken(alarms_in_a_sag=0), {"an alarm reported, tripped by a sag"}),
        (
            Spoken(says_it_runs=True),
            {
                "no operation reported, its permit withdrawn",
                "no operation reported, tripped by a sag",
                "no connection reported, tripped by a sag",
            },
        ),
    ],
)
def test_states_are_those_that_the_analyzer_sees(device: Spoken, told: set[str]) -> None:
    assert set(found(compare_states, device)) == told


class Through(Spoken):
    """Rides through everything."""

    @property
    def delivers(self) -> bool:
        return self.permitted


def test_a_device_that_does_not_trip_has_nothing_to_tell_and_the_voltage_is_put_back() -> None:
    device = Through()
    with pytest.raises(NotPassed, match="nothing to be said of its state") as ended:
        found(compare_states, device)
    assert (ended.value.verdict, device.voltage_pu) == (Verdict.NOT_RUN, 1.0)
