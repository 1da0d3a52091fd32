"""One number of a standard, and where it is from."""

from bench.config.section import Section


class Figure(Section):
    """A value with the clause that asks for it, who says so, and whether that was confirmed by more than one source."""

    value: float
    clause: str
    source: str
    confirmed: bool
