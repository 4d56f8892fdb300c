# %% [markdown]
# # Phonons of models against DFT
#
# Crystals of the phonon database of Kyoto university (A. Togo, version 2018-04-17, CC BY 4.0; as
# tar files in github.com/WMD-group/phononDB). On the side of DFT phonopy derives the force
# constants from the forces there. On the side of the model they are second derivatives for the
# same supercell, at the structure of DFT and at the minimum of the model, whose space group is
# kept. Born charges and dielectric constant are those of DFT on both sides, and so is the mesh.
#
# The functional of the database is PBEsol. Models trained on PBE want larger cells and are softer
# for that reason alone, which is a part of every difference here.
#
#     python studies/phonons_against_dft.py --phonondb FOLDER --records FOLDER
#         [--models sevennet-0 sevennet-l3i5] [--max-atoms 200]
#
# The first folder holds `materials-id-NAME.tar.lzma`, and may hold `phonopy_reference.csv` with
# what phonopy gave elsewhere for them, against which its results here are checked. There is one
# record per crystal in the other one, in MODEL; the study goes on from those that are there.
import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import phonopy
from ase import Atoms
from numpy.typing import NDArray
from phonon_database import entries, read_reference, unit_cell
from phonon_figures import draw_bands, draw_clouds
from phonopy import Phonopy
from phonopy.harmonic.force_constants import compact_fc_to_full_fc
from phonopy.phonon.band_structure import get_band_qpoints_by_seekpath

from nearsight.hessian import ForceConstants, force_constants
from nearsight.hessian.files.phonopy_archive import phonopy_of_archive
from nearsight.hessian.files.phonopy_objects import phonopy_atoms
from nearsight.models import Model, load_model
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.vibrations.qpoints import mesh_numbers
from records import Record, collect, file_name, markdown_table, without_errors

TEMPERATURE_K = 300.0
MESH_LENGTH_A = 100.0
FMAX_eV_PER_A = 1e-3
TOLERANCE_A = 1e-3
"""Atoms this near to where the space group wants them are moved there before relaxing."""
CUTOFF_THz = 1e-3
"""Frequencies below it, those of translations and imaginary ones, are no oscillators."""
IMAGINARY_THz = -0.05
SAME_AS_REFERENCE = 1e-3
BANDS = {"23268-nai-fm-3m-225": "NaI", "12623-bapdf4-i4-mcm-140": "BaPdF$_4$"}
N_POINTS_PER_SEGMENT = 41
ROUTES = ("at the DFT structure", "relaxed")
QUANTITIES = {
    "max_frequency_THz": ("max. frequency", "THz"),
    "heat_capacity_J_per_K_mol": ("c_v", "J/(K mol)"),
    "entropy_J_per_K_mol": ("entropy", "J/(K mol)"),
    "free_energy_kJ_per_mol": ("free energy", "kJ/mol"),
}
"""Name and unit; all but the first are per mole of atoms."""


# %% [markdown]
# ## The side of the model
@dataclass(frozen=True)
class Side:
    """What one crystal is computed with."""

    dft: Phonopy
    mesh: tuple[int, int, int]
    bands: bool


def model_phonons(dft: Phonopy, found: ForceConstants) -> Phonopy:
    """Return phonons of the model in the setting of DFT, with the Born charges of DFT."""
    phonon = Phonopy(
        phonopy_atoms(found.unit_cell),
        supercell_matrix=dft.supercell_matrix,
        primitive_matrix=dft.primitive_matrix,
    )
    # Their primitive cell may be another one than ours; supercells have the same order of atoms.
    ours = found.to_phonopy()
    full = compact_fc_to_full_fc(ours.primitive, ours.force_constants)
    phonon.force_constants = full[phonon.primitive.p2s_map]
    if dft.nac_params is not None:
        phonon.nac_params = dft.nac_params
    return phonon


def describe(phonon: Phonopy, side: Side) -> Record:
    """Return the quantities on the mesh, and the bands where they are wanted."""
    # A model without parity keeps no mirror image: only time reversal makes q-points equivalent.
    phonon.run_mesh(side.mesh, is_gamma_center=True, is_mesh_symmetry=False)
    found = on_mesh(phonon)
    if side.bands:
        found["bands"] = bands(phonon, side.dft)
    return found


def on_mesh(phonon: Phonopy) -> Record:
    """Return the quantities per mole of atoms on the mesh that was run."""
    n_atoms = len(phonon.primitive)
    phonon.run_thermal_properties(temperatures=[TEMPERATURE_K], cutoff_frequency=CUTOFF_THz)
    thermal = phonon.thermal_properties
    return {
        "max_frequency_THz": float(phonon.mesh.frequencies.max()),
        "min_frequency_THz": float(phonon.mesh.frequencies.min()),
        "heat_capacity_J_per_K_mol": float(thermal.heat_capacity[0]) / n_atoms,
        "entropy_J_per_K_mol": float(thermal.entropy[0]) / n_atoms,
        "free_energy_kJ_per_mol": float(thermal.free_energy[0]) / n_atoms,
    }


def bands(phonon: Phonopy, dft: Phonopy) -> Record:
    """Return frequencies along the path that seekpath gives for the crystal of DFT."""
    paths, labels, connections = get_band_qpoints_by_seekpath(dft.primitive, N_POINTS_PER_SEGMENT)
    phonon.run_band_structure(paths, path_connections=connections, labels=labels)
    found = phonon.band_structure
    return {
        "distances": [each.tolist() for each in found.distances],
        "frequencies_THz": [np.round(each, 5).tolist() for each in found.frequencies],
        "labels": list(labels),
        "connected": [bool(each) for each in connections],
    }


# %% [markdown]
# ## One crystal
def calculate(path: Path, name: str, model: Model, folder: Path, reference: Record) -> Record:
    """Return both sides of one crystal."""
    start = perf_counter()
    dft = phonopy_of_archive(path)
    atoms = unit_cell(dft)
    primitive = Atoms(cell=dft.primitive.cell, pbc=True)
    side = Side(dft, mesh_numbers(primitive, MESH_LENGTH_A), name in BANDS)
    record = {
        "formula": atoms.get_chemical_formula(),
        "n_atoms_primitive": len(dft.primitive),
        "n_atoms_supercell": len(dft.supercell),
        "mesh": list(side.mesh),
        "born_charges": dft.nac_params is not None,
        "model": model.identity.to_json(),
        "deviation_from_reference": deviation_from(reference, dft),
        "dft": {**describe(dft, side), "volume_A3_per_atom": atoms.cell.volume / len(atoms)},
    }
    for route in ROUTES:
        converged, steps = True, 0
        if route == "relaxed":
            relaxation = relax(
                atoms,
                model,
                RelaxationSettings(
                    fmax_eV_per_A=FMAX_eV_PER_A, symmetrize_A=TOLERANCE_A, max_steps=1500
                ),
            )
            atoms, converged, steps = relaxation.atoms, relaxation.converged, relaxation.n_steps
        rows = folder / f"{name}-{file_name(route)}.rows"
        # Rows of ours are supercell vectors, columns are phonopy's.
        found = force_constants(atoms, model, dft.supercell_matrix.T, checkpoint=rows)
        found.save(rows.with_suffix(".force_constants.npz"))
        rows.unlink(missing_ok=True)
        record[route] = {
            **describe(model_phonons(dft, found), side),
            "volume_A3_per_atom": atoms.cell.volume / len(atoms),
            "converged": converged,
            "steps": steps,
            "force_constants": found.summary(),
        }
    record["versions"] = {**found.provenance.versions, "phonopy": phonopy.__version__}
    record["seconds"] = perf_counter() - start
    print(f"{name}: {len(dft.supercell)} atoms, {record['seconds']:.0f} s", flush=True)
    return record


def deviation_from(reference: Record, dft: Phonopy) -> float | None:
    """Return the largest relative deviation of DFT from the reference, on phonopy's own mesh."""
    if not reference:
        return None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Mesh .* is incompatible")
        dft.run_mesh(MESH_LENGTH_A)
    found = on_mesh(dft)
    return max(abs(found[key] / value - 1) for key, value in reference.items())


# %% [markdown]
# ## All of them
def main() -> None:
    """Calculate what is missing, and write the tables and the figures."""
    parser = argparse.ArgumentParser(description="Phonons of models against DFT")
    parser.add_argument("--phonondb", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=["sevennet-0", "sevennet-l3i5"])
    parser.add_argument("--max-atoms", type=int, default=200, help="in the supercell of DFT")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    reference = read_reference(arguments.phonondb / "phonopy_reference.csv")
    paths = entries(arguments.phonondb)
    sizes = {
        name: len(phonopy_of_archive(path, force_constants=False).supercell)
        for name, path in paths.items()
    }
    # What is small comes first, so that a study that is stopped has most of them.
    names = sorted(
        (name for name in paths if sizes[name] <= arguments.max_atoms),
        key=lambda name: (sizes[name], name),
    )
    if not names:
        sys.exit(f"{arguments.phonondb} holds no materials-id-*.tar.lzma of at most this size.")
    found: dict[str, dict[str, Record]] = {}
    for label in arguments.models:
        model, folder = load_model(label), arguments.records / file_name(label)

        def one(name: str, model: Model = model, folder: Path = folder) -> Record:
            return calculate(paths[name], name, model, folder, reference.get(name, {}))

        found[label] = without_errors(collect(folder, names, one, {"model": label}))
    common = [name for name in names if all(name in of for of in found.values())]
    if not common:
        sys.exit("no crystal was calculated by every model; there is nothing to compare.")
    arguments.results.mkdir(exist_ok=True)
    stem = arguments.results / "phonons_against_dft"
    failed = sorted(
        f"{name} ({model})" for model in found for name in names if name not in found[model]
    )
    stem.with_suffix(".md").write_text(report(common, found, failed), encoding="utf-8")
    clouds = {
        (label, route): {key: errors(common, of, route, key) for key in QUANTITIES}
        for label, of in found.items()
        for route in ROUTES
    }
    draw_clouds(clouds, QUANTITIES).savefig(stem.with_suffix(".png"), dpi=150)
    shown = {name: label for name, label in BANDS.items() if name in common}
    if shown:
        path = stem.with_name(f"{stem.name}_bands.png")
        draw_bands(shown, found, ROUTES[1]).savefig(path, dpi=150)
    print(f"wrote {stem}.md and its figures")


def errors(
    names: Sequence[str], records: dict[str, Record], route: str, key: str
) -> NDArray[np.float64]:
    """Return model less DFT for each crystal."""
    return np.array([records[name][route][key] - records[name]["dft"][key] for name in names])


def is_stable(*sides: Record) -> bool:
    """Return whether no side has an imaginary mode."""
    return all(side["min_frequency_THz"] > IMAGINARY_THz for side in sides)


def statistics(names: Sequence[str], records: dict[str, Record], route: str) -> list[str]:
    """Return mean and mean absolute error of each quantity, and the mean change of the volume."""
    found = []
    for key in QUANTITIES:
        error = errors(names, records, route, key)
        found.append(f"{error.mean():+.3f} / {np.abs(error).mean():.3f}")
    volumes, theirs = (
        [records[name][side]["volume_A3_per_atom"] for name in names] for side in (route, "dft")
    )
    return [*found, f"{np.mean(np.divide(volumes, theirs)) - 1:+.2%}"]


def report(names: Sequence[str], found: dict[str, dict[str, Record]], failed: Sequence[str]) -> str:
    """Return the committed tables."""
    summary = []
    for label, of in found.items():
        for route in ROUTES:
            stable = [name for name in names if is_stable(of[name][route], of[name]["dft"])]
            for which, chosen in {"all": names, "without imaginary": stable}.items():
                if chosen:
                    row = [label, route, f"{which} ({len(chosen)})"]
                    summary.append([*row, *statistics(chosen, of, route)])
    first = next(iter(found.values()))
    deviation = [first[name]["deviation_from_reference"] for name in names]
    known = [each for each in deviation if each is not None]
    within = sum(each < SAME_AS_REFERENCE for each in known)
    uncharged = [name for name in names if not first[name]["born_charges"]]
    unconverged = sorted(
        f"{name} ({label})"
        for label, of in found.items()
        for name in names
        if not of[name]["relaxed"]["converged"]
    )
    header = [f"{label} / {unit}" for label, unit in QUANTITIES.values()]
    return (
        f"# Phonons of models against DFT at {TEMPERATURE_K:.0f} K\n\n"
        f"{len(names)} crystals of the Kyoto phonon database; mean error / mean absolute error, "
        f"per mole of\natoms. DFT is PBEsol, but these models were trained on PBE, which gives "
        f"larger cells and lower\nfrequencies; this is a part of every error. Born charges are "
        f"those of DFT on both sides, or on none\nwhere the database has none: "
        f"{', '.join(uncharged) or 'nowhere'}.\nphonopy's results for DFT agree with those kept "
        f"elsewhere within {SAME_AS_REFERENCE:.1%} for {within} of {len(known)} crystals"
        + (f" (at most {max(known):.2%} off).\n" if known else ".\n")
        + f"Failed: {', '.join(failed) or 'none'}. "
        f"Not converged: {', '.join(unconverged) or 'none'}.\n\n"
        + markdown_table(["model", "structure", "crystals", *header, "volume"], summary)
        + f"\nAn imaginary mode, one below {IMAGINARY_THz} THz on the mesh of DFT or of the model, "
        "counts in no\nquantity.\n\n## Each crystal\n\n"
        + markdown_table(*each_crystal(names, found))
    )


def each_crystal(
    names: Sequence[str], found: dict[str, dict[str, Record]]
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table with one line per crystal."""
    header = ["crystal", "atoms", "DFT: max. THz, c_v, S, F", "lowest / THz"]
    header += [f"{label}, {route} (lowest)" for label in found for route in ROUTES]
    rows = []
    for name in names:
        record = next(iter(found.values()))[name]
        row = [name, f"{record['n_atoms_primitive']} ({record['n_atoms_supercell']})"]
        row.append(", ".join(f"{record['dft'][key]:.2f}" for key in QUANTITIES))
        row.append(f"{record['dft']['min_frequency_THz']:.2f}")
        for of in found.values():
            for route in ROUTES:
                changes = [of[name][route][key] - of[name]["dft"][key] for key in QUANTITIES]
                lowest = of[name][route]["min_frequency_THz"]
                row.append(", ".join(f"{each:+.2f}" for each in changes) + f" ({lowest:.2f})")
        rows.append(row)
    return header, rows


if __name__ == "__main__":
    main()
