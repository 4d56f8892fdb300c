"""JSON of bounded depth.

Reading JSON recurses. Some packages let Python recurse so deeply that a file of brackets runs over
the stack and ends the process, instead of an error.
"""

import json
import re
from typing import Any

DEEPEST = 100
"""Lists and objects within each other; nothing that is read here has more than ten."""

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BEGUN_STRING = re.compile(rb'".*\Z', re.DOTALL)
_BRACKETS = re.compile(rb"[][{}]")


def parse_json(text: str | bytes | bytearray) -> Any:
    """Return what a JSON text holds.

    Raises
    ------
    ValueError
        It is none, or nested too deeply.
    """
    written = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if _depth(written) > DEEPEST:
        raise ValueError("it is nested too deeply")
    return json.loads(text)


def is_cut_off(text: bytes) -> bool:
    """Tell whether a JSON text ends before its lists and objects, or a string in them, do."""
    outside = _BEGUN_STRING.sub(b"", _STRINGS.sub(b"", text))
    return sum(1 if bracket in b"[{" else -1 for bracket in _BRACKETS.findall(outside)) > 0


def _depth(text: bytes | bytearray) -> int:
    """Return how deeply lists and objects are nested."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", text)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
