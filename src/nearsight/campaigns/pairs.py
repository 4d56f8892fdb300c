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
        "structure_name": as_text(job.name),
        "workflow": job.workflow,
        "model": as_text(model),
        "state": "done" if failure is None else "failed",
        "seconds": answer.seconds,
        "peak_memory_bytes": answer.peak_memory_bytes,
        "host": as_text(answer.host),
    }
    if failure is not None:
        pairs |= {
            "error": failure.kind,
            "reason": failure.reason,
            "message": as_text(failure.message),
        }
    for name, value in answer.numbers.items():
        if isinstance(value, str):
            pairs[name] = as_text(value)
        elif math.isfinite(value):
            pairs[name] = value
    return pairs


def as_text(value: str) -> str:
    """Return a text as ASE takes it, which refuses what looks like a number or a truth value."""
    looks = value in {"True", "False"}
    with suppress(ValueError):
        float(value)
        looks = True
    return f"'{value}'" if looks else value
