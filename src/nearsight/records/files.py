"""Files of records: one JSON object, a JSON list, or JSON Lines, one record a line."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nearsight.announcing import announce
from nearsight.bounded_json import is_cut_off, parse_json
from nearsight.errors import CheckpointError
from nearsight.records.base import Record, require_schema
from nearsight.records.codec import FieldError
from nearsight.records.questions import QUESTIONS
from nearsight.remarks import Remark
from nearsight.settings import nearest
from nearsight.storage import write_text

_VALUE = r'(?:[-+.\deE]+|null|true|false|"\w{1,3}")'  # numbers, and symbols of elements
_SHORT_LIST = re.compile(rf"\[\s+({_VALUE}(?:,\s+{_VALUE})*)\s+\]")
_NEW_LINE = re.compile(r",\n\s+")


@dataclass(frozen=True)
class Contents:
    """What a file of records holds."""

    records: tuple[Record, ...]
    remarks: tuple[Remark, ...]
    """What must be known about the file, such as that its last line is cut off."""


def read(path: str | os.PathLike[str]) -> tuple[Record, ...]:
    """Read the records of a file, whether one JSON object, a JSON list, or JSON Lines.

    Where the last line of JSON Lines is cut off, as by the end of the process that wrote it, the
    records before it are returned with a `NearsightWarning`.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CheckpointError
        The file is missing or holds something else; a record is of another schema, or one of its
        fields is missing, unknown, or of another type. The message names record and field.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.records import read, write
    >>> from nearsight.workflows import energy
    >>> write("metals.json", [energy(bulk(symbol), "ase:emt") for symbol in ("Al", "Cu")])
    >>> for record in read("metals.json"):
    ...     print(f"{record.formula} {record.energy_eV:.3f} eV")
    ...
    Al -0.002 eV
    Cu -0.006 eV
    """
    contents = read_contents(path)
    announce(contents.remarks)
    return contents.records


def read_contents(path: str | os.PathLike[str]) -> Contents:
    """Read the records of a file as `read` does, with what must be known about the file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CheckpointError
        As of `read`.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.records import read_contents, write
    >>> from nearsight.workflows import energy
    >>> write("copper.json", energy(bulk("Cu"), "ase:emt"))
    >>> contents = read_contents("copper.json")
    >>> len(contents.records), contents.remarks
    (1, ())
    """
    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"{file} cannot be read: {error.strerror or error}; give a file of records."
        ) from error
    try:
        values = parse_json(content)
    except (ValueError, RecursionError) as error:
        if _is_lines(content):
            return _of_lines(content, file)
        raise CheckpointError(f"{file} holds no records: {_said(error)}.") from error
    if isinstance(values, list):
        numbered = enumerate(values, start=1)
        return Contents(tuple(_record(each, file, f"record {n}") for n, each in numbered), ())
    return Contents((_record(values, file, "the record"),), ())


def write(path: str | os.PathLike[str], records: Record | Sequence[Record]) -> None:
    """Write one record as a JSON object, or several as a JSON list, whole or not at all.

    Parameters
    ----------
    path
        The file, which is replaced.
    records
        One record or several.

    Raises
    ------
    StorageError
        The file cannot be written.
    ValueError
        A number is NaN or infinite.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.records import read, write
    >>> from nearsight.workflows import energy
    >>> write("copper.json", energy(bulk("Cu"), "ase:emt"))
    >>> read("copper.json")[0].formula
    'Cu'
    """
    write_text(path, text_of(records))


def text_of(records: Record | Sequence[Record]) -> str:
    """Return one record as a JSON object, or several as a JSON list, for people to read.

    Parameters
    ----------
    records
        One record or several.

    Examples
    --------
    >>> import json
    >>> from ase.build import bulk
    >>> from nearsight.records import text_of
    >>> from nearsight.workflows import energy
    >>> text = text_of(energy(bulk("Cu"), "ase:emt"))
    >>> json.loads(text)["formula"]
    'Cu'
    """
    values = records.to_json() if isinstance(records, Record) else [r.to_json() for r in records]
    return readable_json(values)


def readable_json(values: Any) -> str:
    """Return JSON in lines, with lists of numbers and of symbols in one line each.

    Parameters
    ----------
    values
        What JSON can say: mappings, lists, numbers and words.

    Examples
    --------
    >>> from nearsight.records import readable_json
    >>> print(readable_json({"structure": "Cu", "temperatures_K": [250.0, 300.0]}), end="")
    {
      "structure": "Cu",
      "temperatures_K": [250.0, 300.0]
    }
    """
    text = json.dumps(values, indent=2, allow_nan=False)
    return _SHORT_LIST.sub(lambda match: f"[{_NEW_LINE.sub(', ', match[1])}]", text) + "\n"


def record_from_json(values: Any) -> Record:
    """Rebuild the record of any question from what its `to_json` returned.

    Parameters
    ----------
    values
        The values of one record.

    Raises
    ------
    CheckpointError
        It is of another schema, or a field is missing, unknown, or of another type.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.records import record_from_json
    >>> from nearsight.workflows import energy
    >>> values = energy(bulk("Cu"), "ase:emt").to_json()
    >>> values["question"]
    'energy'
    >>> print(f"{record_from_json(values).energy_eV:.3f} eV")
    -0.006 eV
    """
    try:
        return _rebuilt(values)
    except FieldError as error:
        raise CheckpointError(f"{error}.") from None


def _rebuilt(values: Any) -> Record:
    require_schema(values)
    question = values.get("question")
    if not isinstance(question, str) or question not in QUESTIONS:
        raise FieldError(f"is {question!r:.40}{nearest(str(question), QUESTIONS)}", "question")
    return QUESTIONS[question].rebuilt(values)


def _record(values: Any, file: Path, which: str) -> Record:
    try:
        return _rebuilt(values)
    except FieldError as error:
        raise CheckpointError(f"{which} of {file} cannot be read: {error}.") from None


def _is_lines(content: bytes) -> bool:
    """Tell whether a file is JSON Lines, or the beginning of it: its first line is an object."""
    first, _, rest = content.lstrip().partition(b"\n")
    if not first.startswith(b"{"):
        return False
    try:
        parse_json(first)
    except (ValueError, RecursionError):
        return not rest.strip() and first.startswith(b'{"schema"') and is_cut_off(first)
    return True


def _of_lines(content: bytes, file: Path) -> Contents:
    records: list[Record] = []
    lines = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = parse_json(line)
        except (ValueError, RecursionError) as error:
            if number < len(lines) or not is_cut_off(line):  # a whole line ends with a newline
                raise CheckpointError(
                    f"line {number} of {file} is no JSON: {_said(error)}."
                ) from error
            cut_off = (
                f"the last line of {file}, line {number}, is cut off: its record was being "
                f"written when the program ended, and is left out."
            )
            return Contents(tuple(records), (Remark("cut-off-line", cut_off),))
        records.append(_record(values, file, f"the record in line {number}"))
    return Contents(tuple(records), ())


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def line_of(values: Mapping[str, Any]) -> bytes:
    """Return the JSON values of a record as a line of JSON Lines, with its end.

    Raises
    ------
    ValueError
        A number is NaN or infinite.
    """
    return json.dumps(values, allow_nan=False).encode("ascii") + b"\n"
