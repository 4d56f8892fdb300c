"""What all studies share: one record per structure, calculated once, and tables of them."""

import json
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nearsight.errors import NearsightError
from nearsight.storage import write_text

Record = dict[str, Any]


def collect(
    folder: Path,
    names: Iterable[str],
    calculate: Callable[[str], Record],
    settings: Mapping[str, Any],
) -> dict[str, Record]:
    """Return a record for each name, calculating those that `folder` lacks.

    A failure is a record too, with ``error``; it is tried again when the study runs again. Records
    of other `settings`, which must be JSON values, stop the study.
    """
    folder.mkdir(parents=True, exist_ok=True)
    records = {}
    for name in names:
        path = folder / f"{name}.json"
        record = read(path)
        if record is None or "error" in record:
            record = {"settings": dict(settings), **_attempt(name, calculate)}
            write_text(path, json.dumps(record, indent=1, allow_nan=False) + "\n")
        elif record["settings"] != settings:
            sys.exit(
                f"{path} was calculated with {record['settings']}, not with {dict(settings)}; give "
                f"these another folder."
            )
        records[name] = record
    return records


def by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    """Return structure files by the names that their records get."""
    found: dict[str, Path] = {}
    for path in paths:
        other = found.setdefault(path.stem, path)
        if other != path:
            sys.exit(f"{path} and {other} have the same name; rename one of them.")
    return found


def read(path: Path) -> Record | None:
    """Return the record at `path`, or None if there is none or it is damaged."""
    try:
        record: Record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return record


def without_errors(records: dict[str, Record]) -> dict[str, Record]:
    """Return the records without an error, and stop the study if none is left."""
    good = {name: record for name, record in records.items() if "error" not in record}
    if not good:
        sys.exit("every structure failed; the reasons are above and in the records.")
    return good


def file_name(label: str) -> str:
    """Return `label` as part of a file name."""
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", label).strip("_")


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; a cell may hold bars and several lines."""
    lines = [header, ["---"] * len(header), *rows]
    cells = [[" ".join(cell.split()).replace("|", r"\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def _attempt(name: str, calculate: Callable[[str], Record]) -> Record:
    try:
        return calculate(name)
    except Exception as error:
        # One boundary for everything: the other structures must go on.
        if not isinstance(error, NearsightError):
            traceback.print_exc()
        print(f"{name} failed: {error}", file=sys.stderr, flush=True)
        return {"error": f"{type(error).__name__}: {error}"}
