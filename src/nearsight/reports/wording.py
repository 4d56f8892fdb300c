"""How numbers and conventions are written on the page."""

import re
from pathlib import Path

from ase import Atoms
from markupsafe import Markup

from nearsight.printable import percent
from nearsight.records.parts import LEVEL_WORDS, LevelWord
from nearsight.structures.pieces import Pieces
from nearsight.structures.selection import structure_stem
from nearsight.vibrations.heat_capacity import HeatCapacity
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.phonon_mesh import PhononMesh


def stem(name: str) -> str:
    """Return what a structure is called where there is no room for its path."""
    file = Path(name).name
    return (
        file.removesuffix(".hessian.npz") if file.endswith(".hessian.npz") else structure_stem(file)
    )


def level_word(level: LevelWord) -> str:
    """Return what the page says of a check beside the colour."""
    return ("passed", "not known", "caution", "problem")[LEVEL_WORDS.index(level)]


def described(atoms: Atoms) -> str:
    """Say in a few words what kind of structure it is, and how large."""
    kind = {0: "molecule", 1: "chain", 2: "layer", 3: "crystal"}[int(atoms.pbc.sum())]
    plural = "" if len(atoms) == 1 else "s"
    per_cell = " per cell" if atoms.pbc.any() else ""
    return f"{kind} of {len(atoms)} atom{plural}{per_cell}"


def substance(atoms: Atoms, pieces: Pieces) -> str:
    """Say what a result is of: a crystal, or what pairs hold together in a box."""
    if pieces.connected:
        return f"a {described(atoms)}"
    plural = "" if len(atoms) == 1 else "s"
    return f"{pieces} in a periodic box, {len(atoms)} atom{plural} per cell"


def signed(value: float, digits: int) -> str:
    """Return `value` with its sign, the minus as typography has it; 0 has a plus."""
    return f"{value:+z.{digits}f}".replace("-", "−")


def energy(value_eV: float) -> str:
    """Return a potential energy with its unit."""
    return f"{signed(value_eV, 4)} eV"


def scientific(value: float, digits: int) -> Markup:
    """Return `value` as a power of ten."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    if value == 0:
        return Markup("0")
    return Markup("{} × 10<sup>{}</sup>").format(
        mantissa.replace("-", "−"), str(int(exponent)).replace("-", "−")
    )


def formula(text: str) -> Markup:
    """Return a chemical formula with its numbers as subscripts."""
    parts = re.findall(r"\d+|\D+", text)
    return Markup("").join(
        Markup("<sub>{}</sub>").format(part) if part.isdigit() else Markup.escape(part)
        for part in parts
    )


def seconds(value: float) -> str:
    """Return a time as one reads it."""
    if value < 120:
        return f"{value:.1f} s"
    if value < 7200:
        return f"{value / 60:.1f} min"
    return f"{value / 3600:.1f} h"


def size(n_bytes: float) -> str:
    """Return a number of bytes as one reads it."""
    if n_bytes < 1e6:
        return f"{n_bytes / 1e3:.0f} kB"
    return f"{n_bytes / 1e6:.1f} MB"


def mebibytes(n_bytes: int) -> str:
    """Return an amount of memory as one reads it."""
    return f"{n_bytes / 2**20:.0f} MiB"


def rigid_body_words(pieces: Pieces, count: int) -> str:
    """Name the `count` rigid-body modes as what they are for a structure."""
    if pieces.molecular:
        several = "s" if len(pieces.lattices) > 1 else ""
        return f"{count} translations and rotations of the molecule{several}"
    if count == 3:
        return "3 acoustic modes at Γ, in which everything moves together"
    return f"{count} rigid-body modes"


def imaginary(vibrations: Vibrations, phonons: PhononMesh | None) -> str:
    """Return how many modes are imaginary, or which share of those of the Brillouin zone."""
    if phonons is None:
        return str(vibrations.n_imaginary)
    share = phonons.share_imaginary
    return percent(share) if share else "0"


def mesh_words(phonons: PhononMesh, heat: HeatCapacity) -> str:
    """Say in a sentence or two over which phonons the heat capacity is a mean."""
    at_gamma = {
        "exclude": "left out",
        "classical": "counted with k_B each, to which their heat capacity tends",
        "as-computed": "counted as they were computed",
    }
    which = (
        f"At its point Γ, one of {round(1 / phonons.weights[0])}, the 3 acoustic modes are"
        if phonons.gamma.pieces.connected
        else f"Rigid-body motions of what lies in the box, {phonons.gamma.n_rigid_body} at Γ and "
        f"{int(phonons.rigid_body_modes.min())} or more at other points, are"
    )
    return (
        f"The mean over a mesh of {' × '.join(map(str, phonons.mesh))} points of the Brillouin "
        f"zone. {which} {at_gamma[heat.acoustic]}.{_scaled(heat)}"
    )


def acoustic_words(heat: HeatCapacity, pieces: Pieces, n_rigid_body: int) -> str:
    """Say in a sentence what the rigid-body modes contribute to a heat capacity at Γ."""
    modes = rigid_body_words(pieces, n_rigid_body)
    sentences = {
        "exclude": f"The {modes}, are left out." if "," in modes else f"The {modes} are left out.",
        "classical": f"The {modes}{',' if ',' in modes else ''} count k_B each, at every "
        f"temperature.",
        "as-computed": f"No mode is left out: the {modes}{',' if ',' in modes else ''} "
        f"count with whatever wavenumber they were computed to have.",
    }
    return sentences[heat.acoustic] + _scaled(heat)


def _scaled(heat: HeatCapacity) -> str:
    scale = heat.scale_factor
    return "" if scale == 1.0 else f" Every wavenumber was scaled by {scale:g}."
