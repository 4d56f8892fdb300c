"""What is kept of one examination of one model."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from nearsight.bounded_json import parse_json
from nearsight.evaluation.failure import Failure
from nearsight.evaluation.machine import Machine
from nearsight.evaluation.measured import Measured
from nearsight.evaluation.settings import SuiteOrOwn
from nearsight.records.codec import decoder, encoder
from nearsight.records.described import Plain, Says
from nearsight.records.parts import ModelPart
from nearsight.storage import write_text

RECORDS = "records"
"""The folder of records, below that of an examination."""


@dataclass(frozen=True, kw_only=True)
class ExaminationRecord:
    """One examination of one model, or how the model failed at it."""

    kind: Annotated[Literal["nearsight examination 1"], Says("What this is, and its format.")]
    examination: Annotated[str, Says("Name of the examination.")]
    suite: Annotated[SuiteOrOwn, Says("How thorough: quick, standard, full, or an own effort.")]
    effort: Annotated[Mapping[str, Plain], Says("What that is for this examination.")]
    model: Annotated[ModelPart, Says("The model.")]
    level_of_theory: Annotated[str | None, Says("What it was trained on; null if not known.")]
    training_data: Annotated[str | None, Says("The data that it was trained on; null likewise.")]
    parameters: Annotated[int | None, Says("Numbers that were trained; null likewise.", "1")]
    neighbour_limit: Annotated[
        int | None, Says("Neighbours that it looks at at most; null for all, or likewise.", "1")
    ]
    capabilities: Annotated[Mapping[str, Plain], Says("What the model claims, by name.")]
    machine: Annotated[Machine, Says("Where it was examined.")]
    versions: Annotated[Mapping[str, str], Says("Versions of packages, by name.")]
    date: Annotated[str, Says("When it was finished, ISO 8601, UTC.")]
    seconds: Annotated[float, Says("How long the last run of it took.", "s")]
    measured: Annotated[Mapping[str, Measured], Says("What each metric came to, by name.")]
    result: Annotated[Plain, Says("What the metrics are computed from; null if it failed.")]
    failure: Annotated[Failure | None, Says("How the model failed at all of it; null if not.")]

    @property
    def has_failures(self) -> bool:
        """Whether the model has failed at something."""
        result = self.result if isinstance(self.result, dict) else {}
        return self.failure is not None or bool(result.get("failures"))

    def save(self, path: Path) -> None:
        """Write it as JSON.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(encoder(ExaminationRecord)(self), indent=1, allow_nan=False)
        write_text(path, f"{text}\n")


def read_record(path: Path) -> ExaminationRecord | None:
    """Return the record of a file; None where there is none that can be read."""
    try:
        record: ExaminationRecord = decoder(ExaminationRecord)(parse_json(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return record


def read_records(folder: str | os.PathLike[str]) -> list[ExaminationRecord]:
    """Return all records below a folder of examinations, the oldest first.

    Parameters
    ----------
    folder
        Where `examine` wrote them.

    Examples
    --------
    >>> from nearsight.evaluation import read_records
    >>> for record in read_records("examined"):
    ...     print(record.model.name, record.examination)
    ...
    """
    found = map(read_record, sorted(Path(folder, RECORDS).glob("*/*.json")))
    return sorted((record for record in found if record is not None), key=lambda each: each.date)
