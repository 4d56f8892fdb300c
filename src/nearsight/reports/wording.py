"""How numbers and conventions are written on the page."""

import re

from markupsafe import Markup

from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.phonon_mesh import PhononMesh
from nearsight.vibrations.thermodynamic_functions import Thermodynamics


def signed(value: float, digits: int) -> str:
    """Return `value` with its sign, the minus as typography has it."""
    return f"{value:+.{digits}f}".replace("-", "−")


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


def rigid_body_words(vibrations: Vibrations) -> str:
    """Name the rigid-body modes as what they are for this structure."""
    count = vibrations.n_rigid_body
    if not vibrations.atoms.pbc.any():
        return f"{count} translations and rotations of the molecule"
    if count == 3:
        return "3 acoustic modes at Γ, in which everything moves together"
    return f"{count} rigid-body modes"


def imaginary(vibrations: Vibrations, phonons: PhononMesh | None) -> str:
    """Return how many modes are imaginary, or which share of those of the Brillouin zone."""
    if phonons is None:
        return str(vibrations.n_imaginary)
    share = phonons.share_imaginary
    return f"{100 * share:.2g} %" if share else "0"


def mesh_words(phonons: PhononMesh, thermodynamics: Thermodynamics) -> str:
    """Say in a sentence or two over which phonons the heat capacity is a mean."""
    at_gamma = {
        "exclude": "left out",
        "classical": "counted with k_B each, to which their heat capacity tends",
        "as-computed": "counted as they were computed",
    }
    scale = thermodynamics.scale_factor
    scaled = "" if scale == 1.0 else f" Every wavenumber was scaled by {scale:g}."
    return (
        f"The mean over a mesh of {' × '.join(map(str, phonons.mesh))} points of the Brillouin "
        f"zone. At its point Γ, one of {round(1 / phonons.weights[0])}, the 3 acoustic modes are "
        f"{at_gamma[thermodynamics.acoustic]}.{scaled}"
    )


def acoustic_words(vibrations: Vibrations, thermodynamics: Thermodynamics) -> str:
    """Say in a sentence what the rigid-body modes contribute to the heat capacity."""
    modes = rigid_body_words(vibrations)
    sentences = {
        "exclude": f"The {modes}, are left out." if "," in modes else f"The {modes} are left out.",
        "classical": f"The {modes}{',' if ',' in modes else ''} count k_B each, at every "
        f"temperature.",
        "as-computed": f"No mode is projected out: the {modes}{',' if ',' in modes else ''} "
        f"count with whatever wavenumber they were computed to have.",
    }
    scale = thermodynamics.scale_factor
    scaled = "" if scale == 1.0 else f" Every wavenumber was scaled by {scale:g}."
    return sentences[thermodynamics.acoustic] + scaled
