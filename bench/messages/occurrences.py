"""How occurrences of an event are named: the first by the event, every further one by a number behind a stroke."""

MARK = "/"


def occurrence(event: str, number: int) -> str:
    """Name the occurrence `number` of an event; the first is the event itself."""
    return event if number <= 1 else f"{event}{MARK}{number}"


def further_of(correlation: str) -> str:
    """Return a further occurrence's name, empty for the first."""
    return correlation if MARK in correlation else ""


def event_of(correlation: str) -> str:
    """Return the event that an occurrence belongs to."""
    return correlation.partition(MARK)[0]
