"""Harmonic densities of states from files of earlier runs, to compare with motion."""

import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nearsight import units
from nearsight.arrays import FloatArray
from nearsight.dynamics.analysis.velocity_correlation import VelocitySpectrum
from nearsight.errors import CheckpointError, MethodError
from nearsight.hessian.files import is_hessian_of_other_program, read_hessian
from nearsight.hessian.matrix import Hessian
from nearsight.records.base import Record
from nearsight.records.files import read
from nearsight.records.questions import (
    HeatCapacityRecord,
    PhononsRecord,
    ThermochemistryRecord,
    VibrationsRecord,
)
from nearsight.records.spectra import DenseSpectrum, DensityOfStatesPart
from nearsight.records.trajectory_results import HarmonicDensity
from nearsight.vibrations.modes import vibrations

_BEGINNINGS_OF_JSON = (b"{", b"[")


@dataclass(frozen=True)
class _Lines:
    """Lines of a spectrum, and the atoms whose they are."""

    symbols: Sequence[str]
    wavenumbers_per_cm: FloatArray
    weights: FloatArray


def harmonic_density(
    path: str | os.PathLike[str], spectrum: VelocitySpectrum, symbols: Sequence[str]
) -> HarmonicDensity:
    """Return the density of states of saved modes, as wide as the lines of a spectrum.

    Parameters
    ----------
    path
        A saved Hessian, one of another program, or a record of vibrations, of a heat capacity or
        thermochemistry from modes, or of phonons with their projected density of states.
    spectrum
        Beside which it is shown.
    symbols
        Elements of the atoms whose spectrum it is.

    Raises
    ------
    NearsightError
        The file has no modes, or those of something of another composition.
    """
    lines = _lines_of(Path(path))
    n_times = _n_times(lines.symbols, symbols, str(path))
    width = spectrum.width_per_cm
    highest = float(lines.wavenumbers_per_cm.max(initial=0.0)) + 4 * width
    grid = np.arange(0.0, max(highest, spectrum.highest_per_cm), width / 5)
    total = np.zeros_like(grid)
    for place, weight in zip(lines.wavenumbers_per_cm, lines.weights, strict=True):
        near = slice(*np.searchsorted(grid, (place - 7 * width, place + 7 * width)))
        total[near] += weight * np.exp(-0.5 * ((grid[near] - place) / width) ** 2)
    return HarmonicDensity(
        wavenumbers_per_cm=grid,
        total_cm=n_times * total / (width * math.sqrt(2 * math.pi)),
        width_per_cm=width,
        source=str(path),
        n_times=n_times,
    )


def _lines_of(path: Path) -> _Lines:
    if is_hessian_of_other_program(path):
        return _lines_of_hessian(read_hessian(path))
    try:
        with path.open("rb") as stream:
            is_json = stream.read(4096).lstrip().startswith(_BEGINNINGS_OF_JSON)
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror or error}; check the path."
        ) from error
    return _lines_of_record(path) if is_json else _lines_of_hessian(Hessian.load(path))


def _lines_of_hessian(hessian: Hessian) -> _Lines:
    modes = vibrations(hessian)
    wavenumbers = modes.wavenumbers_per_cm
    return _Lines(modes.atoms.get_chemical_symbols(), wavenumbers, np.ones_like(wavenumbers))


def _lines_of_record(path: Path) -> _Lines:
    records = read(path)
    if len(records) != 1:
        raise CheckpointError(f"{path} holds {len(records)} records; give a file of one.")
    [record] = records
    if isinstance(record, PhononsRecord) and record.density_of_states is not None:
        return _lines_of_density(record.density_of_states)
    with_modes = _with_modes(record)
    if with_modes is None or with_modes.modes is None:
        raise CheckpointError(
            f"{path} is a record of {record.question} without a density of states; give a saved "
            f"Hessian, a record of vibrations, or one of phonons with `projected_dos`."
        )
    modes = with_modes.modes
    wavenumbers = np.array(modes.wavenumbers_per_cm)
    inner = np.sort(np.argsort(np.abs(wavenumbers), kind="stable")[modes.n_rigid_body :])
    return _Lines(
        with_modes.relaxed_structure.symbols,
        wavenumbers[inner],
        np.ones(len(inner)),
    )


def _with_modes(
    record: Record,
) -> VibrationsRecord | ThermochemistryRecord | HeatCapacityRecord | None:
    """Return a record that is of modes at Γ alone; None if it is another."""
    if isinstance(record, VibrationsRecord | ThermochemistryRecord):
        return record
    if isinstance(record, HeatCapacityRecord) and isinstance(record.spectrum, DenseSpectrum):
        return record
    return None


def _lines_of_density(density: DensityOfStatesPart) -> _Lines:
    """Return a line for each point of a density, of which the primitive cell has three an atom."""
    frequencies = np.array(density.frequencies_THz)
    states = np.array(density.by_atom_states_per_THz).sum(axis=0)
    return _Lines(
        density.elements_of_atoms,
        frequencies / units.PER_CM_IN_THZ,
        states * np.gradient(frequencies),
    )


def _n_times(of_modes: Sequence[str], of_trajectory: Sequence[str], path: str) -> float:
    """Return how often the atoms of a file are in a trajectory."""
    n_times = len(of_trajectory) / len(of_modes)
    counted = {symbol: n_times * n for symbol, n in Counter(of_modes).items()}
    moving = Counter(of_trajectory)
    if counted.keys() != moving.keys() or any(
        abs(counted[symbol] - moving[symbol]) > 1e-6 for symbol in moving
    ):
        from ase import Atoms

        modes, motion = (
            Atoms(symbols=list(each), positions=np.zeros((len(each), 3))).get_chemical_formula()
            for each in (of_modes, of_trajectory)
        )
        raise MethodError(
            f"{path} is of {modes} and the trajectory of {motion}, which is no multiple of it; "
            f"give modes of the same substance."
        )
    return n_times
