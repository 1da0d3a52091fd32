"""Seeds: everything that is drawn follows from the run's one seed, and from the name of who draws."""

import zlib


def derived_seed(seed: int, name: str) -> int:
    """Return a seed of its own for each device, from the run's and its name."""
    return zlib.crc32(f"{seed}/{name}".encode())
