"""Numbers that studies have left in `studies/results`."""

import re
from pathlib import Path

RESULTS = Path(__file__).parents[2] / "studies" / "results"


def rows_of(study: str, *columns: str, below: str = "") -> list[dict[str, str]]:
    """Return the first table that has these columns, behind a line that begins with `below`."""
    return rows_in(RESULTS / f"{study}.md", *columns, below=below)


def rows_in(page: Path, *columns: str, below: str = "") -> list[dict[str, str]]:
    """Return such a table of a page in Markdown."""
    text = page.read_text(encoding="utf-8")
    lines = text[text.index(f"\n{below}") :].splitlines() if below else text.splitlines()
    for place, line in enumerate(lines):
        header = _cells(line)
        if set(columns) <= set(header) and lines[place + 1].startswith("| ---"):
            rows = []
            for row in lines[place + 2 :]:
                if not row.startswith("|"):
                    break
                rows.append(dict(zip(header, _cells(row), strict=True)))
            return rows
    raise ValueError(f"{page.name} has no table with the columns {', '.join(columns)}.")


def number(text: str) -> float:
    """Return the first number of a cell."""
    found = re.search(r"[-+]?\d[\d.]*(e[-+]?\d+)?", text)
    if found is None:
        raise ValueError(f"there is no number in {text!r}.")
    return float(found[0])


def _cells(line: str) -> list[str]:
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
