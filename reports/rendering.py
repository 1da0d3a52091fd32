"""Makes everything under ``rendered/`` from the files of a run directory, now or years later on another machine."""

import shutil
from pathlib import Path

from reports.allure import write_allure_results
from reports.data_files import write_data
from reports.errors import ReportError
from reports.html import html_report
from reports.junit import junit_xml
from reports.run_directory import RunDirectory
from reports.run_directory.layout import MANIFEST_FILE, RENDERED_FOLDER, write_atomically, write_manifest


def render(path: Path | str) -> Path:
    """Render a run directory again; what was rendered before is replaced.

    :returns: the folder ``rendered/``
    :raises ReportError: it is no readable run directory, or what was altered in it makes no sense any more
    """
    directory = RunDirectory.open(path)
    try:
        return _render(directory)
    except ReportError:
        raise
    except Exception as error:
        altered = [finding for finding in directory.verify() if not finding.file.startswith(RENDERED_FOLDER)]
        if not altered:  # written like this by ourselves: a defect of ours, and told as one
            raise
        raise ReportError(f"{directory.path} cannot be rendered any more: {altered[0]} ({error!r})") from error


def _render(directory: RunDirectory) -> Path:
    page = html_report(directory)
    junit = junit_xml(directory)
    folder = directory.path / RENDERED_FOLDER
    (folder / MANIFEST_FILE).unlink(missing_ok=True)  # first: what a kill leaves from here on is not sealed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_atomically(folder / "report.html", page.encode(errors="replace"))
    write_atomically(folder / "junit.xml", junit)
    write_allure_results(directory, folder / "allure-results")
    if directory.run.certification:
        write_data(directory, folder)
    write_manifest(folder)
    return folder
