"""Whose fault it is that a step of a type test broke off: the device's, which is a finding, or the bench's."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from bench.certification.not_passed import NotPassed
from bench.safety import Interrupted
from instruments.errors import InstrumentError, Unanswered, Unmapped
from reports.verdict import Verdict


class DeviceError(InstrumentError):
    """The device under test answered, and refused what the standard asks for or said what cannot be."""


class RatingsError(DeviceError):
    """It states ratings that cannot be, or not what they are: that is its failure, and nothing else can be tested."""


class UnderTest:
    """Hands calls on to the driver of the device under test; its InstrumentError is a DeviceError here.

    An instrument that refuses is a broken bench, and so is a gateway that answers in the device's place.
    """

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        return _owning_up(found) if callable(found) else found


def _owning_up(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except Unanswered:
            raise
        except Unmapped as error:  # what its map lacks is no fault of the device
            raise NotPassed(str(error), Verdict.NOT_RUN) from error
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
