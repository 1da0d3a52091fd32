"""Starts a point map from a maker's register list, and says what its author has to add and to check."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from instruments.point_map_roles import CONTROL_POINTS, UNITS, Function, family, functions_of
from instruments.register_list import Row, read_register_list

WORDINGS: Mapping[str, str] = {
    "manufacturer": r"manufacturer|maker|vendor",
    "model": r"(device |product )?(model|type)( name| code)?",
    "serial": r"serial( no| number)?|sn",
    "version": r"(firmware|software|fw|sw) ?(version)?|version",
    "rated_charge_power": r"(rated|nominal|max\w*) charg\w+ power",
    "rated_power": r"(rated|nominal|max\w*) (active |output )?power|p (nom|rated|max)",
    "rated_apparent_power": r"(rated|nominal|max\w*) apparent power|s (nom|rated|max)",
    "rated_voltage": r"(rated|nominal) (grid |ac |line )?voltage|u (nom|rated)",
    "power_set_point": r"(active )?power (set ?point|command|target|reference|demand)|p (set|ref)\w*",
    "reactive_power": r"(total |output |ac )?reactive power|q",
    "apparent_power": r"(total |output |ac )?apparent power|s",
    "power": r"(total |output |ac |battery |grid )?(active |real )?power|p",
    "frequency": r"(grid |line |ac )?frequency|f",
    "current": r"(total |output |ac |line )?current|i",
    "line_voltage": r"(line to line|phase to phase|l l) voltage",
    "voltage_1": r"voltage (l1|phase (a|1)|a|1)( n)?|(phase )?(l1|a|1)( n)? voltage|(grid |ac |phase )?voltage|u1|ua",
    "voltage_2": r"voltage (l2|phase (b|2)|b|2)( n)?|(phase )?(l2|b|2)( n)? voltage|u2|ub",
    "voltage_3": r"voltage (l3|phase (c|3)|c|3)( n)?|(phase )?(l3|c|3)( n)? voltage|u3|uc",
    "operating_state": r"(operat\w+|device|inverter|system|working|running) (state|status|mode)|state|status",
    "state_of_charge": r"state of charge|(battery )?soc",
    "capacity": r"(rated |nominal |battery )+(capacity|energy)|capacity",
    "energy": r"(available|stored|remaining) (energy|capacity)",
    "service": r"(start ?stop|on ?off|power on ?off|enter service|service|run ?stop)( command| control)?",
    "control_mode": r"(remote )?(control|command|dispatch|operation) mode|(power )?(set ?point|command) enable",
    "reversion_time": r"(command |set ?point )?(reversion|revert|fallback) (time|timer|timeout)",
    "watchdog_timeout": r"(watchdog|communication|heartbeat) (time ?out|time)",
    "heartbeat": r"heartbeat|life ?sign|alive counter|watchdog( counter)?",
    "panel_switch": r"(local ?remote|remote ?local)( \w+)?|panel switch",
    "volt_var_enable": r"volt ?var (enable|on ?off|mode)|q ?u enable",
    "import_energy": r"(total )?(imported?|consumed|forward|received) (active )?energy|energy import(ed)?",
    "export_energy": r"(total )?(exported?|delivered|reverse|fed in) (active )?energy|energy export(ed)?",
    "under_voltage": r"under ?voltage( alarm| event| flag)?",
    "over_voltage": r"over ?voltage( alarm| event| flag)?",
    "tap_position": r"tap( position)?",
    "voltage": r"(regulated |load |bus |sensed )?voltage",
}
"""What makers call a point of a role, as a pattern over the whole name in lower case without punctuation."""
CONSTANT = ("rated_", "capacity", "reversion_time or watchdog_timeout")
"""What may stand in no register of a device, and is the same for all of its model."""
FLAGS = frozenset({"volt_var_enable", "under_voltage", "over_voltage", "blocked", "var_block", "connected"})
NO_TEXTS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that YAML takes for something else."""
_TO_CHECK = "  # to check in the maker's manual"


def scaffold_point_map(csv_path: Path, role: str | None = None) -> str:
    """Start a point map from a maker's register list; returns YAML that its author goes on with.

    The list is read by `register_list`. With a role, rows whose name can be told are named as its driver wants them,
    and the points that it needs and the list does not show are listed as to be filled in. What a map needs and a list
    does not have stands as a comment: labels of an enumeration, the length of a text, limits of what is written.

    Raises:
        ConfigError: the file cannot be read, or something in it cannot be understood; the role has no map.
    """
    functions = functions_of(role) if role else ()
    rows = read_register_list(csv_path)
    named = _named(rows, _wanted(functions))
    needs = _labels_by_point(functions)
    lines = [_line(name, row, needs.get(name, ()), told) for name, row, told in named]
    missing = list(_missing(functions, {name for name, _, _ in named}))
    head = [*_head(csv_path.stem, role, rows)]
    return "\n".join([*head, "points:", *lines, *missing]) + "\n"


def _head(stem: str, role: str | None, rows: Sequence[Row]) -> Iterator[str]:
    yield f"point_map: {label_of(stem)}"
    yield f"word_order: high_first{_TO_CHECK}"
    if role and role not in CONTROL_POINTS:
        yield "# positive: delivered  # to decide: absorbed, if the maker counts power out of the network as positive"
    if any(row.table == "input" for row in rows):
        yield "# What is marked `table: input` is read with function 4; all else are holding registers."


def _wanted(functions: Sequence[Function]) -> list[str]:
    """Return all points of a role, in the order in which names are searched for."""
    used = {name for f in functions for name in (*f.points, *f.one_of, *f.more)}
    return [name for name in WORDINGS if name in used] + sorted(used - WORDINGS.keys())


def _named(rows: Sequence[Row], wanted: Sequence[str]) -> list[tuple[str, Row, str]]:
    """Give every row the name of a point, with the maker's own where that is another; no name twice."""
    taken: set[str] = set()
    named = []
    for row in rows:
        own = label_of(row.name)
        name = next((point for point in wanted if point not in taken and _means(row.name, point)), own)
        while name in taken:
            name = f"{name}_{row.address}"
        taken.add(name)
        named.append((name, row, row.name if name != own else ""))
    return named


def _means(text: str, point: str) -> bool:
    words = " ".join(re.sub(r"[^a-z0-9]+", " ", text.lower()).split())
    return words.replace(" ", "_") == point or re.fullmatch(WORDINGS.get(point, "(?!)"), words) is not None


def _labels_by_point(functions: Sequence[Function]) -> dict[str, tuple[str, ...]]:
    return {name: labels for function in functions for name, labels in function.points.items() if labels}


def _line(name: str, row: Row, labels: tuple[str, ...], told: str) -> str:
    row = _typed(name, row, labels)
    entry = {"address": row.address, "type": row.type}
    extra = {
        "registers": row.registers,
        "table": row.table if row.table != "holding" else None,
        "access": row.access if row.access != "r" else None,
        "scale": row.scale if row.scale != 1.0 else None,
        "unit": row.unit or None,
        "limits": list(row.limits) if row.limits and row.type not in {"bool", "enum", "string"} else None,
    }
    written = {**entry, **{key: value for key, value in extra.items() if value is not None}}
    remarks = [*([f"the maker's {told!r}"] if told else []), *_to_add(name, row, labels), *row.remarks]
    text = ", ".join(f"{key}: {_yaml(value)}" for key, value in written.items())
    return f"  {name}: {{{text}}}" + (f"  # {'; '.join(remarks)}" if remarks else "")


def _typed(name: str, row: Row, labels: tuple[str, ...]) -> Row:
    """Make an enumeration or a flag of a number that its role takes for one."""
    if row.type == "u16" and (labels or name in FLAGS):
        return replace(row, type="enum" if labels else "bool", scale=1.0, unit="")
    return row


def _to_add(name: str, row: Row, labels: tuple[str, ...]) -> Iterator[str]:
    if row.type == "enum":
        yield f"to add: labels, with {', '.join(labels)} among them" if labels else "to add: labels"
    elif row.access != "r" and row.limits is None and row.type not in {"bool", "string"}:
        yield "to add: limits"
    known = UNITS.get(family(name))
    if known and row.unit not in known:
        yield f"to add: unit, one of {', '.join(known)}"


def _missing(functions: Sequence[Function], there: set[str]) -> Iterator[str]:
    """Word what the list does not show, what a role needs before what makes it offer more."""
    for function in sorted(functions, key=lambda function: not function.needed):
        lacks = [name for name in function.points if name not in there]
        lacks += [" or ".join(function.one_of)] if function.one_of and not there.intersection(function.one_of) else []
        if lacks:
            why = "which the role needs" if function.needed else "without which it is not offered"
            yield f"  # to fill in for {function.name}, {why}:"
            yield from (f"  #   {_wish(name, function)}" for name in lacks)


def _wish(name: str, function: Function) -> str:
    labels, units = function.points.get(name, ()), UNITS.get(family(name))
    kind = f", type: enum, labels: {{{': , '.join(labels)}: }}" if labels else ""
    constant = "; or a number under `constants`" if name.startswith(CONSTANT) else ""
    return f"{name}: {{address: {kind}{', unit: ' + '|'.join(units) if units else ''}}}{constant}"


def label_of(text: str) -> str:
    """Return a name as maps have them: lower case, with underscores."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in text.lower()).split()
    label = "_".join(words)
    return label if label[:1].isalpha() else f"point_{label}"


def _yaml(value: object) -> str:
    if isinstance(value, str) and (value.lower() in NO_TEXTS or not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", value)):
        return json.dumps(value)
    if isinstance(value, list):
        return f"[{', '.join(f'{number:.12g}' for number in value)}]"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
