"""`bench run --operator`: a person's rows wait for the person, at a terminal that stands in for a real one."""

import copy
import io
import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from bench_files import EMULATED
from rich.console import Console

from bench.bus import Delivery, Message
from bench.cli import DEFAULT_BENCH
from bench.commands.prompt import QUESTION, LineReader, TerminalOperator
from bench.messages.equipment import BeginAutomation
from bench.messages.names import Information, Party
from bench.operator import Turn, turn_of
from bench.safety import Interrupted
from bench.use_case.tables import load as load_use_case

ROOT = Path(__file__).parents[2]
STORY = ROOT / "features" / "voltage_profile.feature"
COMMAND = (sys.executable, "-c", "from bench.cli import main; main()")
ABORTED = 4
PATIENCE_S = 120.0
"""How long the terminal may say nothing before the test gives up."""
USE_CASE = load_use_case()


def quick_bench(folder: Path) -> Path:
    """The emulated bench with a quick cloud, short voltage intervals and an early end."""
    bench = copy.deepcopy(EMULATED)
    bench.pop("scenarios", None)  # of those that are not played here
    here = DEFAULT_BENCH.parent
    bench["feeder"] = {key: str((here / path).resolve()) for key, path in bench["feeder"].items()}
    for device in bench["devices"].values():
        if "point_map" in device:
            device["point_map"] = str((here / device["point_map"]).resolve())
    bench["environment"]["cloud"] |= {"calm_s": 20, "fall_s": 20}
    bench["range_a"] = {"interval_s": 20, "recover_s": 60}
    bench |= {"ami": {"event_poll_s": 10}, "horizon_s": 420}
    path = folder / "quick.yaml"
    path.write_text(yaml.safe_dump(bench), encoding="utf-8")
    return path


class Seat:
    """A person's seat at a pseudo-terminal in which a run is on."""

    def __init__(self, out: Path, bench: Path) -> None:
        self.out = out
        self._master, slave = pty.openpty()
        arguments = ["run", str(STORY), "--operator", "--bench", str(bench), "--out", str(out)]
        self.process = subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self.screen = ""

    def until_asked(self) -> str:
        """Read on until the next question, and return what the screen showed before it."""
        begun = len(self.screen)
        while QUESTION.strip() not in self.screen[begun:]:
            assert self._read(), f"the run ended without a question:\n{self.screen[begun:]}"
        return re.sub(r"\x1b\[[0-9;]*m", "", self.screen[begun:])

    def answer(self, text: str) -> None:
        os.write(self._master, f"{text}\n".encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def leave(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def trace(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.out / "trace.jsonl").read_text().splitlines()]

    def sent(self, information: Information, producer: Party) -> list[dict[str, Any]]:
        return [m for m in self.trace() if (m["information"], m["producer"]) == (information, producer)]

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
        assert ready, f"the run says nothing any more:\n{self.screen[-2000:]}"
        try:
            found = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.screen += found.decode("utf-8", "replace")
        return bool(found)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    taken = Seat(tmp_path / "run", quick_bench(tmp_path))
    try:
        yield taken
    finally:
        taken.leave()


def asked_at_s(screen: str, row: str) -> float:
    found = re.search(rf"([\d.]+) s  row {re.escape(row)}: ", screen)
    assert found, f"no question about row {row}:\n{screen}"
    return float(found[1])


def test_a_person_s_row_is_done_when_the_person_says_so_and_not_before(seat: Seat) -> None:
    begin = (Information.BEGIN_AUTOMATION, Party.DISTRIBUTION_OPERATIONS)
    screen = seat.until_asked()
    asked_at_s(screen, "1.1.4")
    assert "Distribution Management System shows:" in screen
    assert "Voltage Out of Range Event" in screen

    seat.answer("?")
    assert '"meter":"net_meter_' in seat.until_asked(), "the detail has to show payloads"
    assert seat.sent(Information.ALERT_ACKNOWLEDGEMENT, Party.DISTRIBUTION_OPERATIONS) == []

    seat.answer("")
    since_s = asked_at_s(seat.until_asked(), "1.2")
    assert seat.sent(*begin) == [], "done before the person said so"

    seat.answer("")
    seat.until_asked()
    (message,) = seat.sent(*begin)
    assert message["sent_s"] == pytest.approx(since_s, abs=0.051), "virtual time went on while the person thought"

    seat.answer("q")
    assert seat.end() == ABORTED, seat.screen[-2000:]
    run = json.loads((seat.out / "run.json").read_text())
    assert (run["complete"], run["verdict"]) == (True, "ABORTED")
    assert run["scenarios"][0]["people"] == "operator"
    assert "the operator stopped the run at row 1.14.4" in run["scenarios"][0]["reason"]
    assert "Traceback" not in seat.screen


def test_a_terminal_that_is_closed_stops_the_run(seat: Seat) -> None:
    seat.until_asked()
    seat.answer("\x04")  # the end of input, as a terminal is told it
    assert seat.end() == ABORTED, seat.screen[-2000:]
    assert (
        "nobody is at the terminal any more, at row 1.1.4"
        in json.loads((seat.out / "run.json").read_text())["scenarios"][0]["reason"]
    )


def test_without_a_terminal_it_is_refused_before_anything_runs(tmp_path: Path) -> None:
    arguments = ["run", str(STORY), "--operator", "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --operator needs a terminal")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.fixture
def typed() -> Iterator[tuple[int, LineReader]]:
    there, here = os.pipe()
    yield here, LineReader(there)
    os.close(there)


def turn(row: str = "1.2") -> Turn:
    payload = BeginAutomation(event="e1")
    message = Message(Party.DISTRIBUTION_OPERATIONS, Party.DMS, Information.BEGIN_AUTOMATION, payload, correlation="e1")
    return turn_of(USE_CASE.row(row), 12.5, [Delivery(7, 12.0, 12.4, message)])


def asking(reader: LineReader) -> tuple[TerminalOperator, io.StringIO]:
    screen = io.StringIO()
    return TerminalOperator(Console(file=screen, width=120), reader), screen


def test_an_answer_that_is_none_is_asked_again(typed: tuple[int, LineReader]) -> None:
    operator, screen = asking(typed[1])
    os.write(typed[0], b"maybe\n\nq\n")
    assert operator.ask(turn(), None) is True
    assert "'maybe' is none of the answers" in screen.getvalue()
    with pytest.raises(Interrupted, match=r"stopped the run at row 1\.2"):
        operator.ask(turn(), None)  # what was typed ahead is the answer to the next question
    os.close(typed[0])


def test_in_wall_time_the_world_goes_on_until_the_answer(typed: tuple[int, LineReader]) -> None:
    operator, _ = asking(typed[1])
    moments = iter(range(5))

    def meanwhile() -> bool:
        if next(moments) == 3:
            os.write(typed[0], b"\n")
        return True

    assert operator.ask(turn(), meanwhile) is True
    assert next(moments) == 4
    os.close(typed[0])


def test_who_answers_after_the_end_has_not_acted(typed: tuple[int, LineReader]) -> None:
    operator, screen = asking(typed[1])
    assert operator.ask(turn(), lambda: False) is False
    assert "ended before row 1.2 was done" in screen.getvalue()
    os.close(typed[0])


@pytest.mark.parametrize(
    ("row", "display"), [("1.2", "Distribution Management System"), ("1.19.5.1A.1", "Customer Display Device")]
)
def test_a_person_is_shown_what_has_reached_their_own_display(row: str, display: str) -> None:
    shown = turn(row)
    assert shown.display == display
    assert [d.seq for d in shown.shown] == ([7] if row == "1.2" else [])
