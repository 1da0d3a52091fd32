"""The engine's contexts: pooled, quiet about the working directory, with errors that name file and line."""

from pathlib import Path
from typing import Any

from dss import DSS, DSSException

from instruments.errors import ConfigError

# A context that is dropped keeps about 1.5 MB for ever, so that cleared ones are used again.
_free: list[Any] = []
_made: list[int] = []


def contexts_made() -> int:
    """Return how many contexts this process has made so far: as many as were ever in use at the same time."""
    return len(_made)


def acquire() -> Any:
    """Return an empty engine context that nobody else uses."""
    if _free:
        return _free.pop()
    context = DSS.NewContext()
    _made.append(id(context))
    context.AllowForms = False
    context.AllowEditor = False
    context.AllowChangeDir = False
    return context


def release(context: Any) -> None:
    """Clear a context and keep it for the next feeder."""
    context.Text.Command = "clearall"
    _free.append(context)


def command(context: Any, text: str) -> str:
    """Give the engine one text command and return its answer.

    Raises:
        ConfigError: the engine refuses it; the text holds the engine's message, with file and line where it has them.
    """
    try:
        context.Text.Command = text
    except DSSException as error:
        raise ConfigError(f"OpenDSS: {describe(error)}") from error
    return str(context.Text.Result)


def describe(error: DSSException) -> str:
    """Return the engine's message in one line, the innermost file and line first, then who redirected to it."""
    number, text = error.args
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    message = " ".join(line for line in lines if not line.startswith("[file:"))
    places = [line.strip("[]") for line in lines if line.startswith("[file:")]
    return " < ".join([f"{message} (error {number})", *places])


def compile_master(context: Any, master: Path) -> None:
    """Read a master file into the context.

    Raises:
        ConfigError: the file does not exist, or the engine does not accept it or a file that it redirects to.
    """
    if not master.is_file():
        raise ConfigError(f"feeder file not found: {master}")
    command(context, "clearall")
    command(context, f'compile "{master.resolve()}"')
    if context.NumCircuits == 0:
        raise ConfigError(f"no circuit is defined in {master}")
