"""Restoring step numbers that a page layout broke.

In a narrow column a number is printed over several lines, and a last line of one character gets lost when text is taken
from the page: 1.1.1 reads ``1.1.``, 1.10 reads ``1.1``, 1.21.1A.1 reads ``1.2 1.1 A.1``, once even the dot is gone
(3.2.1 as ``32``). What is left, and the number of the row before, say which number it was.
"""

from collections.abc import Iterable, Sequence

from bench.use_case.dewey import Component, Dewey, parse, render


def restore(printed: Sequence[str]) -> list[str | None]:
    """Restore the numbers of one scenario's rows, in the order of printing; None where nothing fits."""
    numbers: list[Dewey | None] = []
    previous: Dewey = ()
    for text in printed:
        number = _restored("".join(text.split()), previous, numbers)
        numbers.append(number)
        previous = number or previous
    _return_misread(printed, numbers)
    return [render(number) if number else None for number in numbers]


def gaps(numbers: Sequence[str]) -> dict[str, str]:
    """Find numbers that no row has although the next one exists, such as 3.11 before 3.12: the next one -> missing."""
    known = [parse(number) for number in numbers]
    occupied = {number[:depth]: None for number in known for depth in range(2, len(number) + 1)}
    return {
        render(number): render(before)
        for number in occupied
        if (before := _before(number)) and not _present(before, occupied)
    }


def _restored(text: str, previous: Dewey, taken: Sequence[Dewey | None]) -> Dewey | None:
    """Choose the number: the next one in sequence that reads so, else the text as it stands if it is a new number."""
    following = [number for number in _successors(previous) if number not in taken]
    for lost in (0, 1):
        fitting = [number for number in following if _reads(number, text, lost)]
        if fitting:
            return fitting[0]
    try:
        number = parse(text)
    except ValueError:
        return None
    return None if number in taken else number


def _successors(previous: Dewey) -> list[Dewey]:
    """List what can follow a number: its first nested step, or the next step on any level, innermost first."""
    following = [(*previous, Component(1))] if previous else []
    for depth in range(len(previous), 0, -1):
        following.append((*previous[: depth - 1], Component(previous[depth - 1].number + 1)))
    return following


def _reads(number: Dewey, text: str, lost: int) -> bool:
    """Say whether a number reads as `text` once its last `lost` characters are gone; dots prove nothing."""
    full = render(number)
    if not lost:
        return text == full
    return text.replace(".", "") == full.replace(".", "")[:-lost]


def _return_misread(printed: Sequence[str], numbers: list[Dewey | None]) -> None:
    """Correct restored rows that belong to a nest which was printed late, in place.

    ``2.7.`` after 2.7.3 passes for 2.7.4; when 2.7.1.2 follows it and nothing else is 2.7.1.1, it was 2.7.1.1.
    """
    for index in range(len(numbers) - 1):
        number, following = numbers[index], numbers[index + 1]
        if number is None or following is None or "".join(printed[index].split()) == render(number):
            continue
        wanted = _before(following)
        if wanted and wanted not in numbers and render(wanted).startswith("".join(printed[index].split())):
            numbers[index] = wanted


def _before(number: Dewey) -> Dewey | None:
    """Name the step before a number on its own level, in its own sequence; None for the first."""
    last = number[-1]
    if last.number == 1:
        return None
    return (*number[:-1], Component(last.number - 1))


def _present(number: Dewey, occupied: Iterable[Dewey]) -> bool:
    """Say whether a step exists, with or without a letter."""
    return any(other[:-1] == number[:-1] and other[-1].number == number[-1].number for other in occupied)
