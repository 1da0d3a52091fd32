"""``certificate.pdf``: the report as a headless Chromium prints it; nothing is fetched for it."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from reports.run_directory.layout import write_manifest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PDF = "certificate.pdf"
OPTIONS = (
    "--headless=new",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
)
PATIENCE_S = 300.0
BEGINNING = b"%PDF-"


def add_pdf(rendered: Path) -> str:
    """Print ``report.html`` of a folder ``rendered/`` into its ``certificate.pdf``; tell where it is, or why not."""
    target = rendered / PDF
    target.unlink(missing_ok=True)
    if (browser := _browser()) is None:
        return f"no {PDF}: there is no {' or '.join(BROWSERS[:2])} on this machine; print {rendered / 'report.html'}"
    why = _print(browser, rendered / "report.html", target)
    if why:
        target.unlink(missing_ok=True)
        return f"no {PDF}: {why}; print {rendered / 'report.html'}"
    write_manifest(rendered)
    return f"certificate: {target}"


def _browser() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _print(browser: str, page: Path, target: Path) -> str:
    """Return why there is no PDF; empty where there is one."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        try:
            done = _run([browser, *OPTIONS, *_as_root(), f"--user-data-dir={profile}"], page, target, profile)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{browser} did not print: {error}"
    if done.returncode or not target.is_file() or not target.read_bytes().startswith(BEGINNING):
        told = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        return f"{browser} ended with {done.returncode} and printed none: {told}"
    return ""


def _run(command: Sequence[str], page: Path, target: Path, home: str) -> "subprocess.CompletedProcess[bytes]":
    arguments = [*command, f"--print-to-pdf={target.resolve()}", page.resolve().as_uri()]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home}
    return subprocess.run(arguments, capture_output=True, timeout=PATIENCE_S, check=False, env=environment)  # noqa: S603


def _as_root() -> tuple[str, ...]:
    """Return what Chromium asks of root, for whom it has no sandbox; the page is ours and has no script."""
    return ("--no-sandbox",) if os.geteuid() == 0 else ()
