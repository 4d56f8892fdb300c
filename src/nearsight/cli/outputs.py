"""The files of a command: whether each can be written, and whether none takes another's place."""

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nearsight.cli.from_settings import given_settings
from nearsight.cli.option_names import option_of
from nearsight.errors import MethodError, StorageError
from nearsight.runs.named_files import NamedFile, require_different, require_no_fragment

_FIGURES = (".png", ".pdf", ".svg")
_PAGES = (".html", ".htm")

_WRITTEN = {
    "--json": "json",
    "--jsonl": "jsonl",
    "--csv": "csv",
    "--plot": "plot",
    "the page": "report",
    "--output": "output",
    "--trajectory": "trajectory",
    "--modes": "modes",
    "--atomic-heat": "atomic_heat",
    "--cube": "cube",
    "--wells": "wells",
    "--aif": "aif",
}
_READ = {
    "what --samples names": "read_samples",
    "what --harmonic names": "harmonic",
    "what --training names": "training",
    "what --locality names": "locality",
    "the folder of the potential": "potential",
    "the folder of --work-dir": "work_dir",
    "the folder of --out": "out",
}
_MODELS = ("model", "reference", "models")

# What follows the file in the name of a model: options, an architecture, a dispersion correction.
_AFTER_TARGET = re.compile(r"[?#]|\+d3")


def require_output_files(
    arguments: argparse.Namespace, named_after_structures: Sequence[NamedFile] = ()
) -> None:
    """Check before anything is computed that everything can be written where it is asked for.

    Parameters
    ----------
    arguments
        All options of the command.
    named_after_structures
        Files that it writes beside those that options name.

    Raises
    ------
    MethodError
        A name does not end as that of a figure or a page does.
    StorageError
        A folder is not there or may not be written, two results would be one file, or a result
        would take the place of something that is read.
    """
    # It takes its time, and a log is compared with the other files before the first word.
    from nearsight.storage import require_writable

    plot, page = getattr(arguments, "plot", None), getattr(arguments, "report", None)
    if plot is not None and Path(plot).suffix.lower() not in _FIGURES:
        raise MethodError(f"cannot draw {plot}; choose a name that ends in {', '.join(_FIGURES)}.")
    if page is not None and Path(page).suffix.lower() not in _PAGES:
        raise MethodError(f"a report is a page: {page!r} must end in {' or '.join(_PAGES)}.")
    written = [*_outputs(arguments), *named_after_structures]
    for file in written:
        require_writable(file.path)
    _require_lines(arguments)
    read = list(_inputs(arguments))
    require_different(written, read)
    folder = getattr(arguments, "out", None)
    if folder is not None:
        require_no_fragment(folder, [*written, *read], _structures(arguments))


def require_log_apart(arguments: argparse.Namespace) -> None:
    """Check before anything is appended to the log that it is no file of the command.

    Raises
    ------
    StorageError
        It is a result, or something that is read.
    """
    if arguments.log is not None:
        log = NamedFile("--log", arguments.log)
        require_different([*_outputs(arguments), log], list(_inputs(arguments)))


def _require_lines(arguments: argparse.Namespace) -> None:
    """Check that lines are appended to what is there only where that is asked for."""
    path = getattr(arguments, "jsonl", None)
    if path is None and getattr(arguments, "append", False):
        raise MethodError("--append goes on with the file of --jsonl; name that too.")
    if path is not None and not arguments.append and os.path.isfile(path) and os.stat(path).st_size:
        raise StorageError(
            f"{path} (--jsonl) has records already: --append goes on with them; or move it away, "
            f"or choose another name."
        )


def _outputs(arguments: argparse.Namespace) -> Iterator[NamedFile]:
    for option, name in _WRITTEN.items():
        path = getattr(arguments, name, None)
        if path is not None and not (option == "--json" and path == "-"):
            yield NamedFile(option, path)
    if getattr(arguments, "csv", None) is not None:
        from nearsight.tables.csv_files import KINDS, csv_file

        for kind in KINDS:
            yield NamedFile(f"the {kind} of --csv", csv_file(arguments.csv, kind))
    structures = getattr(arguments, "save_structure", None)
    if structures is not None:
        from nearsight.structures.writing import names_folder  # takes its time

        if not names_folder(structures):
            yield NamedFile("the file of relaxed structures", structures)


def _structures(arguments: argparse.Namespace) -> list[str]:
    one = getattr(arguments, "structure", None)
    return list(getattr(arguments, "structures", [])) if one is None else [one]


def _inputs(arguments: argparse.Namespace) -> Iterator[NamedFile]:
    """Yield what has to stay where it is: what is read, and folders."""
    for path in _structures(arguments):
        # Only here: a command without structures does not wait for what reads them.
        from nearsight.structures.selection import split_selection

        yield NamedFile("one of the structures", str(split_selection(path)[0]))
    for path in getattr(arguments, "data", ()):
        yield NamedFile("one of the files of data", path)
    for option, name in _READ.items():
        if getattr(arguments, name, None) is not None:
            yield NamedFile(option, getattr(arguments, name))
    given = given_settings(arguments)
    for setting in ("born", "force_constants"):
        named = given.get("phonons", {}).get(setting)
        if named is not None:
            yield NamedFile(f"what {option_of(setting)} names", named)
    yield from _models(arguments, given.get("model", {}).get("name"))


def _models(arguments: argparse.Namespace, set_name: str | None) -> Iterator[NamedFile]:
    """Yield the files that are named as models, one by an option or several."""
    models: dict[str, Any] = {each: getattr(arguments, each, None) for each in _MODELS}
    models["model"] = models["model"] or set_name
    for option, named in models.items():
        several = isinstance(named, list)  # the arguments of a command that takes several
        description = "one of the models" if several else f"what --{option} names"
        for name in named if several else (named or "").split(","):
            target = _AFTER_TARGET.split(name.partition(":")[2])[0]
            if target and os.path.isfile(target):
                yield NamedFile(description, target)
