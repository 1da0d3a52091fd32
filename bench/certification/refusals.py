"""Whose fault it is that a step of a type test broke off: the device's, which is a finding, or the bench's."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from bench.certification.not_passed import NotPassed
from bench.safety import Interrupted
from instruments.errors import Doubtful, InstrumentError, Unanswered, Unmapped
from instruments.roles import StorageFunctions
from reports.verdict import Verdict

STORAGE = frozenset(name for name in vars(StorageFunctions) if not name.startswith("_"))
"""What procedures ask of storage."""


class DeviceError(InstrumentError):
    """The device under test answered, and refused what the standard asks for or said what cannot be."""


class DoubtfulAnswerError(DeviceError):
    """It answered with what is no reading, or not to what it was asked: that fails, and is no refusal of anything."""


class RatingsError(DeviceError):
    """It states ratings that cannot be, or not what they are: that is its failure, and nothing else can be tested."""


class UnderTest:
    """Hands calls on to the driver of the device under test; its InstrumentError is a DeviceError here.

    An instrument that refuses is a broken bench, and so is a gateway that answers in the device's place. What a driver
    of storage has nothing of is NOT_RUN where it is asked for: nobody asked the device.
    """

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        if name in STORAGE and not hasattr(self._driver, name):
            return partial(_not_offered, name)
        found = getattr(self._driver, name)
        return _owning_up(found) if callable(found) else found


def is_refused(order: Callable[[], object]) -> bool:
    """Give an order, and tell whether the device refuses it, or does not read back as it was told.

    Raises DoubtfulAnswerError for an answer that says neither.
    """
    try:
        order()
    except DoubtfulAnswerError:
        raise
    except DeviceError:
        return True
    return False


def _not_offered(name: str, *_arguments: Any) -> None:
    raise NotPassed(f"its driver has no {name}: nothing was sent", Verdict.NOT_RUN)


def _owning_up(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except Unanswered:
            raise
        except Unmapped as error:  # what its map lacks is no fault of the device
            raise NotPassed(str(error), Verdict.NOT_RUN) from error
        except Doubtful as error:
            raise DoubtfulAnswerError(str(error)) from error
        except InstrumentError as error:
            raise DeviceError(str(error)) from error

    return called


def verdict_of(error: BaseException) -> Verdict:
    """Return what a clause comes to in which this was raised (DESIGN section 8): FAIL is about the device alone."""
    if isinstance(error, Interrupted):
        return Verdict.ABORTED
    if isinstance(error, AssertionError):
        verdict = getattr(error, "verdict", None)
        return verdict if isinstance(verdict, Verdict) else Verdict.INCONCLUSIVE
    return Verdict.FAIL if isinstance(error, DeviceError) else Verdict.ERROR
