"""A page as a headless Chromium sees it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=5000",
    "--dump-dom",
)


def chromium() -> str:
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip("no Chromium on this machine: the page was not opened in a browser")
    return binary


def open_in_browser(page: Path, profile: Path) -> tuple[str, list[str]]:
    """Return the page as the browser sees it, and what it wrote to its console."""
    seen = subprocess.run(
        [chromium(), *BROWSER_OPTIONS, f"--user-data-dir={profile}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PATH": os.defpath, "HOME": str(profile)},
    )
    return seen.stdout, [line for line in seen.stderr.splitlines() if "CONSOLE" in line]
