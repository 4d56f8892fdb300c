"""What the JSON of a structure warns of."""

from collections.abc import Mapping
from typing import Any


def messages(record: Mapping[str, Any]) -> list[str]:
    """Return the sentences of its ``warnings``, each of which has a code and a severity."""
    for warning in record["warnings"]:
        assert set(warning) == {"code", "severity", "message"}
    return [warning["message"] for warning in record["warnings"]]
