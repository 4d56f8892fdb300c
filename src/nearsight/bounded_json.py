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


def _depth(text: bytes | bytearray) -> int:
    """Return how deeply lists and objects are nested."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", text)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
