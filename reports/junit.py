"""JUnit XML of a run: a suite per scenario, a case per row occurrence, and one case for the scenario's own verdict.

What was not judged is an error there and not a skip: most readers of JUnit files count a skip as success. Skipped are
only rows that do not apply.
"""

import re
import xml.etree.ElementTree as ET

from reports.rows import RowGroup, group_rows
from reports.run_directory import RunDirectory, ScenarioRun
from reports.verdict import RowState, Verdict

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(directory: RunDirectory) -> bytes:
    """Make the file's content."""
    root = ET.Element("testsuites", name="derbench")
    for scenario in directory.run.scenarios:
        root.append(_suite(scenario))
    if not directory.run.complete:
        suite = ET.SubElement(root, "testsuite", name="run", tests="1", failures="0", errors="1", skipped="0")
        _outcome(ET.SubElement(suite, "testcase", classname="run", name="run finished"), Verdict.ABORTED, "it did not")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(scenario: ScenarioRun) -> ET.Element:
    suite = ET.Element("testsuite", name=_clean(f"scenario {scenario.key} {scenario.title}".strip()))
    for group in group_rows(scenario.items):
        suite.append(_case(scenario, group))
    own = ET.SubElement(suite, "testcase", classname=_clean(scenario.key), name="verdict of the scenario")
    _outcome(own, scenario.verdict, scenario.reason)
    suite.set("tests", str(len(suite)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    return suite


def _case(scenario: ScenarioRun, group: RowGroup) -> ET.Element:
    name = " ".join(filter(None, (f"row {group.name}:", group.text, group.count and f"[{group.count}]")))
    case = ET.Element("testcase", classname=_clean(scenario.key), name=_clean(name))
    verdict = group.state.verdict
    if verdict is None:
        ET.SubElement(case, "skipped", message=RowState.NOT_APPLICABLE)
    else:
        _outcome(case, verdict, "\n".join([*group.reasons, *group.evidence]))
    return case


def _outcome(case: ET.Element, verdict: Verdict, text: str) -> None:
    if verdict is Verdict.PASS:
        return
    tag = "failure" if verdict is Verdict.FAIL else "error"
    first = text.splitlines()[0] if text.splitlines() else verdict.value
    ET.SubElement(case, tag, type=verdict.value, message=_clean(first)).text = _clean(text)


def _clean(text: str) -> str:
    """Replace what XML 1.0 cannot carry."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
