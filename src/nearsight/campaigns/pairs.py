"""What the rows of a campaign have in the ASE database: its key-value pairs."""

import math
from contextlib import suppress

from nearsight.campaigns.questions import Number
from nearsight.campaigns.task import Answer
from nearsight.campaigns.waiting import Waiting


def pairs_of(job: Waiting, answer: Answer, model: str) -> dict[str, Number]:
    """Return the key-value pairs of ASE's row."""
    failure = answer.failure
    pairs: dict[str, Number] = {
        "structure_name": _text(job.name),
        "workflow": job.workflow,
        "model": _text(model),
        "state": "done" if failure is None else "failed",
        "seconds": answer.seconds,
        "peak_memory_bytes": answer.peak_memory_bytes,
        "host": _text(answer.host),
    }
    if failure is not None:
        pairs |= {
            "error": failure.kind,
            "reason": failure.reason,
            "message": _text(failure.message),
        }
    for name, value in answer.numbers.items():
        if isinstance(value, str):
            pairs[name] = _text(value)
        elif math.isfinite(value):
            pairs[name] = value
    return pairs


def _text(value: str) -> str:
    """Return a text as ASE takes it, which refuses what looks like a number or a truth value."""
    looks = value in {"True", "False"}
    with suppress(ValueError):
        float(value)
        looks = True
    return f"'{value}'" if looks else value
