"""Pieces of Markdown."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, empty without rows."""
    lines = ["| " + " | ".join(cell(each) for each in row) + " |" for row in rows]
    if not lines:
        return ""
    head = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*head, *lines]) + "\n"


def cell(text: str) -> str:
    """Return what stands for a text in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """Return a text as code in a line; nothing for nothing."""
    return f"`{text}`" if text else ""


def plain(text: str) -> str:
    """Return a text of which nothing is markup, but for code in backticks."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick of its own
        return _escaped(text.replace("`", "'"))
    return "`".join(part if n % 2 else _escaped(part) for n, part in enumerate(parts))


def _escaped(text: str) -> str:
    for sign in "\\<*_[$":
        text = text.replace(sign, f"\\{sign}")
    return text


def contents(names: Iterable[str], depth: int = 1) -> str:
    """Return the list of pages below one."""
    return f"```{{toctree}}\n:maxdepth: {depth}\n\n" + "\n".join(names) + "\n```\n"
