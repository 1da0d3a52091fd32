"""The `bench` command. Each subcommand imports what it needs when it runs, so that help comes at once."""

# ruff: noqa: PLC0415

import os
import sys
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from instruments.errors import BenchError, ConfigError
from reports.errors import ReportError
from reports.plain_text import visible
from reports.verdict import Verdict

DEFAULT_BENCH = Path(__file__).parents[1] / "fixtures" / "benches" / "emulated.yaml"
USAGE = 2
"""Exit code of a command that cannot be carried out as it was asked for."""


LONGEST_PATH, LONGEST_NAME = 4000, 255
"""Of Linux, bytes; the path with some room for what is looked for below it."""


class FilePath(click.Path):
    """A path that a file can have; any other is a usage error."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the length of each part, and that no null is in it."""
        text = os.fspath(value)
        if (
            "\0" in text
            or len(text) > LONGEST_PATH
            or any(len(os.fsencode(p)) > LONGEST_NAME for p in Path(text).parts)
        ):
            self.fail("no file can have such a name", param, ctx)
        return super().convert(value, param, ctx)


class Commands(click.Group):
    """Commands by name; a name that is none of them is told with the nearest."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; raises UsageError listing the known ones."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            near = get_close_matches(args[0], known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"no command {args[0]!r}; known: {', '.join(known)}{hint}")
        return super().resolve_command(ctx, args)


class PlainErrors(Commands):
    """Turns every exception into one message and an exit code; no traceback, and never the code of a FAIL."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a subcommand."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (ConfigError, ReportError) as error:
            _fail(str(error), USAGE)
        except BenchError as error:
            _fail(str(error), Verdict.ERROR.exit_code)
        except KeyboardInterrupt:
            _fail("stopped by a person", Verdict.ABORTED.exit_code)
        except Exception as error:
            _fail(f"the bench broke: {type(error).__name__}: {error}", Verdict.ERROR.exit_code)


def _say(text: str, nl: bool = True, err: bool = False) -> None:
    """Print; what devices and files said commands no terminal."""
    click.echo(visible(text), nl=nl, err=err)


def _fail(text: str, code: int) -> NoReturn:
    _say(f"error: {text}", err=True)
    sys.exit(code)


def _end(answer: tuple[str, Verdict]) -> NoReturn:
    text, verdict = answer
    _say(text)
    sys.exit(verdict.exit_code)


def _new_run() -> Path:
    return Path("runs") / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")


@click.group(cls=PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Test distribution feeders and their distributed energy resources, hardware in the loop or emulated.

    Exit codes: 0 PASS, 1 FAIL, 2 usage or configuration, 3 ERROR, 4 ABORTED, 5 INCONCLUSIVE or NOT_RUN.
    """


BENCH = click.option(
    "--bench",
    type=FilePath(path_type=Path),
    default=DEFAULT_BENCH,
    show_default="the emulated bench",
    help="bench file",
)
FAULT = click.option(
    "--fault", "faults", multiple=True, metavar="TARGET:KIND[=VALUE][@START[..END]]", help="inject a fault"
)
RUN = click.argument("run", type=FilePath(path_type=Path))


@main.command()
@click.argument("features", nargs=-1, type=FilePath())
@BENCH
@click.option("--scenario", help="play only scenarios whose name contains this text")
@click.option("--tags", help="play only scenarios that this expression of tags selects")
@FAULT
@click.option("--out", type=FilePath(path_type=Path), help="run directory to write  [default: a new one under runs/]")
@click.option("--seed", type=int, default=1, show_default=True, help="seed of everything that is drawn")
@click.option("--operator", is_flag=True, help="a person at this terminal does people's rows  [default: the test does]")
def run(
    *,
    features: tuple[str, ...],
    bench: Path,
    scenario: str | None,
    tags: str | None,
    faults: tuple[str, ...],
    out: Path | None,
    seed: int,
    operator: bool,
) -> None:
    """Play use-case FEATURES (default: all) on a bench, and write a run directory with a report."""
    from bench.commands.run import RunRequest, console_for
    from bench.commands.run import run as play

    folder = out or _new_run()
    sys.exit(play(RunRequest(features, bench, folder, seed, faults, scenario, tags, operator), console_for()))


@main.command()
@click.option("--bench", type=click.Path(path_type=Path), required=True, help="bench file")
@click.option("--device", required=True, help="the device of the bench file that is tested")
@click.option("--suite", required=True, help="suite of type tests: ieee1547.1, sunspec, storage, ltc, capacitor")
@click.option(
    "--scenario", "scenarios", multiple=True, help="carry out only scenarios whose name contains this text; repeatable"
)
@click.option("--fault", "faults", multiple=True, metavar="TARGET:KIND[=VALUE][@START[..END]]", help="inject a fault")
@click.option("--out", type=click.Path(path_type=Path), help="run directory to write  [default: a new one under runs/]")
@click.option("--seed", type=int, default=1, show_default=True, help="seed of everything that is drawn")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="scenarios at the same time, on emulated equipment only  [default: one a processor]",
)
@click.option(
    "--pdf/--no-pdf", default=None, help="make certificate.pdf  [default: where the whole suite is asked for]"
)
def certify(
    *,
    bench: Path,
    device: str,
    suite: str,
    scenarios: tuple[str, ...],
    faults: tuple[str, ...],
    out: Path | None,
    seed: int,
    jobs: int | None,
    pdf: bool | None,
) -> None:
    """Carry out the type tests of one device, and write a run directory with a certificate-style report.

    What has no `emulate` in the bench file is equipment: its tests take their own time, and an inverter or a battery is
    waited for first, by its defaults for ten minutes. Names of scenarios are those below features/certification/.
    """
    from bench.commands.certify import CertifyRequest, console_for
    from bench.commands.certify import certify as carry_out

    folder = out or _new_run()
    request = CertifyRequest(bench, device, suite, folder, seed, faults, scenarios, jobs, pdf)
    sys.exit(carry_out(request, console_for()))


@main.command()
@click.option("--bench", type=click.Path(path_type=Path), help="bench file  [default: the cloudy day]")
@click.option("--seeds", default="1,2,3,4,5", show_default=True, help="one day for each")
@click.option("--hours", type=float, default=10.0, show_default=True, help="length of a day")
def manage(bench: Path | None, seeds: str, hours: float) -> None:
    """Play cloudy days twice, managed and with autonomous controls only, and set their figures side by side.

    Prints one JSON line for each day, then a table: 0 when on every day the managed feeder was outside Range A for
    less time and took no more operations of tap changer and banks, else 1.
    """
    from bench.commands.manage import manage as play

    sys.exit(play(bench, seeds, hours, _say).exit_code)


@main.command()
@BENCH
@click.option("--record", type=FilePath(path_type=Path), help="new file for every request received, a JSON line each")
@click.option("--system", help="serve none of the equipment, but this one of the bench file's `systems`")
@FAULT
def emulate(bench: Path, record: Path | None, system: str | None, faults: tuple[str, ...]) -> None:
    """Serve the emulators of a bench on their addresses in wall time, until interrupted.

    Prints one JSON line for each endpoint, then {"ready": true}. The feeder of the bench file runs behind them, under
    its sun and load; the bench file's cloud is not released. A device behind a grid simulator sees what you set on
    the simulator over SCPI, and nothing before its output is on; a control behind a sensing source and a digital I/O
    senses and acts through these alone. Times of faults count from the start.

    With `--system dms`, the bench's own DMS takes the place of a vendor's, over the broker of the bench file.
    """
    if system is not None:
        from bench.commands.emulate_system import emulate_system

        emulate_system(bench, system, _say, partial(_say, err=True))
        return
    from bench.commands.emulate import emulate as serve

    serve(bench, _say, partial(_say, err=True), record, faults)


@main.command()
@BENCH
def doctor(bench: Path) -> None:
    """Open and identify everything on a bench, energise nothing, and tell all faults at once."""
    from bench.commands.doctor import doctor as examine

    text, code = examine(bench)
    _say(text)
    sys.exit(code)


@main.command()
@RUN
@click.option("--public-key", type=FilePath(path_type=Path), help="PEM file: fail unless this key has signed the run")
def verify(run: Path, public_key: Path | None) -> None:
    """Check the hashes of a RUN directory: 0 as written, 1 changed, 5 never finished.

    Names every file that was changed, cut off, added or taken away, and the line of a log. Hashes alone do not stop
    somebody who makes them all anew: sign a run, and check it with --public-key.
    """
    from bench.commands import runs

    _end(runs.verify(run, public_key))


@main.command()
@RUN
@click.option("--key", required=True, type=FilePath(path_type=Path), help="PEM file of an Ed25519 private key")
def sign(run: Path, key: Path) -> None:
    """Sign a whole RUN directory and its report with a key of yours; its passphrase is asked for.

    Writes manifest.sig beside each manifest. A report that is rendered again has to be signed again. The key is only
    read; `openssl genpkey -algorithm ed25519` makes one.
    """
    from bench.commands import runs

    click.echo(runs.sign(run, key, _passphrase))


def _passphrase() -> str:
    return str(click.prompt("passphrase of the key", hide_input=True, err=True))


@main.command()
@RUN
@click.option("--limits", type=FilePath(path_type=Path), help="YAML file of other limits: `rows`, `measurements`")
def replay(run: Path, limits: Path | None) -> None:
    """Judge a RUN directory again from its files alone, by the limits that it had or by others.

    Without --limits: the run's own verdict where everything comes out as it says, 1 where anything does not. With it:
    what changes, and the new verdict; what was not recorded because nobody needed it then is INCONCLUSIVE. 5 for a run
    that did not finish.

    \b
    rows: {"1.3.4": 30}                 # seconds, by row
    measurements:                       # by quantity, clause or row; * stands for anything
      - {quantity: "active power of *", tolerance: 5}
      - {clause: "ANSI*", lower: 114, upper: 126}

    A certification has findings instead of rows: "measurements" only, by quantity or clause of the standard.
    """
    from bench.commands.replay import replay as judge_again

    _end(judge_again(run, limits))


@main.command()
@RUN
def report(run: Path) -> None:
    """Render the report of a RUN directory again."""
    from bench.commands import runs

    _say(runs.report(run))


@main.command()
@click.argument("left", metavar="RUN", type=FilePath(path_type=Path))
@click.argument("right", metavar="RUN", type=FilePath(path_type=Path))
def compare(left: Path, right: Path) -> None:
    """Name what differs between two RUN directories, `first | second`: 0 nothing, 1 something."""
    from bench.commands import runs

    _end(runs.compare(left, right))


@main.command()
@click.option("--matrix", is_flag=True, help="play every case of fixtures/faults, and good equipment under many seeds")
@click.option("--only", multiple=True, metavar="TEXT", help="of the matrix, only runs whose line contains this text")
@click.option(
    "--seeds",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="clean runs under seeds 1 to N, in scenarios 2 and 3 a fifth of them",
)
@click.option("--jobs", type=click.IntRange(min=1), help="runs at the same time  [default: one a processor]")
@click.option("--out", type=FilePath(path_type=Path), help="folder for runs and page  [default: a new one in runs/]")
def faults(*, matrix: bool, only: tuple[str, ...], seeds: int, jobs: int | None, out: Path | None) -> None:
    """List every kind of fault that `run --fault` injects, with the rows and clauses that catch it.

    With --matrix, prove it: play each case, and write matrix.html, matrix.json and matrix.csv beside the runs. 0 when
    every fault was noticed, or tolerated, where its case says, and good equipment passed under every seed; else 1.
    """
    if not matrix:
        if only or out:
            raise click.UsageError("--only and --out are about --matrix")
        from bench.commands.faults import listing

        _say(listing())
        return
    from bench.commands.matrix import matrix as play
    from bench.commands.run import console_for

    folder = out or Path("runs") / f"matrix-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    sys.exit(play(folder, only, seeds, jobs or os.cpu_count() or 1, console_for()))


@main.command()
@click.option("--only", multiple=True, metavar="NAME", help="measure this only; may be given several times")
@click.option(
    "--feeder", type=FilePath(path_type=Path), help="OpenDSS master file for the steps  [default: the reference]"
)
@BENCH
def speed(only: tuple[str, ...], feeder: Path | None, bench: Path) -> None:
    """Measure speed and scale, one JSON object a line: name, value, unit, raw, ratio.

    `raw` is the bare engine's or library's figure on the same work in the same process. NAME is one of: step_10 and
    step_1000 (plant step in microseconds with that many inverters), exchange (reading an inverter over Modbus,
    microseconds), story (scenario 1 with its report, seconds), use_case (all that `bench run` plays, with its report,
    seconds), certify (the whole suite of IEEE 1547.1, seconds, with the hours that equipment would take), day and week
    (24 h and 168 h, as a multiple of real time), runs_200 (200 runs in one process: seconds for one, then threads, open
    files, engine contexts and memory at the end, `raw` being those after 20 runs). The last two take a quarter of an
    hour each, and are measured only when they are named.
    """
    from bench.commands.speed import speed as measure

    measure(only, feeder, bench, _say)


@main.group(name="point-map", cls=Commands)
def point_map() -> None:
    """Start the map of a device's own Modbus registers, and check what it offers."""


MAP_ROLE = click.option(
    "--role", metavar="ROLE", help="inverter, battery, meter, load_tap_changer or capacitor_bank: what it is a map of."
)


@point_map.command()
@click.argument("registers", metavar="CSV", type=FilePath(path_type=Path))
@MAP_ROLE
def scaffold(registers: Path, role: str | None) -> None:
    """Print a point map made of a register list; its author goes on from there.

    The list is a CSV as makers publish it, with columns for name, address and type, and where it has them access, scale
    or gain, unit, size, table, minimum and maximum. Addresses may be hexadecimal, or numbers such as 40001 and 30001.
    """
    from instruments.point_map_scaffold import scaffold_point_map

    _say(scaffold_point_map(registers, role), nl=False)


@point_map.command(name="check")
@click.argument("path", metavar="MAP", type=FilePath(path_type=Path))
@MAP_ROLE
def check_point_map(path: Path, role: str | None) -> None:
    """Say what a map offers to a role, and what it lacks for the rest; without one, to every role that it fits."""
    from bench.commands.point_map import check

    _say("\n".join(check(path, role)))


@main.group(name="use-case", cls=Commands)
def use_case() -> None:
    """Look into the use case's tables, hold the features against them, or import others."""


@use_case.command()
@click.argument("row")
def show(row: str) -> None:
    """Tell everything that the tables say of a ROW, such as 1.3.4."""
    from bench.commands import use_case as commands

    _say(commands.show(row))


@use_case.command()
def check() -> None:
    """Hold the features against the tables: 0 every row encoded and nothing wrong, 1 otherwise."""
    from bench.commands import use_case as commands

    _end(commands.check_features())


@use_case.command(name="import")
@click.argument("document", metavar="DOC", type=FilePath(path_type=Path))
@click.option("--out", type=FilePath(path_type=Path), help="new folder for tables and feature skeletons")
def import_(document: Path, out: Path | None) -> None:
    """Turn a use-case document (.docx, or text with tabs in its tables) into tables, and tell what to look at."""
    from bench.commands import use_case as commands

    _say(commands.import_tables(document, out))
