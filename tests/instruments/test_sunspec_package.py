"""The package as somebody in a notebook meets it."""

import subprocess
import sys

import pytest

import instruments


@pytest.mark.parametrize("name", instruments.__all__)
def test_each_public_name_is_there(name):
    assert getattr(instruments, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'SunSpecToaster'"):
        _ = instruments.SunSpecToaster


def test_importing_the_package_loads_no_transport():
    code = (
        "import sys, instruments; print([m for m in ('pymodbus', 'pyvisa', 'opender', 'sunspec2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
