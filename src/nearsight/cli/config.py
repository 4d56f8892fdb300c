"""``nearsight config``: which settings apply, and which file says so."""

import argparse
from typing import Any

from nearsight.printable import printable_name
from nearsight.settings import Settings
from nearsight.workflows.settings_files import (
    EveryRun,
    SettingsFile,
    default_files,
    default_paths,
    flat,
    origins_of,
)
from nearsight.workflows.settings_of_workflows import OF_WORKFLOWS


def run(arguments: argparse.Namespace) -> int:
    """Print the files of settings and what they say, or all settings of a workflow."""
    files = default_files()
    there = {file.path: file for file in files}
    for path in default_paths():
        print(f"{printable_name(str(path))}: {_size(there.get(path))}")
    if arguments.workflow is not None:
        _print_all(OF_WORKFLOWS[arguments.workflow](), files)
    elif files:
        print()
        for name, (value, file) in origins_of(files).items():
            print(f"{name} = {_shown(value)}  ({printable_name(str(file.path))})")
    return 0


def _size(file: SettingsFile | None) -> str:
    if file is None:
        return "not there"
    n_settings = len(list(flat(file.values)))
    return f"{n_settings} setting{'' if n_settings == 1 else 's'}"


def _print_all(settings: Settings, files: list[SettingsFile]) -> None:
    """Print every setting of a workflow, with the file that says it."""
    origins = origins_of(files)
    print()
    for name, value in (*flat(settings.to_json()), *flat(EveryRun().to_json())):
        said, file = origins.get(name, (value, None))
        origin = "" if file is None else f"  ({printable_name(str(file.path))})"
        print(f"{name} = {_shown(said)}{origin}")


def _shown(value: Any) -> str:
    return "by default" if value is None else printable_name(str(value))
