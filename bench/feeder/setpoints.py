"""P and Q of loads and of devices outside the engine: what was written, and what last solved."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.feeder.batch import BatchProperty
from bench.feeder.model import Floats


class PowerSetPoints:
    """P and Q of a fixed list of elements of one class, in order."""

    def __init__(self, context: Any, class_name: str, elements: Sequence[str], p_kw: Floats, q_kvar: Floats) -> None:
        """Bind to elements by name; `p_kw` and `q_kvar` are what they hold now."""
        self._p = BatchProperty(context, class_name, elements, "kW")
        self._q = BatchProperty(context, class_name, elements, "kvar")
        self._p.values[:], self._q.values[:] = p_kw, q_kvar
        self._good_p, self._good_q = self._p.values.copy(), self._q.values.copy()
        self._fresh = False

    def write(self, p_kw: Floats | float, q_kvar: Floats | float) -> None:
        """Write all elements: P first, because the engine rescales Q with it, and never P alone.

        Elements that hold these values already are left alone: loads change far less often than voltages are asked for.
        """
        if (self._p.values == p_kw).all() and (self._q.values == q_kvar).all():
            return
        self._p.write(p_kw)
        self._q.write(q_kvar)
        self._fresh = True

    def keep(self) -> None:
        """Remember what is written as good."""
        if self._fresh:
            np.copyto(self._good_p, self._p.values)
            np.copyto(self._good_q, self._q.values)
            self._fresh = False

    def restore(self) -> None:
        """Go back to what was last good."""
        if self._fresh:
            self.write(self._good_p, self._good_q)
            self._fresh = False

    def close(self) -> None:
        """Give the engine's lists back."""
        self._p.close()
        self._q.close()
