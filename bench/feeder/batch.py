"""Writing one property of many elements, and reading all voltages, without a matrix rebuild or a Python loop."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.feeder.model import Complexes, Floats

_AVOID_FULL_RECALC = 2  # SetterFlags.AvoidFullRecalc: without it each write rebuilds the admittance matrix


class BatchProperty:
    """One numeric property of a fixed list of elements of one class; `values` is what was written last."""

    def __init__(self, context: Any, class_name: str, elements: Sequence[str], name: str) -> None:
        """Bind to elements of the class by their names; arrays are in this order."""
        api = context._api_util
        numbers = class_numbers(context.ActiveCircuit, class_name, elements)
        self._batch, self._count = _create(api, class_name, numbers)
        self._write = api.lib.Batch_Float64ArrayS
        self._set = api.lib.BatchOperation_Set
        self._name = name.encode()
        self.values: Floats = np.zeros(len(elements))
        self._data = api.ffi.cast("double *", self.values.ctypes.data)
        self._dispose = api.lib.Batch_Dispose

    def write(self, values: Floats | float) -> None:
        """Write all elements at once, in order; shape (elements,) or a scalar."""
        self.values[:] = values
        if self._count:
            self._write(self._batch, self._count, self._name, self._set, self._data, _AVOID_FULL_RECALC)

    def close(self) -> None:
        """Give the engine's list back; the elements stay."""
        if self._count:
            self._dispose(self._batch)
            self._count = 0


def class_numbers(circuit: Any, class_name: str, elements: Sequence[str]) -> list[int]:
    """Return the elements' numbers within their class, from 1; disabled elements of a deck count there too."""
    circuit.SetActiveClass(class_name)
    numbers = {name.lower(): number for number, name in enumerate(circuit.ActiveClass.AllNames, start=1)}
    return [numbers[element.lower()] for element in elements]


def _create(api: Any, class_name: str, numbers: Sequence[int]) -> tuple[Any, int]:
    if not numbers:
        return None, 0
    pointer, dimensions = api.ffi.new("void***"), api.ffi.new("int32_t[4]")
    index = np.asarray(numbers, dtype=np.int32)
    data = api.ffi.cast("int32_t *", index.ctypes.data)
    api.lib.Batch_CreateByIndexS(pointer, dimensions, class_name.encode(), data, len(index))
    return pointer[0], dimensions[0]


class VoltageReader:
    """Copies the engine's complex node voltages in `AllNodeNames` order."""

    def __init__(self, context: Any) -> None:
        api, circuit = context._api_util, context.ActiveCircuit
        self.names: tuple[str, ...] = tuple(name.lower() for name in circuit.AllNodeNames)
        place = {name.lower(): number for number, name in enumerate(circuit.YNodeOrder, start=1)}
        self._order = np.array([place[name] for name in self.names], dtype=np.intp)
        self._bytes = 16 * (len(self.names) + 1)  # node 0 is ground
        self._pointer = api.ffi.new("double **")
        self._get, self._buffer = api.lib.YMatrix_getVpointer, api.ffi.buffer

    def read(self) -> Complexes:
        """Return a new array of volts to ground, shape (nodes,)."""
        self._get(self._pointer)
        raw = np.frombuffer(self._buffer(self._pointer[0], self._bytes), dtype=np.complex128)
        copy: Complexes = raw[self._order]
        return copy
