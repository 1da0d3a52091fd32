"""Answers to the drivers: whatever comes back, a method ends within its time-out, and takes no unsound answer."""

import contextlib
import random
import re
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bench.assembly.drivers import MODBUS_DRIVERS, POINT_MAP_DRIVERS, VISA_DRIVERS
from instruments import roles
from instruments.errors import BenchError, InstrumentError, TransportError
from tests.hostile.twisted import ABORT, BYTEWISE, CLOSE, DRIP, SILENCE, SUBJECTS, UNIT, Plan, Subject, Twist

PATIENT_S, SHORT_S = 5.0, 0.1
HANG_S = 4.0
"""Guards against a hang only: many times the time-outs that a method may wait for."""
RANDOM = random.Random(5)  # noqa: S311  for noise, not for secrets
READS = (3, 4)
SHARE = 0.2


def reframed(right: bytes, pdu: bytes) -> bytes:
    return right[:4] + struct.pack(">HB", len(pdu) + 1, right[6]) + pdu


def other_registers(request: bytes, right: bytes, _before: bytes) -> bytes:
    """One register too few of a read, the echo of another value of a write."""
    if request[7] in READS:
        return reframed(right, right[7:8] + bytes([right[8] - 2]) + right[9:-2])
    return right[:-1] + bytes([right[-1] ^ 1])


def other_function(_request: bytes, right: bytes, _before: bytes) -> bytes:
    other = {3: 4, 4: 3, 6: 16, 16: 6}[right[7] & 0x7F]
    return right[:7] + bytes([other]) + right[8:]


INSTANT: dict[str, Twist] = {
    "another function": other_function,
    "the exception of another function": lambda _, right, __: reframed(right, bytes([0x81, 2])),
    "an exception without a code": lambda _, right, __: reframed(right, bytes([right[7] | 0x80])),
    "an exception with more than a code": lambda _, right, __: reframed(right, bytes([right[7] | 0x80, 2, 0])),
    "another count or value": other_registers,
    "a miscounted answer": lambda _, right, __: right[:8] + bytes([right[8] ^ 2]) + right[9:],
    "a longer answer": lambda _, right, __: reframed(right, right[7:] + b"\0\0"),
    "more than the answer": lambda _, right, __: right + right[:5],
    "the answer twice": lambda _, right, __: right + right,
    "another protocol": lambda _, right, __: right[:2] + b"\0\1" + right[4:],
    "a length of nothing": lambda _, right, __: right[:4] + b"\0\0" + right[6:],
    "a length beyond all frames": lambda _, right, __: right[:4] + b"\xff\xff" + right[6:] + b"\0" * 70_000,
    "noise": lambda _, right, __: right[:2] + b"\1" + RANDOM.randbytes(3000),
    "hanging up": lambda *_: CLOSE,
    "a reset": lambda *_: ABORT,
}
REFUSALS: dict[str, Twist] = {
    f"exception {code}": (lambda _, right, __, code=code: reframed(right, bytes([right[7] | 0x80, code])))
    for code in (1, 2, 3, 4, 5, 6, 10, 11, 0, 255)
}
SLOW: dict[str, Twist] = {
    "half an answer": lambda _, right, __: right[:-1],
    "another transaction": lambda _, right, __: bytes([right[0], right[1] ^ 1]) + right[2:],
    "transaction 0": lambda _, right, __: b"\0\0" + right[2:],
    "another unit": lambda _, right, __: right[:6] + bytes([UNIT + 1]) + right[7:],
    "the answer before": lambda _, right, before: before or right[:3],
    "silence": lambda *_: SILENCE,
    "a drip": lambda *_: DRIP,
}
LINES: dict[str, Twist] = {
    "an empty line": lambda *_: b"\n",
    "a word": lambda *_: b"READY\n",
    "bytes": lambda *_: b"\xff\xfe\x00\x1b[31m\n",
    "nulls": lambda *_: b"\0" * 100 + b"\n",
    "the answer twice": lambda _, right, __: right + right,
    "more than the answer": lambda _, right, __: right + b"1",
    "no end": lambda *_: b"1," * 50_000,
    "thousands of digits": lambda *_: b"1" * 5000 + b";" + b"1" * 5000 + b"\n",
    "no numbers": lambda *_: b"NAN,INF,9.91E37;NAN;NAN\n",
    "numbers of Python": lambda _, right, __: right.replace(b"0", b"0_0")[:-1] + b";1_2\n",
    "hanging up": lambda *_: CLOSE,
    "a reset": lambda *_: ABORT,
}
TEXTS = {"numbers of Python"}
"""As good as any other text, where a text is asked for."""
SLOW_LINES = {
    "half an answer": lambda _, right, __: right[:-1],
    "silence": SLOW["silence"],
    "a drip": SLOW["a drip"],
}
RETRIED = {
    "scpi_grid_simulator.make_safe",
    "scpi_sensing_source.make_safe",
    "scpi_digital_io.make_safe",
    "scpi_pv_simulator.make_safe",
    "scpi_battery_simulator.make_safe",
}
"""What tries again over a new connection, and so may succeed."""


@dataclass(frozen=True)
class Case:
    driver: str
    method: str
    twist: str

    @property
    def subject(self) -> Subject:
        return SUBJECTS[self.driver]

    @property
    def is_scpi(self) -> bool:
        return self.driver.startswith("scpi")

    def __str__(self) -> str:
        return f"{self.driver}.{self.method}: {self.twist}"


def all_cases(modbus: dict[str, Twist], scpi: dict[str, Twist], methods: int | None = None) -> list[Case]:
    return [
        Case(driver, method, twist)
        for driver, subject in SUBJECTS.items()
        for method in list(subject.calls)[:methods]
        for twist in (scpi if driver.startswith("scpi") else modbus)
    ]


def exchanges_of(subject: Subject, method: str) -> int:
    plan = Plan()
    with subject.driver(plan, PATIENT_S) as driver:
        subject.calls[method](driver)
    return plan.done


def refuses(case: Case, twist: Twist, at: int, timeout_s: float) -> Exception | None:
    """Carry a method out while one exchange is twisted; return how it ended. The driver works again afterwards."""
    plan = Plan(twist, at)
    with case.subject.driver(plan, timeout_s) as driver:
        began_s = time.monotonic()
        try:
            case.subject.calls[case.method](driver)
            ended = None
        except (TransportError, InstrumentError) as error:
            ended = error
        assert time.monotonic() - began_s < HANG_S, f"{case} at exchange {at} took longer than any time-out"
        assert plan.done > at, "the exchange was never reached"
        plan.twist = None
        assert driver.identify().serial, f"after {case} at exchange {at} the driver does not work any more"
    return ended


def check(case: Case, twist: Twist, at: int, timeout_s: float) -> None:
    ended = refuses(case, twist, at, timeout_s)
    excused = f"{case.driver}.{case.method}" in RETRIED or (case.method == "identify" and case.twist in TEXTS)
    assert ended is not None or excused, f"{case} at exchange {at} was taken"


@pytest.mark.parametrize("case", all_cases(INSTANT, LINES), ids=str)
def test_an_unsound_answer_ends_every_method_and_the_link_works_again(case: Case) -> None:
    """The exchange that is twisted is the last one of the method, or one drawn before it."""
    count = exchanges_of(case.subject, case.method)
    twist = (LINES if case.is_scpi else INSTANT)[case.twist]
    check(case, twist, random.Random(str(case)).choice([count - 1, RANDOM.randrange(count)]), PATIENT_S)  # noqa: S311


@pytest.mark.parametrize("case", all_cases(REFUSALS, {}, methods=2), ids=str)
def test_a_refusal_is_one_with_its_reason(case: Case) -> None:
    ended = refuses(case, REFUSALS[case.twist], exchanges_of(case.subject, case.method) - 1, PATIENT_S)
    assert isinstance(ended, InstrumentError)
    assert "refused the" in str(ended)


@pytest.mark.parametrize("case", all_cases(SLOW, SLOW_LINES, methods=1), ids=str)
def test_what_never_becomes_an_answer_ends_with_the_time_out(case: Case) -> None:
    twist = (SLOW_LINES if case.is_scpi else SLOW)[case.twist]
    check(case, twist, exchanges_of(case.subject, case.method) - 1, SHORT_S)


@pytest.mark.soak
@pytest.mark.parametrize("case", all_cases(INSTANT | SLOW, LINES | SLOW_LINES), ids=str)
def test_so_it_is_at_every_exchange_of_every_method(case: Case) -> None:
    twists = (LINES | SLOW_LINES) if case.is_scpi else (INSTANT | SLOW)
    timeout_s = SHORT_S if case.twist in SLOW or case.twist in SLOW_LINES else PATIENT_S
    for at in range(exchanges_of(case.subject, case.method)):
        check(case, twists[case.twist], at, timeout_s)


@pytest.mark.parametrize("name", SUBJECTS)
def test_an_answer_in_single_bytes_is_an_answer(name: str) -> None:
    """What is slow or split and right is taken: nobody good is failed."""
    subject, plan = SUBJECTS[name], Plan()
    with subject.driver(plan, PATIENT_S) as driver:
        whole = driver.identify()
        plan.twist, plan.at = (lambda *_: BYTEWISE), -1
        assert driver.identify() == whole
    assert whole.manufacturer == ("Acme" if name.startswith("acme") else "derbench")


def scrambled(seed: int, request: bytes, right: bytes) -> bytes:
    """Keep the form of an answer, and put nonsense into some of its values."""
    draw = random.Random(f"{seed}/{right.hex()}")  # noqa: S311
    if not right.endswith(b"\n"):
        words = [right[i : i + 2] for i in range(9, len(right), 2)] if request[7] in READS else []
        nonsense = (b"\0\0", b"\x7f\xff", b"\x80\0", b"\x80\1", b"\xff\xff", draw.randbytes(2))
        words = [draw.choice(nonsense) if draw.random() < SHARE else word for word in words]
        return right[:9] + b"".join(words) if words else right
    texts = (b"", b"-1", b"1E400", b"-9.9E37", b"0.5", b"NAN", b"ON", b"999999999999", b'"<b>"', b"1 2", b"+0.0E+0")
    parts = re.split(rb"([;,])", right[:-1])
    return b"".join(draw.choice(texts) if draw.random() < SHARE and p not in b";," else p for p in parts) + b"\n"


@pytest.mark.parametrize("case", all_cases({"nonsense": None}, {"nonsense": None}), ids=str)
def test_nonsense_in_a_sound_answer_ends_in_a_reading_or_an_error_of_the_instrument(case: Case) -> None:
    nonsense_until_an_error(case, range(4))


@pytest.mark.soak
@pytest.mark.parametrize("case", all_cases({"nonsense": None}, {"nonsense": None}), ids=str)
def test_so_it_is_with_much_nonsense(case: Case) -> None:
    nonsense_until_an_error(case, range(4, 300))


def nonsense_until_an_error(case: Case, seeds: range) -> None:
    for seed in seeds:
        plan = Plan()
        with case.subject.driver(plan, PATIENT_S) as driver:
            if seed % 2:  # half of the devices are known already when they begin to talk nonsense
                case.subject.calls[case.method](driver)
            plan.twist, plan.at = (lambda request, right, _, seed=seed: scrambled(seed, request, right)), -1
            with contextlib.suppress(BenchError):
                case.subject.calls[case.method](driver)


@pytest.mark.parametrize("name", [name for name in SUBJECTS if not name.startswith("scpi")])
def test_a_late_answer_to_an_earlier_request_is_not_taken_for_the_present_one(name: str) -> None:
    """It comes in front of the right one, as from a gateway that lagged; the right one is read."""
    subject = SUBJECTS[name]
    method = next(call for call in ("read_ac", "read_meter", "read_status") if call in subject.calls)
    plan = Plan()
    with subject.driver(plan, PATIENT_S) as driver:
        right = subject.calls[method](driver)
        plan.twist, plan.at = (lambda _, answer, before: before + answer), plan.done
        assert repr(subject.calls[method](driver)) == repr(right)


def test_a_late_line_is_not_taken_for_the_answer_to_the_next_query() -> None:
    subject = SUBJECTS["scpi_grid_simulator"]
    plan = Plan()
    with subject.driver(plan, PATIENT_S) as driver:
        right = driver.read_set_point()
        plan.twist, plan.at = (lambda _, answer, __: answer + b"999;999;999;1;0\n"), plan.done
        with pytest.raises(TransportError, match="more than one answer"):
            driver.read_set_point()
        assert driver.read_set_point() == right


def drivers_of_the_bench() -> Iterator[str]:
    yield from (role for role, _ in (*MODBUS_DRIVERS, *POINT_MAP_DRIVERS, *VISA_DRIVERS))


def test_every_driver_and_every_method_of_its_role_is_tried() -> None:
    tried = {subject.role: subject for subject in SUBJECTS.values()}
    assert set(drivers_of_the_bench()) <= set(tried)
    protocols: dict[str, Any] = {
        "inverter": roles.Inverter,
        "battery": roles.Battery,
        "meter": roles.Meter,
        "load_tap_changer": roles.LoadTapChangerControl,
        "capacitor_bank": roles.CapacitorBankControl,
        "grid_simulator": roles.GridSimulator,
        "power_analyzer": roles.PowerAnalyzer,
        "sensing_source": roles.SensingSource,
        "digital_io": roles.DigitalIO,
        "pv_simulator": roles.PvSimulator,
        "battery_simulator": roles.BatterySimulator,
    }
    for role, subject in tried.items():
        methods = {name for name in vars(protocols[role]) if name[0] != "_"}
        assert methods <= set(subject.calls), f"methods of {role} that nobody tries"
