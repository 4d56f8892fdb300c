"""The repulsion that networks are added to, in a file of its own: n2p2 knows none."""

import tomllib
from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path

from ase.data import atomic_numbers

from nearsight.errors import MethodError, ModelError
from nearsight.hdnnp.files.lines import content
from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.zbl import ZBL

FILE = "prior.toml"
_MOST_BYTES = 2**16
_KEYS = {"prior", "inner_A", "outer_A"}


def read_repulsion(file: Path) -> ZBL:
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
    if set(values) != _KEYS:
        raise ModelError(
            f"{file} has {', '.join(sorted(values)) or 'nothing'}, and a prior has "
            f"{', '.join(sorted(_KEYS))}; correct it."
        )
    if values["prior"] != ZBL.kind:
        raise ModelError(
            f"{file} has the prior {str(values['prior'])!r:.40}; Nearsight computes {ZBL.kind!r}."
        )
    radii = [values["inner_A"], values["outer_A"]]
    if not all(isinstance(radius, float | int) for radius in radii):
        raise ModelError(f"{file} has radii {radii!r:.60}, which are numbers in Å; correct it.")
    try:
        return ZBL(float(radii[0]), float(radii[1]))
    except MethodError as error:
        raise ModelError(f"{file}: {error}") from error


def repulsion_text(potential: Potential) -> Iterator[str]:
    """Yield the lines of the file."""
    assert potential.repulsion is not None
    yield "# Energies and forces of this potential are those of its networks (input.nn) plus the\n"
    yield "# repulsion of screened nuclei (Ziegler, Biersack, Littmark 1985), which ends between\n"
    yield "# two radii in Å as in pair_style zbl of LAMMPS. n2p2 knows the networks only.\n"
    yield f'prior = "{potential.repulsion.kind}"\n'
    yield f"inner_A = {potential.repulsion.inner_A!r}\n"
    yield f"outer_A = {potential.repulsion.outer_A!r}\n"


def lammps_commands(potential: Potential, of_networks: str) -> str:
    """Return the commands of LAMMPS for the sum, given the style of the networks and its words."""
    repulsion, symbols = potential.repulsion, potential.symbols
    assert repulsion is not None
    commands = [
        f"pair_style hybrid/overlay {of_networks} zbl {repulsion.inner_A!r} {repulsion.outer_A!r}",
        f"pair_coeff * * hdnnp {' '.join(symbols)}",
    ]
    for i, j in combinations_with_replacement(range(len(symbols)), 2):
        charges = f"{atomic_numbers[symbols[i]]} {atomic_numbers[symbols[j]]}"
        commands.append(f"pair_coeff {i + 1} {j + 1} zbl {charges}")
    return "; ".join(commands)
