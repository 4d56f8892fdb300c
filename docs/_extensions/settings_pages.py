"""A page for each workflow: the settings that files and scripts can give."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from typing import Any

from markdown import code, contents, plain, table

from nearsight.settings import About, Settings, describe
from nearsight.workflows.settings_files import EveryRun
from nearsight.workflows.settings_of_workflows import OF_WORKFLOWS

HEADER = ("key", "default", "what it is", "may be")


def pages() -> Mapping[str, str]:
    """Return the pages, by name."""
    texts = {name: _page(f"Settings of {name}", kind) for name, kind in OF_WORKFLOWS.items()}
    texts["every-run"] = _page("Settings of every run", EveryRun)
    texts["index"] = (
        "# Settings\n\nWhat a TOML file can say, and the classes of `nearsight.workflows` in a "
        "script. Groups are tables in a file, and classes in Python. `nearsight.toml` of the "
        "current folder and of `~/.config/nearsight` are read by themselves, another one with "
        "`--config`; options count most. `nearsight config WORKFLOW` shows which applies.\n\n"
        + contents(["every-run", *OF_WORKFLOWS])
    )
    return texts


def _page(title: str, kind: type[Settings]) -> str:
    text = f"# {title}\n\n"
    for group, settings in _groups(kind):
        rows = [row_of(each) for each in settings]
        heading = f"## [{group}]" if group else "## Without a group"
        text += f"{heading}\n\n{table(HEADER, rows)}\n" if rows else ""
    return text


def _groups(kind: type[Settings], name: str = "") -> Iterator[tuple[str, list[About]]]:
    """Yield the settings outside of groups, and then those of each group."""
    abouts = list(describe(kind))
    yield name, [each for each in abouts if each.group is None]
    for each in abouts:
        if each.group is not None:
            yield from _groups(each.group, f"{name}.{each.name}".lstrip("."))


def row_of(about: About) -> tuple[str, str, str, str]:
    """Return the cells of a setting, below `HEADER`."""
    may_be = ", ".join(about.choices) if about.choices else str(about.range or "")
    said = plain(about.help.text) if about.help else ""
    return code(about.name), code(_default(about.default)), said, may_be


def _default(value: Any) -> str:
    if value is MISSING:
        return "to be given"
    if value is None:
        return "by default"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
