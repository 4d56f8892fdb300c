"""Frames of extended XYZ: ours, those of ASE, and plain ones."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from ase import units
from ase.data import atomic_masses, atomic_numbers

from nearsight.dynamics.analysis.frame_lines import (
    Frame,
    FrameLines,
    number_or_none,
    numbers_of,
    table,
)

_PLAIN = "species:S:1:pos:R:3"
_READ = {"pos": 3, "masses": 1, "momenta": 3, "velocities_A_per_fs": 3}
"""What is read, with its width."""
_WITHOUT_UNIT = ("velocities", "velocity", "velo", "vel")


def xyz_frames(lines: FrameLines) -> Iterator[Frame]:
    """Yield the frames of an XYZ file.

    Positions and cells are in Å, energies in eV, momenta those of ASE; velocities are used where
    their column says Å/fs, as ours does. The time is ``time_fs`` of the comment.

    Raises
    ------
    CutError
        The last frame is cut.
    ValueError
        A frame is damaged.
    """
    while (line := lines.first()) is not None:
        if len(line.split()) != 1:
            raise ValueError(f"{line.strip()!r:.40} is no number of atoms")
        n_atoms = int(line)
        if n_atoms < 1:
            raise ValueError(f"{n_atoms} is no number of atoms")
        comment = lines.next()
        yield _frame(comment, lines.block(n_atoms))


def _frame(comment: str, lines: list[str]) -> Frame:
    info = _header(comment)
    columns, width = _columns(str(info.get("Properties", _PLAIN)))
    plain = "Properties" not in info
    words = table([" ".join(line.split()[:width]) for line in lines] if plain else lines, width)
    numbers = _atomic_numbers(words, columns)
    vectors = {name: numbers_of(words[:, at]) for name, at in columns.items() if name in _READ}
    if "pos" not in vectors:
        raise ValueError("there is no column pos with positions")
    for name, values in vectors.items():
        if values.shape[1] != _READ[name]:
            raise ValueError(f"the column {name} has {values.shape[1]} parts, not {_READ[name]}")
    masses = vectors.get("masses")
    cell = np.asarray(info["Lattice"], dtype=np.float64).T if "Lattice" in info else None
    pbc = np.full(3, cell is not None)
    if "pbc" in info:
        pbc = np.asarray(info["pbc"], dtype=bool).reshape(3)
    velocities = vectors.get("velocities_A_per_fs")
    if velocities is None and "momenta" in vectors:
        weights = atomic_masses[numbers] if masses is None else masses[:, 0]
        if not (weights > 0).all():
            raise ValueError("a mass is not above 0")
        velocities = vectors["momenta"] / weights[:, np.newaxis] * units.fs
    left_out = [name for name in _WITHOUT_UNIT if name in columns] if velocities is None else []
    return Frame(
        numbers=numbers,
        positions_A=vectors["pos"],
        cell_A=np.zeros((3, 3)) if cell is None else cell.reshape(3, 3),
        pbc=pbc,
        masses_amu=None if masses is None else masses[:, 0],
        time_fs=number_or_none(info.get("time_fs")),
        step=None if (step := number_or_none(info.get("step"))) is None else int(step),
        velocities_A_per_fs=velocities,
        energy_eV=number_or_none(info.get("energy")),
        # Ours never carries an atom back, and nobody else writes both.
        unwrapped={"step", "time_fs"} <= set(info),
        left_out=tuple(f"the column {name}, whose unit is not known" for name in left_out),
    )


def _header(comment: str) -> Mapping[str, Any]:
    from ase.io.extxyz import key_val_str_to_dict

    if "=" not in comment:
        return {}
    info: dict[str, Any] = key_val_str_to_dict(comment)
    return info


def _columns(properties: str) -> tuple[dict[str, slice], int]:
    """Return where each property is, and how many columns there are."""
    parts = properties.split(":")
    if len(parts) % 3:
        raise ValueError(f"Properties={properties!r:.60} is no list of name:type:width")
    columns, width = {}, 0
    for name, n in zip(parts[::3], parts[2::3], strict=True):
        columns[name] = slice(width, width + int(n))
        width += int(n)
    return columns, width


def _atomic_numbers(words: np.ndarray, columns: Mapping[str, slice]) -> np.ndarray:
    if "species" not in columns:
        if "Z" not in columns:
            raise ValueError("there is no column species")
        numbers: np.ndarray = words[:, columns["Z"]][:, 0].astype(np.int64)
        if not ((numbers > 0) & (numbers < len(atomic_masses))).all():
            raise ValueError("the column Z has numbers of no element")
        return numbers
    names = words[:, columns["species"]][:, 0]
    known = {str(name): atomic_numbers.get(str(name).capitalize(), 0) for name in set(names)}
    for name, number in known.items():
        if number == 0:
            raise ValueError(f"{name!r:.20} is no element")
    return np.array([known[name] for name in names], dtype=np.int64)
