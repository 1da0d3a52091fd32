"""A device that refuses, lies about itself, is another, or goes away: whose fault it is, and what goes on."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.certification.not_passed import NotPassed
from bench.certification.ratings import impossible, require_usable
from bench.certification.refusals import (
    DeviceError,
    DoubtfulAnswerError,
    RatingsError,
    UnderTest,
    is_refused,
    verdict_of,
)
from bench.certification.session import CertificationSession, ClauseTitle
from bench.certification.suites import suite_named
from bench.certification.type_test import TypeTest
from bench.clock import Slip
from bench.config import load_bench
from bench.faults import parse_fault
from bench.safety import Interrupted, interruptible
from instruments.errors import ConfigError, Doubtful, IdentityMismatch, InstrumentError, TransportError, Unanswered
from reports.verdict import Verdict
from tests.certification.spoken import RATING_VA, Spoken, plate, rig_of

BENCH = Path(__file__).parents[2] / "fixtures" / "benches" / "certify_inverter.yaml"


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (DeviceError("refused"), Verdict.FAIL),
        (RatingsError("0 VA"), Verdict.FAIL),
        (InstrumentError("the analyzer's queue has an error"), Verdict.ERROR),
        (Unanswered("the gateway says no"), Verdict.ERROR),
        (TransportError("gone"), Verdict.ERROR),
        (IdentityMismatch("another"), Verdict.ERROR),
        (ConfigError("no such point"), Verdict.ERROR),
        (ZeroDivisionError("a mistake of ours"), Verdict.ERROR),
        (NotPassed("nothing was measured", Verdict.NOT_RUN), Verdict.NOT_RUN),
        (NotPassed("beyond its band", Verdict.FAIL), Verdict.FAIL),
        (AssertionError("who knows"), Verdict.INCONCLUSIVE),
        (Interrupted("SIGTERM"), Verdict.ABORTED),
    ],
)
def test_only_what_the_device_did_is_its_failure(error: BaseException, verdict: Verdict) -> None:
    assert verdict_of(error) is verdict


@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (InstrumentError("illegal value"), DeviceError),
        (Unanswered("its gateway"), Unanswered),
        (TransportError("gone"), TransportError),
    ],
)
def test_the_device_under_test_owns_up_to_its_refusals_and_to_nothing_else(
    raised: Exception, seen: type[Exception]
) -> None:
    class Driver:
        name = "inverter"

        def read_ac(self) -> None:
            raise raised

    under_test = UnderTest(Driver())
    assert under_test.name == "inverter"
    with pytest.raises(seen) as caught:
        under_test.read_ac()
    assert type(caught.value) is seen


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({}, []),
        ({"va_max_va": 0.0}, ["an apparent power of 0 VA"]),
        ({"va_max_va": float("nan")}, ["an apparent power of nan VA"]),
        ({"v_nom_v": 0.0}, ["a nominal voltage of 0 V"]),
        ({"p_max_w": RATING_VA}, []),
        ({"p_max_w": 10_001.0}, ["an active power of 10001 W with 10000 VA"]),
        ({"p_max_w": 0.0}, ["an active power of 0 W with 10000 VA"]),
        ({"q_max_injected_var": -1.0}, ["vars injected of -1 with 10000 VA"]),
        ({"q_max_absorbed_var": 10_001.0}, ["vars absorbed of 10001 with 10000 VA"]),
        ({"charge_max_w": 20_000.0}, ["power while charging of 20000 with 10000 VA"]),
    ],
)
def test_ratings_that_cannot_be_are_told_each(other: dict[str, Any], told: list[str]) -> None:
    assert list(impossible(plate(**other))) == told


@pytest.mark.parametrize(("stated_va", "is_another"), [(25_000.0, False), (26_200.0, False), (26_300.0, True)])
def test_ratings_other_than_configured_are_of_another_device(stated_va: float, is_another: bool) -> None:
    device = load_bench(BENCH).devices["inverter"]
    stated = plate(va_max_va=stated_va, p_max_w=20_000.0, v_nom_v=208.0)
    if not is_another:
        require_usable("inverter", device, stated)
        return
    with pytest.raises(IdentityMismatch, match="it states 26300 VA, not 25000 VA"):
        require_usable("inverter", device, stated)


def test_a_device_that_states_no_category_fails_for_that() -> None:
    figures = suite_named("ieee1547.1").load()
    with pytest.raises(RatingsError, match="no normal operating category"):
        TypeTest(rig_of(Spoken(), replace(plate(), category="")), figures, lambda _finding: None)  # type: ignore[arg-type]


def title(clause: str) -> ClauseTitle:
    return ClauseTitle(clause, "", "", f"clause {clause}")


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Any]:
    opened: list[CertificationSession] = []

    def session(*faults: str) -> CertificationSession:
        found = [parse_fault(f"inverter:{fault}") for fault in faults]
        made = CertificationSession(
            tmp_path / "run", load_bench(BENCH), BENCH, "inverter", suite_named("ieee1547.1"), 1, found
        )
        opened.append(made)
        return made

    yield session
    for each in opened:
        each.leave()


def begin_in_vain(session: CertificationSession, clause: str) -> dict[str, Any]:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one it is, is what the record says
        session.begin(title(clause))
    session.fail_to_start(title(clause), caught.value)
    return session.scenarios[-1]


def test_impossible_ratings_fail_at_their_clause_and_no_other_is_begun_with_them(sessions: Any) -> None:
    session = sessions("impossible-nameplate")
    ended = {clause: begin_in_vain(session, clause) for clause in ("6.4", "5.13")}
    assert {clause: entry["verdict"] for clause, entry in ended.items()} == {"6.4": "FAIL", "5.13": "NOT_RUN"}
    assert ended["5.13"]["reason"] == "inverter states ratings that cannot be: an apparent power of 0 VA"


def test_another_device_than_configured_is_an_error_of_the_bench(sessions: Any) -> None:
    entry = begin_in_vain(sessions("impossible-nameplate=2"), "6.4")
    assert (entry["verdict"], "inverter is another device" in entry["reason"]) == ("ERROR", True)


def test_a_device_that_cannot_be_found_by_its_marker_fails_for_that_alone(sessions: Any) -> None:
    session = sessions("no-marker")
    verdicts = {clause: begin_in_vain(session, clause)["verdict"] for clause in ("6.4", "5.13")}
    assert verdicts == {"6.4": "FAIL", "5.13": "NOT_RUN"}


def test_a_device_that_is_not_there_is_an_error_of_the_bench(sessions: Any) -> None:
    entry = begin_in_vain(sessions("drops-out"), "6.4")
    assert (entry["verdict"], entry["reason"].split(":")[0]) == ("ERROR", "TransportError")


def test_a_device_that_drops_out_in_the_middle_ends_its_clause_and_the_next_goes_on(sessions: Any) -> None:
    session = sessions("drops-out@100..3600")
    trial = session.begin(title("6.5"))
    assert isinstance(trial.test, TypeTest)
    with pytest.raises(TransportError) as lost:
        trial.test.configure_ratings()
    trial.take_failure("its ratings are configured", lost.value)
    assert session.close(trial) is Verdict.ERROR
    reason = session.scenarios[-1]["reason"]
    assert "inverter could not be proven safe" in reason
    assert "grid_simulator could not" not in reason, "the source was switched off all the same"
    following = session.begin(title("6.4"))
    assert isinstance(following.test, TypeTest)
    following.test.enter_service()
    following.test.examine_nameplate()
    assert session.close(following) is Verdict.PASS


def test_a_device_that_reboots_in_the_middle_fails_where_it_should_have_delivered(sessions: Any) -> None:
    session = sessions("reboots@40..50")
    trial = session.begin(title("6.4"))
    assert isinstance(trial.test, TypeTest)
    trial.test.enter_service()
    trial.test.rig.hold(30.0, 1.0)
    trial.test.examine_nameplate()
    broken = [finding.what for finding in trial.test.findings if finding.verdict is not Verdict.PASS]
    assert broken == ["rated active power, against what is delivered"], "it waits for its delay to enter service again"
    assert session.close(trial) is Verdict.FAIL


def test_a_type_test_in_which_the_bench_was_late_is_inconclusive_and_says_so(sessions: Any) -> None:
    session = sessions()
    trial = session.begin(title("6.4"))
    assert isinstance(trial.test, TypeTest)
    trial.test.enter_service()
    trial.test.examine_nameplate()
    trial.bench.clock.slip = Slip(tolerance_s=1.0, worst_s=2.34, late_events=4)
    assert session.close(trial) is Verdict.INCONCLUSIVE
    assert (
        "the bench looked 4 times later than its tolerance of 1 s, at worst by 2.3 s"
        in (session.scenarios[-1]["reason"])
    )


def test_a_signal_while_the_rig_is_made_safe_aborts_and_loses_no_record(
    sessions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sessions()
    with interruptible():
        trial = session.begin(title("6.4"))
        close = trial.bench.close

        def stopped() -> Any:
            signal.raise_signal(signal.SIGTERM)
            return close()

        monkeypatch.setattr(trial.bench, "close", stopped)
        assert session.close(trial) is Verdict.ABORTED
    (entry,) = session.scenarios
    assert "stopped by SIGTERM while the equipment was made safe" in entry["reason"]
    assert trial.aborted, "nothing tells the run that it ends here"


def test_a_doubtful_answer_is_taken_for_no_refusal() -> None:
    """Who waits for a refusal gets none from a device that only answers what cannot be believed."""

    class Driver:
        def set_blocked(self, error: Exception | None) -> None:
            if error is not None:
                raise error

    under_test = UnderTest(Driver())
    assert is_refused(lambda: under_test.set_blocked(InstrumentError("blocked")))
    assert not is_refused(lambda: under_test.set_blocked(None))
    with pytest.raises(DoubtfulAnswerError, match="forced locally") as doubt:
        is_refused(lambda: under_test.set_blocked(Doubtful("it is no reading: forced locally")))
    assert verdict_of(doubt.value) is Verdict.FAIL
    with pytest.raises(TransportError):
        is_refused(lambda: under_test.set_blocked(TransportError("gone")))
