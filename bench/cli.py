"""The `bench` command. Each subcommand imports what it needs when it runs, so that help comes at once."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from instruments.errors import BenchError, ConfigError

DEFAULT_BENCH = Path(__file__).parents[1] / "fixtures" / "benches" / "emulated.yaml"
USAGE, ERROR = 2, 3


class PlainErrors(click.Group):
    """Turns the errors that this project raises on purpose into one message and an exit code; no traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a subcommand."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(USAGE)
        except BenchError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(ERROR)


@click.group(cls=PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Test distribution feeders and their distributed energy resources, hardware in the loop or emulated.

    Exit codes: 0 PASS, 1 FAIL, 2 usage or configuration, 3 ERROR, 4 ABORTED, 5 INCONCLUSIVE or NOT_RUN.
    """


BENCH = click.option(
    "--bench", type=click.Path(path_type=Path), default=DEFAULT_BENCH, show_default="the emulated bench", help="bench file"
)


@main.command()
@click.argument("features", nargs=-1, type=click.Path())
@BENCH
@click.option("--scenario", help="play only scenarios whose name contains this text")
@click.option("--tags", help="play only scenarios that this expression of tags selects")
@click.option("--fault", "faults", multiple=True, metavar="TARGET:KIND[=VALUE][@START[..END]]", help="inject a fault")
@click.option("--out", type=click.Path(path_type=Path), help="run directory to write  [default: a new one under runs/]")
@click.option("--seed", type=int, default=1, show_default=True, help="seed of everything that is drawn")
def run(
    features: tuple[str, ...],
    bench: Path,
    scenario: str | None,
    tags: str | None,
    faults: tuple[str, ...],
    out: Path | None,
    seed: int,
) -> None:
    """Play use-case FEATURES (default: all) on a bench, and write a run directory with a report."""
    from bench.run_command import RunRequest, console_for  # noqa: PLC0415
    from bench.run_command import run as play  # noqa: PLC0415

    folder = out or Path("runs") / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    sys.exit(play(RunRequest(features, bench, folder, seed, faults, scenario, tags), console_for()))
