"""The structures of a campaign: files, folders, patterns, databases, and files of many frames."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.announcing import quietly
from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.storage import atoms_from_arrays, atoms_to_arrays
from nearsight.structures.checking import check_structure
from nearsight.structures.inputs import expand_structures
from nearsight.structures.reading import read_structure, take_notes
from nearsight.structures.selection import split_selection

_OF_FRAMES = frozenset({".xyz", ".extxyz", ".traj"})


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
    is yielded with the reason.

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
    """
    for path in expand_structures(given).paths:
        file, choice = split_selection(path)
        try:
            if file.suffix == ".db" and choice is None:
                yield from _of_database(file)
            elif file.suffix == ".json" and choice is None:
                yield from _of_optimade(file)
            elif file.suffix in _OF_FRAMES and choice is None:
                yield from _of_frames(path, accept_contradictions)
            else:
                yield _of_file(path, accept_contradictions)
        except StructureError as error:
            yield Input(path, None, failure=str(error))


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
            said = f"{path}: frame {number + 1} cannot be read ({error}); write the file again."
            yield Input(f"{path}@{number + 1}", None, failure=said)
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
        rows = connect(str(file), type="db", use_lock_file=False)
        for row in rows.select():
            yield _checked(f"{file}@{row.id}", row.toatoms())
    except StructureError:
        raise
    except Exception as error:  # of SQLite, and of what ASE makes of its rows
        raise StructureError(f"{file} is no ASE database that can be read: {error}.") from error


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
        except (KeyError, TypeError, ValueError, StructureError) as error:
            said = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            yield Input(
                name, None, failure=f"{name}: it is no ordered structure of OPTIMADE: it {said}."
            )
            continue
        yield _checked(name, atoms)


def _optimade_atoms(attributes: Any) -> Atoms:
    """Return the structure that the attributes of an entry describe."""
    symbols = {}
    for species in attributes["species"]:
        elements, shares = species["chemical_symbols"], species["concentration"]
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
