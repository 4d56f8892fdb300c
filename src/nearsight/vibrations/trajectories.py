"""Normal modes as moving pictures."""

import io
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from nearsight import units
from nearsight.errors import MethodError
from nearsight.storage import write_text
from nearsight.vibrations.modes import Vibrations

_DEFAULT_AMPLITUDE_A = 0.1
_FORMATS = {".xyz": "xyz", ".extxyz": "extxyz"}


def mode_trajectory(
    vibrations: Vibrations,
    mode: int,
    temperature_K: float = 300.0,
    n_frames: int = 24,
    amplitude_A: float | None = None,
) -> list[Atoms]:
    """Return one period of a normal mode, starting at the structure itself.

    Frame k of n has the displacements Q sin(2πk/n) e_A/√m_A. The default Q of a real mode is the
    classical turning point at the energy k_B T: ½ ω² Q² = k_B T, so Q = √(2 k_B T/λ), with λ the
    eigenvalue in eV/(Å² amu) and Q in Å √amu. An imaginary mode has no turning point; its atom
    that moves most moves by 0.1 Å.

    Parameters
    ----------
    vibrations
        Normal modes of the structure.
    mode
        Index of the mode, 0 for the lowest (imaginary ones first).
    temperature_K
        Temperature > 0 of the default amplitude in K.
    n_frames
        Number of frames ≥ 1 in the period.
    amplitude_A
        Largest displacement > 0 of any atom in Å, in place of the default.

    Returns
    -------
    list[Atoms]
        The frames, each with ``mode``, ``wavenumber_per_cm`` and ``phase`` (0 to 1) in `info`.

    Raises
    ------
    MethodError
        There is no mode of this index, or one of the other numbers is not positive.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.hessian import hessian
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import relax
    >>> from nearsight.vibrations import mode_trajectory, vibrations
    >>> model = load_model("ase:emt")
    >>> modes = vibrations(hessian(relax(molecule("N2"), model).atoms, model))
    >>> frames = mode_trajectory(modes, 0, temperature_K=300.0)
    >>> distances = [frame.get_distance(0, 1) for frame in frames]
    >>> print(f"N-N from {min(distances):.3f} to {max(distances):.3f} Å")
    N-N from 0.962 to 1.034 Å
    """
    _require_mode(vibrations, mode)
    if n_frames < 1:
        raise MethodError(f"n_frames={n_frames}; give at least one frame.")
    direction = vibrations.cartesian_modes()[mode]
    eigenvalue = float(vibrations.eigenvalues_eV_per_A2_amu[mode])
    if amplitude_A is None and eigenvalue > 0:
        turning_point = _turning_point(eigenvalue, temperature_K)
        displacement = turning_point * direction
    else:
        largest = _DEFAULT_AMPLITUDE_A if amplitude_A is None else amplitude_A
        _require_positive("amplitude_A", largest, "Å")
        displacement = direction * largest / np.linalg.norm(direction, axis=1).max()

    frames = []
    for frame in range(n_frames):
        phase = frame / n_frames
        atoms = vibrations.atoms.copy()
        atoms.positions += math.sin(2 * math.pi * phase) * displacement
        atoms.info = {
            "mode": mode,
            "wavenumber_per_cm": float(vibrations.wavenumbers_per_cm[mode]),
            "phase": phase,
        }
        frames.append(atoms)
    return frames


def write_mode_trajectory(path: str | os.PathLike[str], frames: Sequence[Atoms]) -> None:
    """Write `frames` to a file that molecular viewers animate.

    Parameters
    ----------
    path
        File ending in ``.extxyz`` (with cell and wavenumber) or ``.xyz`` (symbols and positions).
    frames
        What `mode_trajectory` returned.

    Raises
    ------
    MethodError
        The file name ends in something else, or there are no frames.
    StorageError
        The file cannot be written; an older one is intact.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.hessian import hessian
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import relax
    >>> from nearsight.vibrations import mode_trajectory, vibrations, write_mode_trajectory
    >>> model = load_model("ase:emt")
    >>> modes = vibrations(hessian(relax(molecule("N2"), model).atoms, model))
    >>> write_mode_trajectory("stretch.xyz", mode_trajectory(modes, 0))
    """
    from ase.io import write

    suffix = Path(path).suffix
    if suffix not in _FORMATS:
        raise MethodError(f"{path} ends in {suffix!r}; choose .extxyz or .xyz.")
    if not frames:
        raise MethodError("there are no frames to write; make some with mode_trajectory.")
    text = io.StringIO()
    write(text, list(frames), format=_FORMATS[suffix])
    write_text(path, text.getvalue())


def _turning_point(eigenvalue_eV_per_A2_amu: float, temperature_K: float) -> float:
    _require_positive("temperature_K", temperature_K, "K")
    return math.sqrt(2 * units.BOLTZMANN_EV_PER_K * temperature_K / eigenvalue_eV_per_A2_amu)


def _require_mode(vibrations: Vibrations, mode: int) -> None:
    if not 0 <= mode < vibrations.n_modes:
        there_are = (
            f"choose 0 (lowest) to {vibrations.n_modes - 1}"
            if vibrations.n_modes
            else "the structure has no vibrations"
        )
        raise MethodError(f"there is no mode {mode}; {there_are}.")


def _require_positive(name: str, value: float, unit: str) -> None:
    if not (math.isfinite(value) and value > 0):
        raise MethodError(f"{name}={value}; give a positive number in {unit}.")
