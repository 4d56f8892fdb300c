"""YAML as phonopy writes it, read without a loader: nothing in it can ask for an object.

What PyYAML's loaders make of tags, anchors, repeated keys and words such as ``No`` (nobelium) is
not wanted here. Its parser alone says where collections begin and end; mappings, lists, numbers and
words are made of that.
"""

import gzip
import lzma
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from nearsight.errors import CheckpointError

SUFFIXES = tuple(
    f"{name}{compression}" for name in (".yaml", ".yml") for compression in ("", ".xz", ".gz")
)
"""Of the names under which phonopy keeps YAML."""

LARGEST_BYTES = 2**29
"""No file is read that is larger, once it is unpacked.

Full force constants of 1,000 atoms are some 300 MB; a packed file of a few kilobytes may hold any
number of zeros."""

MOST_NODES = 2**25
"""Numbers, words and collections in a file; each takes some 60 bytes of memory, whatever its text.

Full force constants of 1,000 atoms are 10 million."""

_DEEPEST = 12
"""Collections within collections; phonopy has five."""

_MOST_DIGITS = 300
"""Of whole numbers; Python refuses to read those with thousands."""

_WHOLE = re.compile(rf"[-+]?\d{{1,{_MOST_DIGITS}}}")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_NOTHING = frozenset({"", "~", "null"})


def is_phonopy_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether the name of a file is that of phonopy's YAML."""
    return str(path).endswith(SUFFIXES)


class YamlMapping(dict[str, Any]):
    """A mapping that knows in which line of its file each of its keys stands."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


def read_yaml(file: Path, largest_bytes: int = LARGEST_BYTES, most_nodes: int = MOST_NODES) -> Any:
    """Return what a YAML file holds: mappings, lists, numbers, words and None.

    Raises
    ------
    CheckpointError
        The file is too large, packed badly, no text, no YAML, or has a tag, an anchor, an alias or
        a repeated key; the message names the line.
    """
    return parse_yaml(file, _text(file, largest_bytes), most_nodes)


def parse_yaml(file: Path, text: str, most_nodes: int = MOST_NODES) -> Any:
    """Return what a text holds; `file` is what messages call it, see `read_yaml`."""
    import yaml

    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(file, most_nodes).build(iter(yaml.parse(text, Loader=parser)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f" in line {mark.line + 1}"
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        raise CheckpointError(
            f"{file} is not a readable YAML file of phonopy: {why}{line}. Copy it again from where "
            f"it was written."
        ) from error


def _text(file: Path, largest_bytes: int) -> str:
    openers: dict[str, Any] = {".xz": lzma.open, ".gz": gzip.open}
    opener = openers.get(file.suffix, open)
    try:
        with opener(file, "rb") as stream:
            content = _bounded(file, stream, largest_bytes)
        return content.decode("utf-8")
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise CheckpointError(f"{file} cannot be read or unpacked ({error}).") from error
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"{file} is not a readable YAML file of phonopy: byte {error.start + 1} is no text."
        ) from error


def _bounded(file: Path, stream: IO[bytes], largest_bytes: int) -> bytes:
    content = stream.read(largest_bytes + 1)
    if len(content) > largest_bytes:
        raise CheckpointError(
            f"{file} holds more than {largest_bytes // 2**20} MiB of text, which no YAML of "
            f"phonopy needs; it is refused before it fills the memory."
        )
    return content


class _Builder:
    """Mappings, lists and scalars out of the events of PyYAML's parser."""

    def __init__(self, file: Path, most_nodes: int) -> None:
        self._file = file
        self._nodes_left = most_nodes

    def build(self, events: Iterator[Any]) -> Any:
        """Return the only document of the stream; None if there is none."""
        import yaml

        documents = []
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents.append(self._node(next(events), events, 0))
                if len(documents) > 1:
                    raise self._refused(event, "begins a second document")
        return documents[0] if documents else None

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Any:
        import yaml

        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise self._refused(
                event, "goes beyond the numbers that any YAML of phonopy needs, and fill the memory"
            )
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._refused(event, "has an anchor or an alias, which phonopy never writes")
        if event.tag is not None:
            raise self._refused(
                event, f"has the tag “{event.tag}”, which asks for an object and is not followed"
            )
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value, plain=not event.style)
        if depth == _DEEPEST:
            raise self._refused(event, f"lies more than {_DEEPEST} collections deep")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, depth)
        return self._mapping(events, depth)

    def _sequence(self, events: Iterator[Any], depth: int) -> list[Any]:
        import yaml

        found = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._node(event, events, depth + 1))
        return found

    def _mapping(self, events: Iterator[Any], depth: int) -> YamlMapping:
        import yaml

        found = YamlMapping()
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = str(self._node(event, events, depth + 1))
            if key in found:
                raise self._refused(event, f"has “{key}” for the second time in one place")
            found.lines[key] = event.start_mark.line + 1
            found[key] = self._node(next(events), events, depth + 1)
        return found

    def _refused(self, event: Any, what: str) -> CheckpointError:
        return CheckpointError(
            f"{self._file} is not a readable YAML file of phonopy: line "
            f"{event.start_mark.line + 1} {what}."
        )


def _scalar(text: str, *, plain: bool) -> Any:
    """Return a number where a word without quotes is one, None for nothing, otherwise the word."""
    if not plain:
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return None if text in _NOTHING else text
