"""Plain `pytest --alluredir` on a feature shows every Gherkin step as an Allure step."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FEATURE = ROOT / "features" / "test_controls.py"


def test_each_gherkin_step_is_an_allure_step(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", str(FEATURE), "-k", "discharging"]
    options = [f"--alluredir={tmp_path / 'allure'}", f"--out={tmp_path / 'run'}"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads(path.read_text()) for path in (tmp_path / "allure").glob("*-result.json")]
    told = [step["name"] for result in results for step in result["steps"]]
    written = [line.strip() for line in (ROOT / "features" / "controls.feature").read_text().splitlines()]
    assert told, "the result holds no step"
    assert set(told) <= set(written), "an Allure step that the feature does not have"
    assert {step["status"] for result in results for step in result["steps"]} == {"passed"}
