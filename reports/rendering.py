"""Makes everything under ``rendered/`` from the files of a run directory, now or years later on another machine."""

import shutil
from pathlib import Path

from reports.allure import write_allure_results
from reports.html import html_report
from reports.junit import junit_xml
from reports.run_directory import RunDirectory
from reports.run_directory.layout import MANIFEST_FILE, RENDERED_FOLDER, write_atomically, write_manifest


def render(path: Path | str) -> Path:
    """Render a run directory again; what was rendered before is replaced.

    :returns: the folder ``rendered/``
    :raises ReportError: it is no readable run directory
    """
    directory = RunDirectory.open(path)
    page = html_report(directory)
    folder = directory.path / RENDERED_FOLDER
    (folder / MANIFEST_FILE).unlink(missing_ok=True)  # first: what a kill leaves from here on is not sealed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_atomically(folder / "report.html", page.encode(errors="replace"))
    write_atomically(folder / "junit.xml", junit_xml(directory))
    write_allure_results(directory, folder / "allure-results")
    write_manifest(folder)
    return folder
