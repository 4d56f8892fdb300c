"""The structures of a campaign: files, folders, patterns, databases, and files of many frames."""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.announcing import quietly
from nearsight.campaigns.failures import Failure
from nearsight.errors import StructureError
from nearsight.printable import printable, printable_name
from nearsight.remarks import Remark
from nearsight.result_archives import atoms_from_arrays, atoms_to_arrays
from nearsight.structures.checking import check_structure
from nearsight.structures.inputs import expand_structures
from nearsight.structures.reading import read_structure, take_notes
from nearsight.structures.selection import split_selection

_OF_FRAMES = frozenset({".xyz", ".extxyz", ".traj"})
_TABLE_OF_ASE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'systems'"


@dataclass(frozen=True)
class Input:
    """A structure by its name, or why it cannot be read."""

    name: str
    """The path as it was given, with ``@`` and a number or name where the file holds several."""
    atoms: Atoms | None
    remarks: tuple[Remark, ...] = ()
    """What has to be known about it."""
    failure: str | None = None


def read_inputs(given: Sequence[str], *, accept_contradictions: bool = False) -> Iterator[Input]:
    """Yield the structures that names stand for, one after the other.

    Of a file of many frames (extended XYZ, ``.traj``), an ASE database or a response of OPTIMADE in
    a JSON file all structures are taken; ``FILE@2`` is one of them. A structure that cannot be read
    is yielded with the reason, and so is a file without any, or with a name that is no Unicode.

    Parameters
    ----------
    given
        Files, folders of them, and patterns that files match.
    accept_contradictions
        As for `nearsight.structures.read_structure`.

    Raises
    ------
    StructureError
        A folder has no structures, or no file matches a pattern.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.campaigns import read_inputs
    >>> for symbol in ("Al", "Cu"):
    ...     bulk(symbol, cubic=True).write(f"{symbol}.cif")
    ...
    >>> [each.name for each in read_inputs(["*.cif"])]
    ['Al.cif', 'Cu.cif']
    """
    for path in expand_structures(given).paths:
        n = 0
        try:
            for each in _inputs_of(path, accept_contradictions):
                n += 1
                yield _in_unicode(each)
        except Exception as error:
            # One boundary for everything: the other files must go on.
            said = Failure.of(error).message
            said = said if path in said else f"{path}: {said}"
            yield _in_unicode(Input(path, None, failure=said))
        else:
            if n == 0:
                yield _in_unicode(Input(path, None, failure=f"{path}: no structures are in it."))


def _inputs_of(path: str, accept_contradictions: bool) -> Iterator[Input]:
    file, choice = split_selection(path)
    if file.suffix == ".db" and choice is None:
        yield from _of_database(file)
    elif file.suffix == ".json" and choice is None:
        yield from _of_optimade(file)
    elif file.suffix in _OF_FRAMES and choice is None:
        yield from _of_frames(path, accept_contradictions)
    else:
        yield _of_file(path, accept_contradictions)


def _in_unicode(each: Input) -> Input:
    """Return an input of which all texts can be written, as a failure if its name cannot."""
    try:
        each.name.encode()
        (each.failure or "").encode()
    except UnicodeEncodeError:
        name = printable_name(each.name)
        said = each.failure or f"{name}: its name is no Unicode; rename it."
        return replace(each, name=name, atoms=None, failure=printable(said))
    return each


def _of_file(path: str, accept_contradictions: bool) -> Input:
    with quietly():
        atoms = read_structure(path, accept_contradictions=accept_contradictions)
    remarks = take_notes(atoms)
    check_structure(atoms)
    return Input(path, atoms, remarks)


def _of_frames(path: str, accept_contradictions: bool) -> Iterator[Input]:
    """Yield the frames of a file, which is read once; one alone is read as for a single run."""
    from ase.io import iread

    if not os.path.isfile(path):
        yield _of_file(path, accept_contradictions)  # which says what is wrong
        return
    first: Atoms | None = None
    number = 0
    frames = iread(os.path.abspath(path), index=":")
    while True:
        try:
            frame = next(frames, None)
        except Exception as error:  # ASE's parsers raise what they stumbled over
            if first is not None:
                yield _checked(f"{path}@1", first)
            said = f"frame {number + 1} cannot be read ({error}), nor any that follow it"
            failure = f"{path}: {said}; write the file again."
            yield Input(f"{path}@{number + 1}", None, failure=failure)
            return
        if frame is None:
            break
        number += 1
        if number == 1:
            first = frame
            continue
        if first is not None:
            yield _checked(f"{path}@1", first)
            first = None
        yield _checked(f"{path}@{number}", frame)
    if number <= 1:
        yield _of_file(path, accept_contradictions)


def _of_database(file: Path) -> Iterator[Input]:
    from ase.db import connect

    if not file.is_file():
        raise StructureError(f"{file} does not exist; check the path for a typo.")
    try:
        _require_table_of_ase(file)
        rows = connect(str(file), type="db", use_lock_file=False)
        for row in rows.select():
            yield _checked(f"{file}@{row.id}", row.toatoms())
    except StructureError:
        raise
    except Exception as error:  # of SQLite, and of what ASE makes of its rows
        raise StructureError(f"{file} is no ASE database that can be read: {error}.") from error


def _require_table_of_ase(file: Path) -> None:
    """Refuse a database of something else, in which ASE would make its tables."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
        if not database.execute(_TABLE_OF_ASE).fetchall():
            raise StructureError(f"{file} is a database of something else than structures.")


def _of_optimade(file: Path) -> Iterator[Input]:
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise StructureError(f"{file} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise StructureError(f"{file} is no JSON: {error}.") from error
    data = content.get("data") if isinstance(content, dict) else None
    entries = [data] if isinstance(data, dict) else data
    if not isinstance(entries, list):
        raise StructureError(
            f"{file} is no response of OPTIMADE, whose structures are a list named data."
        )
    for number, entry in enumerate(entries, start=1):
        label = str(entry.get("id", number)) if isinstance(entry, dict) else str(number)
        name = f"{file}@{label}"
        try:
            atoms = _optimade_atoms(entry["attributes"])
        except Exception as error:  # of what is in its place, in many classes
            said = str(error)
            if not isinstance(error, StructureError):
                lacking = isinstance(error, KeyError)
                said = f"lacks {error}" if lacking else f"cannot be read ({error})"
            failure = f"{name}: it is no ordered structure of OPTIMADE: it {said}."
            yield Input(name, None, failure=failure)
            continue
        yield _checked(name, atoms)


def _optimade_atoms(attributes: Any) -> Atoms:
    """Return the structure that the attributes of an entry describe."""
    symbols = {}
    for species in attributes["species"]:
        elements, shares = species["chemical_symbols"], species["concentration"]
        if len(shares) != len(elements):
            raise StructureError(
                f"has {len(shares)} concentrations of {len(elements)} elements in a species"
            )
        if len(elements) != 1 or abs(shares[0] - 1) > 1e-8 or elements[0] in {"X", "vacancy"}:
            mixed = ", ".join(elements)
            raise StructureError(f"has sites of {mixed}, not of one element each")
        symbols[species["name"]] = elements[0]
    periodic = attributes.get("dimension_types") or [1, 1, 1]
    vectors = attributes["lattice_vectors"] if any(periodic) else np.zeros((3, 3))
    return Atoms(
        [symbols[name] for name in attributes["species_at_sites"]],
        positions=attributes["cartesian_site_positions"],
        cell=[[0.0] * 3 if vector[0] is None else vector for vector in vectors],
        pbc=[bool(each) for each in periodic],
    )


def _checked(name: str, atoms: Atoms) -> Input:
    """Return a structure with what defines it and no more, or what is wrong with it."""
    if len(atoms) == 0:
        return Input(name, None, failure=f"{name}: there are no atoms in it.")
    try:
        own: Atoms = atoms_from_arrays(atoms_to_arrays(atoms))
        check_structure(own)
    except (StructureError, ValueError) as error:
        return Input(name, None, failure=f"{name}: {error}.".replace("..", "."))
    return Input(name, own)
