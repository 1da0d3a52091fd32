"""Files that people write: read with bounds, so that none of them hangs, floods or fools whoever reads it."""

import unicodedata
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

from instruments.errors import ConfigError

MOST_BYTES = 64_000_000
"""Of a table or a document as text."""
MOST_YAML = 400_000
"""Characters of a YAML file."""
MOST_NODES, DEEPEST = 100_000, 40
"""Values of a YAML file with every alias written out, and how deep they nest."""
LONGEST = 10_000
"""Characters of one value."""
_MERGE = "tag:yaml.org,2002:merge"


def read_text(path: Path, what: str, encoding: str = "utf-8") -> str:
    """Read a text file; raises ConfigError, naming it, for one that is no plain file, too large, or not UTF-8."""
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"cannot read the {what} {path}: it is no plain file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ConfigError(f"cannot read the {what} {path}: it has more than {MOST_BYTES} bytes")
        return data.decode(encoding)
    except OSError as error:
        raise ConfigError(f"cannot read the {what} {path}: {error.strerror or error}") from None
    except ValueError as error:  # bytes that are no UTF-8, or a name with a null in it
        raise ConfigError(f"cannot read the {what} {path}: {error}") from None


def read_yaml(path: Path, what: str) -> Any:
    """Read a YAML file of plain values; raises ConfigError naming it, as `parse_yaml` does and for what is no file."""
    text = read_text(path, what)
    try:
        return parse_yaml(text)
    except ConfigError as error:
        raise ConfigError(f"cannot read the {what} {path}: {error}") from None


def parse_yaml(text: str) -> Any:
    """Parse YAML of plain values; raises ConfigError saying what is wrong, and where.

    A key that stands twice is an error, for the first would be lost without a word. So are aliases that blow up, values
    beyond all bounds, and characters that are none.
    """
    if len(text) > MOST_YAML:
        raise ConfigError(f"it has {len(text)} characters, more than {MOST_YAML}")
    try:
        loader = _Strict(text)
    except yaml.YAMLError as error:
        raise ConfigError(str(error)) from None
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check_size(node)
        return loader.construct_document(node)
    except RecursionError:
        raise ConfigError("it nests too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError, KeyError, TypeError) as error:
        # Besides errors of YAML: a date or a number that there is not, an unhashable or a private thing as a key.
        raise ConfigError(str(error)) from None
    finally:
        loader.dispose()


class _Strict(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = None if key_node.tag == _MERGE else self.construct_object(key_node, deep=True)
            if key in seen and key is not None:
                raise yaml.constructor.ConstructorError(None, None, f"twice the same key: {key}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _check_size(root: yaml.Node) -> None:
    """Refuse a document that is too large, too deep or recursive once its aliases are written out."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        if id(node) in open_nodes:
            raise ConfigError(f"an alias holds itself{node.start_mark}")
        if depth > DEEPEST:
            raise ConfigError(f"it nests deeper than {DEEPEST} levels{node.start_mark}")
        if id(node) not in sizes:
            open_nodes.add(id(node))
            sizes[id(node)] = 1 + sum(size(inner, depth + 1) for inner in _inner(node))
            open_nodes.discard(id(node))
        if sizes[id(node)] > MOST_NODES:
            raise ConfigError(f"its aliases make more than {MOST_NODES} values of it")
        return sizes[id(node)]

    size(root, 0)


def _inner(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node)
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    else:
        yield from node.value


def _check_scalar(node: yaml.ScalarNode) -> None:
    if len(node.value) > LONGEST:
        raise ConfigError(f"a value of {len(node.value)} characters{node.start_mark}")
    wrong = [character for character in node.value if is_control(character)]
    if wrong:
        raise ConfigError(f"a control character {wrong[0]!r} in a value{node.start_mark}")


def is_control(character: str) -> bool:
    """Whether a character commands a terminal or a layout, or is half of one, in place of being text."""
    return character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cs"}
