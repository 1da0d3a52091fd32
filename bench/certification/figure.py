"""What all files of figures are made of."""

from bench.config.section import Section


class Figure(Section):
    """One number of a standard, and where it is from."""

    value: float
    clause: str
    source: str
    confirmed: bool
