"""JSON of others, which may lie deeper than the parser can go."""

import json
import re
from typing import Any

_DEEPEST = 200

# A bracket, or a string in which brackets are letters.
_TOKEN = re.compile(r'[\[{]|[\]}]|"(?:[^"\\]|\\.)*"?', re.DOTALL)


def parse_json(text: str) -> Any:
    """Return what a text holds.

    Python's own parser ends the process where a library has raised the limit of recursion beyond
    what the stack can take.

    Raises
    ------
    ValueError
        It is no JSON, or lies too deep.
    """
    depth = 0
    for match in _TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > _DEEPEST:
            raise ValueError(f"it lies more than {_DEEPEST} collections deep")
    return json.loads(text)
