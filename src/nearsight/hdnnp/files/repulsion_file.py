"""The repulsion that networks are added to, in a file of its own: n2p2 knows none."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

from ase.data import atomic_numbers

from nearsight.errors import MethodError, ModelError
from nearsight.hdnnp.born_mayer import BornMayer, Wall
from nearsight.hdnnp.files.lines import content
from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.zbl import ZBL

FILE = "prior.toml"
_MOST_BYTES = 2**20
_RADII = ("inner_A", "outer_A")
_OF_WALLS = ("onset_A", "strength_eV", "rate_per_A")
_KEYS = {ZBL.kind: {"prior", *_RADII}, BornMayer.kind: {"prior", *_RADII, "walls"}}
_SOURCES = {
    ZBL.kind: (
        "screened nuclei (Ziegler, Biersack, Littmark 1985), which ends between two radii in Å",
        "as in pair_style zbl of LAMMPS.",
    ),
    BornMayer.kind: (
        "walls B (exp(bx) - 1 - bx - (bx)²/2), x = onset - r > 0 (after Born and Mayer 1932); of",
        "pairs without a wall that of screened nuclei, which ends between two radii in Å.",
    ),
}


def read_repulsion(file: Path) -> ZBL | BornMayer:
    """Return the repulsion in a file.

    Raises
    ------
    ModelError
        It is missing, damaged, or of another kind.
    """
    try:
        values = tomllib.loads(content(file, _MOST_BYTES))
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{file} is no TOML: {error}; write the folder anew.") from error
    kind = values.get("prior", ZBL.kind)
    keys = _KEYS.get(kind) if isinstance(kind, str) else None
    if keys is None:
        known = " and ".join(map(repr, _KEYS))
        raise ModelError(f"{file} has the prior {str(kind)!r:.40}; Nearsight computes {known}.")
    if set(values) != keys:
        raise ModelError(
            f"{file} has {', '.join(sorted(values)) or 'nothing'}, and a prior has "
            f"{', '.join(sorted(keys))}; correct it."
        )
    radii = _numbers(file, values, _RADII, "radii")
    try:
        nuclei = ZBL(*radii)
        if kind == ZBL.kind:
            return nuclei
        return BornMayer(tuple(_walls(file, values["walls"])), nuclei)
    except MethodError as error:
        raise ModelError(f"{file}: {error}") from error


def _walls(file: Path, tables: object) -> Iterator[Wall]:
    if not isinstance(tables, list):
        raise ModelError(f"{file} has “walls” that are no list of tables; correct it.")
    for table in tables:
        if not isinstance(table, dict) or set(table) != {"elements", *_OF_WALLS}:
            raise ModelError(
                f"{file} has the wall {table!r:.60}, and one has elements, "
                f"{', '.join(_OF_WALLS)}; correct it."
            )
        symbols = table["elements"]
        if not isinstance(symbols, list) or not all(isinstance(each, str) for each in symbols):
            raise ModelError(
                f"{file} has a wall of {symbols!r:.40}, which are two elements; correct it."
            )
        yield Wall(tuple(symbols), *_numbers(file, table, _OF_WALLS, "a wall"))


def _numbers(file: Path, values: Mapping[str, Any], names: Sequence[str], what: str) -> list[float]:
    numbers = [values[name] for name in names]
    if not all(isinstance(each, float | int) for each in numbers):
        raise ModelError(
            f"{file} has {what} of {numbers!r:.60}, which are numbers in Å and eV; correct it."
        )
    return list(map(float, numbers))


def repulsion_text(potential: Potential) -> Iterator[str]:
    """Yield the lines of the file."""
    repulsion = potential.repulsion
    assert repulsion is not None
    yield "# Energies and forces of this potential are those of its networks (input.nn) plus the\n"
    first, second = _SOURCES[repulsion.kind]
    yield f"# repulsion of {first}\n# {second} n2p2 knows the networks only.\n"
    yield f'prior = "{repulsion.kind}"\n'
    yield f"inner_A = {repulsion.inner_A!r}\n"
    nuclei = repulsion if isinstance(repulsion, ZBL) else repulsion.nuclei
    yield f"outer_A = {nuclei.outer_A!r}\n"
    if isinstance(repulsion, BornMayer):
        if not repulsion.walls:
            yield "walls = []\n"
        for wall in repulsion.walls:
            yield f'\n[[walls]]\nelements = ["{wall.elements[0]}", "{wall.elements[1]}"]\n'
            for name in _OF_WALLS:
                yield f"{name} = {getattr(wall, name)!r}\n"


def lammps_commands(potential: Potential, of_networks: str) -> str:
    """Return the commands of LAMMPS for the sum, given the style of the networks and its words.

    Walls are written out for `pair_style lepton`, which differentiates what it is given.
    """
    repulsion, symbols = potential.repulsion, potential.symbols
    assert repulsion is not None
    walls = repulsion.walls if isinstance(repulsion, BornMayer) else ()
    nuclei = repulsion if isinstance(repulsion, ZBL) else repulsion.nuclei
    styles, own = [of_networks], [f"pair_coeff * * hdnnp {' '.join(symbols)}"]
    if walls:
        styles.append(f"lepton {repulsion.outer_A!r}")
    by_pair = {wall.elements: wall for wall in walls}
    without = []
    for i, j in combinations_with_replacement(range(len(symbols)), 2):
        wall = by_pair.get((symbols[i], symbols[j]))
        types = f"pair_coeff {i + 1} {j + 1}"
        if wall is None:
            charges = f"{atomic_numbers[symbols[i]]} {atomic_numbers[symbols[j]]}"
            without.append(f"{types} zbl {charges}")
        else:
            own.append(f'{types} lepton "{_expression(wall)}"')
    if without:
        styles.append(f"zbl {nuclei.inner_A!r} {nuclei.outer_A!r}")
    return "; ".join([f"pair_style hybrid/overlay {' '.join(styles)}", *own, *without])


def _expression(wall: Wall) -> str:
    """Return a wall as Lepton reads it."""
    y = f"({wall.rate_per_A!r}*max(0,{wall.onset_A!r}-r))"
    return f"{wall.strength_eV!r}*(exp({y})-1-{y}-{y}^2/2)"
