"""One function for each kind of item."""

from pathlib import Path

import numpy as np
from ase import Atoms

from nearsight.adsorption.settings import InsertionSettings
from nearsight.announcing import announces
from nearsight.arrays import IntArray
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.elasticity import elastic_tensor
from nearsight.evaluation.porous.parts import BAROSTAT_TIME_PS, Motion, SolidHeat, Stiffness, Uptake
from nearsight.evaluation.porous.references import mg_mof_74
from nearsight.hessian import hessian
from nearsight.hessian.strain import generalised_hessian
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures.bonds import find_bonds
from nearsight.vibrations import thermodynamics, vibrations
from nearsight.workflows import WidomSettings, widom
from nearsight.workflows.unfinished import Unfinished

_TEMPERATURE_K = 300.0
_UPTAKE_K = 298.0
_PROPOSE_BY = "forcefield:trappe+uff"


@announces
def solid_heat(
    model: Model, atoms: Atoms, reference_J_per_g_K: float, folder: Path | None, progress: Progress
) -> SolidHeat:
    """Relax a solid, and compute its heat capacity as the reference has it."""
    relaxed = relax(
        atoms,
        model,
        RelaxationSettings(max_steps=1500),
        checkpoint=_file(folder, "relaxation"),
        progress=progress,
    )
    found = hessian(relaxed.atoms, model, checkpoint=_file(folder, "rows"), progress=progress)
    modes = vibrations(found)
    heat = thermodynamics(modes, _TEMPERATURE_K, "exclude")
    return SolidHeat(
        n_atoms=len(atoms),
        reference_J_per_g_K=reference_J_per_g_K,
        heat_capacity_J_per_g_K=float(heat.heat_capacity_J_per_g_K[0]),
        n_imaginary=modes.n_imaginary,
        volume_change=_volume_change(atoms, relaxed.atoms),
        n_steps=relaxed.n_steps,
        has_converged=relaxed.converged,
    )


@announces
def stiffness(model: Model, atoms: Atoms, folder: Path | None, progress: Progress) -> Stiffness:
    """Relax a framework under its space group, and compute its bulk modulus."""
    relaxed = relax(
        atoms,
        model,
        RelaxationSettings(fmax_eV_per_A=1e-4, symmetrize_A=0.01, max_steps=500),
        checkpoint=_file(folder, "relaxation"),
        progress=progress,
    )
    rows = _file(folder, "rows")
    tensor = elastic_tensor(
        generalised_hessian(relaxed.atoms, model, checkpoint=rows, progress=progress)
    )
    return Stiffness(
        bulk_modulus_GPa=tensor.moduli.bulk_GPa.voigt if tensor.is_stable else None,
        stability=tensor.stability,
        volume_change=_volume_change(atoms, relaxed.atoms),
        stress_GPa=float(np.abs(tensor.stress_GPa).max()),
        has_converged=relaxed.converged,
    )


@announces
def motion(
    model: Model, atoms: Atoms, time_ps: float, folder: Path | None, progress: Progress
) -> Motion:
    """Let a framework move at 300 K and 1 bar, and look at its volume and its bonds."""
    run = run_dynamics(
        atoms,
        model,
        DynamicsSettings(
            ensemble="npt",
            time_ps=time_ps,
            timestep_fs=1.0,
            temperature_K=_TEMPERATURE_K,
            external_pressure_bar=1.0,
            barostat_time_fs=1000 * BAROSTAT_TIME_PS,
            cell_change="full",
        ),
        OutputSettings(every_fs=10.0),
        samples=_file(folder, "samples.csv"),
        checkpoint=_file(folder, "checkpoint"),
        progress=progress,
    )
    before, after = _bonds_of_atoms(atoms), _bonds_of_atoms(run.atoms)
    return Motion(
        times_ps=tuple(sample.time_fs / 1000 for sample in run.samples),
        volumes_A3=tuple(sample.volume_A3 for sample in run.samples),
        temperatures_K=tuple(sample.temperature_K for sample in run.samples),
        start_volume_A3=float(atoms.cell.volume),
        kept_coordination=float((before == after).mean()),
    )


@announces
def uptake(model: Model, insertions: int, folder: Path | None, progress: Progress) -> Uptake:
    """Insert CO2 into Mg-MOF-74, mostly where a force field has weight."""
    settings = InsertionSettings(
        gas="CO2",
        temperatures_K=(_UPTAKE_K,),
        insertions=insertions,
        propose_by=_PROPOSE_BY,
        audited_share=0.0,
    )
    record = widom(
        mg_mof_74(),
        model,
        WidomSettings(insertion=settings),
        unfinished=Unfinished(folder),
        progress=progress,
    )
    assert record.results is not None
    adsorption = record.results.adsorption
    henry, beside = adsorption.henry[0], adsorption.beside
    return Uptake(
        henry_mol_per_kg_Pa=henry.coefficient_mol_per_kg_Pa.value,
        henry_relative_error=henry.log_weight.error,
        heat_kJ_per_mol=henry.heat_kJ_per_mol.value,
        heat_error_kJ_per_mol=henry.heat_kJ_per_mol.error,
        n_calls=adsorption.n_calls,
        n_effective=henry.n_effective,
        zero_meV=None if beside is None else 1000 * beside.median_eV,
        zero_error_meV=None if beside is None else 1000 * beside.error_eV,
    )


def _bonds_of_atoms(atoms: Atoms) -> IntArray:
    bonds = find_bonds(atoms)
    ends = np.concatenate([bonds.first, bonds.second])
    counted: IntArray = np.bincount(ends, minlength=len(atoms))
    return counted


def _volume_change(before: Atoms, after: Atoms) -> float:
    return float(after.cell.volume / before.cell.volume - 1)


def _file(folder: Path | None, name: str) -> Path | None:
    return None if folder is None else folder / name
