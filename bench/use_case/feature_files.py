"""The steps of feature files, read with the parser that pytest-bdd uses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException
from gherkin.parser import Parser

from instruments.errors import ConfigError
from instruments.files import read_text


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `keyword` is Given, When or Then, also where the file has And, But or an asterisk."""

    keyword: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Story:
    """A Gherkin scenario, or the background of one or more (`is_background`), with the tags that apply to it.

    `examples` are the values of an outline, one mapping for each time that it is played.
    """

    name: str
    place: str
    tags: frozenset[str]
    steps: tuple[Step, ...]
    is_background: bool = False
    examples: tuple[Mapping[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Under which names it is played: an outline's examples have one each."""
        return tuple(with_example(self.name, example) for example in self.examples) or (self.name,)


def with_example(name: str, example: Mapping[str, str]) -> str:
    """Put an outline's values into its name."""
    for key, value in example.items():
        name = name.replace(f"<{key}>", str(value))
    return name


class FeatureSyntaxError(Exception):
    """A feature file is not Gherkin; the text says where and why."""


_KEYWORDS = {"Context": "Given", "Action": "When", "Outcome": "Then"}


def read_stories(path: Path) -> list[Story]:
    """Read every scenario and background of a feature file; `FeatureSyntaxError` when it cannot be parsed."""
    try:
        feature = Parser().parse(read_text(path, "feature file")).get("feature")
    except CompositeParserException as error:
        raise FeatureSyntaxError("; ".join(str(item) for item in error.errors)) from error
    except ConfigError as error:
        raise FeatureSyntaxError(str(error)) from error
    except Exception as error:  # the parser lets many kinds out: a language that there is not, a table that is uneven
        raise FeatureSyntaxError(f"{type(error).__name__}: {error}") from error
    return list(_stories(feature, path.name, frozenset())) if feature else []


def _stories(parent: Any, file: str, inherited: frozenset[str]) -> Iterator[Story]:
    """Walk a feature, or a rule within one."""
    tags = inherited | _tags(parent)
    for child in parent["children"]:
        if "rule" in child:
            yield from _stories(child["rule"], file, tags)
        elif "background" in child:
            yield _story(child["background"], file, tags, is_background=True)
        else:
            yield _story(child["scenario"], file, tags | _tags(child["scenario"]), is_background=False)


def _tags(node: Any) -> frozenset[str]:
    return frozenset(tag["name"].removeprefix("@") for tag in node.get("tags", []))


def _story(node: Any, file: str, tags: frozenset[str], *, is_background: bool) -> Story:
    steps: list[Step] = []
    keyword = "Given"
    for step in node["steps"]:
        keyword = _KEYWORDS.get(step["keywordType"], keyword)
        steps.append(Step(keyword, step["text"], _place(step, file)))
    return Story(node["name"], _place(node, file), tags, tuple(steps), is_background, tuple(_examples(node)))


def _examples(node: Any) -> Iterator[Mapping[str, str]]:
    for table in node.get("examples", ()):
        head = _cells(table["tableHeader"]) if table.get("tableHeader") else []
        for row in table.get("tableBody", ()):
            yield dict(zip(head, _cells(row), strict=True))


def _cells(row: Any) -> list[str]:
    return [str(cell["value"]) for cell in row["cells"]]


def _place(node: Any, file: str) -> str:
    return f"{file}:{node['location']['line']}"
