"""What the links did: read from run.json, and shown with what is worth showing."""

import json
from pathlib import Path
from typing import Any

from synthetic_run import write_run

from reports.html import html_report
from reports.run_directory import RunDirectory
from reports.run_directory.link_record import LinkRecord, link_record

QUIET = {"delivered": 700, "frames_lost": 0, "sent_again": 0, "overtaken": 3, "duplicates_dropped": 0}
LOSSY = QUIET | {"frames_lost": 5, "sent_again": 4, "given_up": 1}
INCIDENT = {
    "time_s": 12.5,
    "link": "AMI link",
    "what": "the AMI link has lost it <b>twice</b>",
    "producer": "AMI Net/Billing Meter",
    "receiver": "AMI Network Management System",
    "information": "Scheduled Interval Read",
    "trace": "trace:7",
}
ENTRY: dict[str, Any] = {
    "links": {"AMI link": LOSSY, "SCADA link": QUIET},
    "incidents": [INCIDENT],
    "incidents_left_out": 2,
}


def page_with(folder: Path, entry: dict[str, Any] | None) -> str:
    run = write_run(folder / "run")
    document = json.loads((run / "run.json").read_text())
    if entry is not None:
        document["scenarios"][0]["links"] = entry
    (run / "run.json").write_text(json.dumps(document))
    return html_report(RunDirectory.open(run))


def test_counters_are_shown_where_any_link_has_them() -> None:
    record = link_record(ENTRY)
    assert list(record.columns) == ["delivered", "frames_lost", "sent_again", "given_up", "overtaken"]
    assert not record.is_quiet


def test_links_that_only_delivered_are_quiet_whatever_overtook() -> None:
    assert link_record({"links": {"AMI link": QUIET}}).is_quiet
    assert LinkRecord().is_quiet


def test_the_page_tells_what_happened_and_keeps_text_text(tmp_path: Path) -> None:
    page = page_with(tmp_path, ENTRY)
    assert "What the links did" in page
    assert "the AMI link has lost it &lt;b&gt;twice&lt;/b&gt;" in page
    assert "trace:7" in page
    assert "3 messages to which a link did something" in page
    assert "No frame was lost" not in page


def test_quiet_links_are_said_to_be_quiet(tmp_path: Path) -> None:
    assert "No frame was lost, repeated or held back." in page_with(tmp_path, {"links": {"AMI link": QUIET}})


def test_a_run_that_says_nothing_of_its_links_is_still_shown(tmp_path: Path) -> None:
    page = page_with(tmp_path, None)
    assert "What the links did" in page
    assert "The run does not say." in page


def test_the_page_names_the_faults_that_were_asked_for(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    document = json.loads((run / "run.json").read_text())
    assert "Faults on demand" not in html_report(RunDirectory.open(run))
    (run / "run.json").write_text(json.dumps(document | {"faults": ["ami:loss=0.3@0..50", "<i>x</i>"]}))
    page = html_report(RunDirectory.open(run))
    assert "ami:loss=0.3@0..50" in page
    assert "&lt;i&gt;x&lt;/i&gt;" in page
