"""Frames of GoldDAC: frameworks with one CO2 or H2O by DFT, empty ones, and the molecules alone.

H. Park, J. Lim, A. Walsh and J. Kim, Matter 2025, 102203, doi:10.1016/j.matt.2025.102203;
https://github.com/hspark1212/DAC-SIM. Energies are those of PBE with dispersion.
"""

import os
from collections.abc import Mapping

import numpy as np
from ase import Atoms

from nearsight.adsorption.offset import InteractionErrors
from nearsight.errors import StructureError

_KINDS = {"R": "repulsive", "E": "equilibrium", "P": "weak"}
_HIGHEST_EV = 2.0
"""Of the reference: more is not visited by a molecule."""
_ENERGY, _NAME = "REF_energy", "name"


def read_golddac(path: str | os.PathLike[str]) -> dict[str, Atoms]:
    """Read frames by their names, such as ``COYTIU_CO2_E_0``, each with its energy.

    Raises
    ------
    StructureError
        The file cannot be read, a frame has no name or no energy of the reference, or two have
        one name.
    """
    import ase.io

    try:
        frames = ase.io.read(os.fspath(path), index=":", format="extxyz")
    except Exception as error:  # ASE's readers raise anything for what is none of theirs
        raise StructureError(f"{path} is no extended XYZ of GoldDAC: {error}.") from error
    found: dict[str, Atoms] = {}
    for number, frame in enumerate(frames, start=1):
        if _NAME not in frame.info or _ENERGY not in frame.info:
            raise StructureError(
                f"frame {number} of {path} lacks {_NAME} or {_ENERGY}; give a file of GoldDAC."
            )
        if frame.info[_NAME] in found:
            raise StructureError(
                f"two frames of {path} are called {frame.info[_NAME]}; leave one of them in it."
            )
        found[frame.info[_NAME]] = frame
    return found


def reference_energies_eV(frames: Mapping[str, Atoms]) -> dict[str, float]:
    """Return the energies of the reference."""
    return {name: float(frame.info[_ENERGY]) for name, frame in frames.items()}


def framework_of_frame(name: str) -> str | None:
    """Return the framework that a frame is of, with or without a molecule; None for gases."""
    framework = name.split("_", maxsplit=1)[0].split("-", maxsplit=1)[0]
    return None if "gas" in name else framework


def interaction_errors(
    gas: str, energies_eV: Mapping[str, float], reference_eV: Mapping[str, float]
) -> InteractionErrors:
    """Return the errors of the interaction energies of one gas.

    That is the energy of both, less those of the empty framework and of the molecule alone.

    Parameters
    ----------
    gas
        ``CO2`` or ``H2O``.
    energies_eV, reference_eV
        By name of the frame, by the model and by the reference.

    Raises
    ------
    StructureError
        The molecule alone, or an empty framework, is missing or there more than once.
    """
    molecule = _only([n for n in reference_eV if "gas" in n and gas in n], f"{gas} alone")
    kinds, references, errors = [], [], []
    for name, energy_eV in reference_eV.items():
        framework, which, *rest = name.split("_")
        if which != gas or not rest or rest[0] not in _KINDS:
            continue
        start = f"{framework}-CO2_fram"
        empty = _only([n for n in reference_eV if n.startswith(start)], f"an empty {framework}")
        expected = energy_eV - reference_eV[empty] - reference_eV[molecule]
        if expected > _HIGHEST_EV:
            continue
        got = energies_eV[name] - energies_eV[empty] - energies_eV[molecule]
        kinds.append(_KINDS[rest[0]])
        references.append(expected)
        errors.append(got - expected)
    return InteractionErrors(gas, tuple(kinds), np.array(references), np.array(errors))


def _only(names: list[str], what: str) -> str:
    if not names:
        raise StructureError(f"there is no frame of {what}; give a whole file of GoldDAC.")
    if len(names) > 1:
        raise StructureError(
            f"{', '.join(names)} are all frames of {what}; leave one of them in the file."
        )
    return names[0]
