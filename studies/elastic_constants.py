# %% [markdown]
# # Elastic constants: three routes to the same numbers
#
# Elastic constants with relaxed ions follow from one matrix of second derivatives, over positions
# and strain. They are compared with two routes that need energies, forces and stresses only, and
# take from that matrix no more than a first guess of the way on which the atoms come to rest:
#
# - the stress of crystals that are strained by ±0.00025, with the atoms relaxed in the fixed cell;
# - the energy of crystals that are stretched in all directions by up to ±0.001, with the atoms
#   relaxed again, whose second derivative by the volume is the bulk modulus.
#
# Larger strains measure something else in frameworks, whose soft modes are anharmonic: at four
# times these C11 of MOF-5 is off by 0.25 % and its bulk modulus by 0.5 %.
#
# Silicon, rock salt and magnesium oxide, and two metal-organic frameworks: MOF-5 with its phenylene
# linkers, and IRMOF-10 with biphenyl linkers, built from it (`biphenyl_linkers.py`). All are cubic,
# so that a stretch along x and a shear of the yz plane give all three constants.
#
#     python studies/elastic_constants.py --records FOLDER [--only Si NaCl] [--model sevennet-0]
#
# No space group is imposed: SevenNet-0 breaks the mirror planes of frameworks by 4·10⁻³ eV/Å. What
# holding MOF-5 in its Fm-3m does to the result is shown too. There is one record per crystal in
# FOLDER/MODEL, and unfinished relaxations, rows, and the second derivatives beside it.
import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.optimize import BFGS
from biphenyl_linkers import with_biphenyl_linkers
from numpy.typing import NDArray

from nearsight.allocation import allocate_for_speed
from nearsight.elasticity.ions import relax_ions
from nearsight.errors import MethodError
from nearsight.hessian import GeneralisedHessian, Hessian
from nearsight.models import Evaluation, Model, load_model
from nearsight.models.calculator import ModelCalculator
from nearsight.storage import write_text
from nearsight.structures import space_group
from nearsight.structures.strain import strain_matrix, strained
from nearsight.testing.structures import mof5
from nearsight.units import EV_PER_A3_IN_GPA
from nearsight.workflows import ElasticSettings, RelaxationSettings, elastic, keep_unfinished
from records import Record, collect, file_name, markdown_table, without_errors

FloatArray = NDArray[np.float64]

CRYSTALS = {
    "Si": lambda: bulk("Si", "diamond", a=5.469),
    "NaCl": lambda: bulk("NaCl", "rocksalt", a=5.70),
    "MgO": lambda: bulk("MgO", "rocksalt", a=4.25),
    "MOF-5": mof5,
    "IRMOF-10": lambda: with_biphenyl_linkers(mof5()),
}
DFT_BULK_MODULUS_GPA = {"MOF-5": 16.1, "IRMOF-10": 9.4}
"""H. Kraß, J. Huang, S. M. Moosavi, arXiv:2507.11806, table S.1 (16.06 and 9.40): equations of
state over five volumes within 4 % of that at rest."""
FMAX_eV_PER_A = 2e-5
STRAIN = 2.5e-4
STRAINED_FMAX_eV_PER_A = 1e-7
MAX_STEPS = 500
STRETCHES = (-1e-3, -5e-4, 0.0, 5e-4, 1e-3)
XX, YZ = 0, 3
CONSTANTS = ("crystal", "atoms", "group", "constant", "second derivatives", "strained", "off by")
BULK_MODULI = ("crystal", "second derivatives", "E(V)", "off by", "clamped ions", "DFT")
FURTHER = ("crystal", "a / Å", "rows", "softest mode / cm⁻¹", "stress / GPa", "shear (Hill)")
FURTHER += ("Young's, least and most", "anisotropy", "stable")
SYMMETRY_TOLERANCE_A = 1e-3
AT_REST = ("crystal", "group", "largest force / eV/Å", "C11", "C12", "C44", "bulk modulus")
HELD = {"MOF-5": "MOF-5-in-Fm-3m"}
"""Crystals that are also relaxed under the space group that they begin with."""
SOFT_PER_CM = 100.0
SOFTENING = ("crystal", "", "clamped ions", "relaxed ions", f"by modes < {SOFT_PER_CM:g} cm⁻¹")
KEPT = (
    "formula",
    "n_atoms",
    "volume_A3",
    "relaxation",
    "hessian",
    "elasticity",
    "warnings",
    "model",
)
"""What is kept of a record."""
SMALL_GPA = 1e-6
"""Below it the atoms take nothing off."""


# %% [markdown]
# ## One crystal
def calculate(name: str, model: Model, folder: Path) -> Record:
    """Return the elastic constants of a crystal by all routes."""
    start = perf_counter()
    settings = ElasticSettings(
        relaxation=RelaxationSettings(fmax_eV_per_A=FMAX_eV_PER_A, max_steps=3000)
    )
    with keep_unfinished(folder / "unfinished") as unfinished:
        answer = elastic(CRYSTALS[name](), model, settings, unfinished=unfinished)
        found = answer.results.generalised
        found.save(folder / f"{name}.npz")
    steps, fmax = answer.relaxation.steps, answer.relaxation.fmax_eV_per_A
    print(f"{name}: {steps} steps, fmax {fmax:.1e}", flush=True)
    values = answer.to_json()
    record = {each: values[each] for each in KEPT}
    record["space_group"] = space_group(answer.atoms, SYMMETRY_TOLERANCE_A).symbol
    record["strained_GPa"] = {
        str(component): from_stresses(found, model, component).tolist() for component in (XX, YZ)
    }
    record["bulk_modulus_from_energies_GPa"] = from_energies(found, model)
    record["seconds"] = perf_counter() - start
    print(f"{name}: {answer.n_atoms} atoms, {record['seconds']:.0f} s", flush=True)
    return record


def hold(name: str, model: Model) -> Record:
    """Return the elastic constants of a crystal that is relaxed under its space group."""
    settings = ElasticSettings(
        relaxation=RelaxationSettings(
            fmax_eV_per_A=FMAX_eV_PER_A, symmetrize_A=SYMMETRY_TOLERANCE_A
        )
    )
    answer = elastic(CRYSTALS[name](), model, settings)
    values = answer.to_json()
    return {
        "space_group": space_group(answer.atoms, SYMMETRY_TOLERANCE_A).symbol,
        "elasticity": values["elasticity"],
        "warnings": values["warnings"],
    }


def from_stresses(found: GeneralisedHessian, model: Model, component: int) -> FloatArray:
    """Return a column of the tensor in GPa from the stresses of two strained crystals."""
    stresses = []
    for size in (STRAIN, -STRAIN):
        crystal = strained(found.atoms, strain_matrix(size * np.eye(6)[component]))
        stresses.append(at_rest(crystal, model, found.hessian).stress_eV_per_A3)
    return EV_PER_A3_IN_GPA * (stresses[0] - stresses[1]) / (2 * STRAIN)


def from_energies(found: GeneralisedHessian, model: Model) -> float:
    """Return V d²E/dV² in GPa from a polynomial of fourth order through five volumes."""
    crystals = [strained(found.atoms, stretch * np.eye(3)) for stretch in STRETCHES]
    energies = np.array([at_rest(each, model, found.hessian).energy_eV for each in crystals])
    volumes = (1 + np.array(STRETCHES)) ** 3 - 1
    fitted = np.polynomial.Polynomial.fit(volumes, energies - energies.mean(), 4)
    return float(EV_PER_A3_IN_GPA * fitted.deriv(2)(0.0) / found.atoms.cell.volume)


def at_rest(atoms: Atoms, model: Model, near: Hessian) -> Evaluation:
    """Return energy and stress of a crystal in a fixed cell, with its atoms at rest.

    A Hessian from nearby only begins the search: at its end the model's own forces vanish. With
    soft modes a relaxation that stops at 5·10⁻⁶ eV/Å left stresses of MOF-5 off by 0.3 %.
    """
    atoms.calc = ModelCalculator(model)
    optimizer = BFGS(atoms, logfile=None, maxstep=0.05)
    translations = np.tile(np.eye(3), (len(atoms), len(atoms))) / len(atoms)
    optimizer.H0 = near.symmetric() + optimizer.alpha * translations
    if not optimizer.run(fmax=STRAINED_FMAX_eV_PER_A, steps=MAX_STEPS):
        raise MethodError(f"the atoms do not come to rest in {MAX_STEPS} steps.")
    print(f"  at rest after {optimizer.nsteps} steps", flush=True)
    [evaluation] = model.evaluate([atoms], stress=True)
    return evaluation


# %% [markdown]
# ## All of them
def main() -> None:
    """Calculate what is missing and write the table."""
    allocate_for_speed()
    parser = argparse.ArgumentParser(description="Elastic constants by three routes")
    parser.add_argument("--only", nargs="+", choices=list(CRYSTALS), default=list(CRYSTALS))
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    model = load_model(options.model)
    folder = options.records / file_name(options.model)
    settings = {
        "fmax_eV_per_A": FMAX_eV_PER_A,
        "strained_fmax_eV_per_A": STRAINED_FMAX_eV_PER_A,
        "strain": STRAIN,
        "stretches": list(STRETCHES),
    }
    records = collect(folder, options.only, lambda name: calculate(name, model, folder), settings)
    names = {file: name for name, file in HELD.items() if name in options.only}
    held = collect(folder, names, lambda file: hold(names[file], model), settings)
    options.results.mkdir(parents=True, exist_ok=True)
    text = report(options.model, records, held, folder)
    write_text(options.results / "elastic_constants.md", text)


def report(model: str, records: dict[str, Record], held: dict[str, Record], folder: Path) -> str:
    """Return the tables."""
    good = without_errors(records)
    failed = [f"{name} ({each['error']})" for name, each in records.items() if "error" in each]
    compared = {
        name: each
        for name, each in {**good, **held}.items()
        if name in {*HELD, *HELD.values()} and "error" not in each
    }
    parts = [
        f"# Elastic constants by three routes\n\n{model}, float64, relaxed to "
        f"{FMAX_eV_PER_A:g} eV/Å. Failed: {', '.join(failed) or 'none'}.\n",
        markdown_table(CONSTANTS, [row for each in good.items() for row in constants(*each)]),
        f"GPa, relaxed ions; strained: from the stress of crystals strained by ±{STRAIN:g}.\n",
        markdown_table(BULK_MODULI, [bulk_moduli(*each) for each in good.items()]),
        "Bulk moduli in GPa. DFT: arXiv:2507.11806, table S.1.\n",
        markdown_table(FURTHER, [further(*each) for each in good.items()]),
        "Moduli in GPa; a: of the face-centred cubic cell.\n",
        markdown_table(SOFTENING, [row for name in good for row in softening(name, folder)]),
        "What the relaxation of the atoms takes off, in GPa, and the part of soft modes in it.\n",
        markdown_table(AT_REST, [row_of(*each) for each in compared.items()]),
        "At rest, and held in a space group that the model breaks. GPa, relaxed ions.\n",
    ]
    return "\n".join(parts)


def softening(name: str, folder: Path) -> list[list[str]]:
    """Return what the atoms take off bulk and shear modulus, and how much of it soft modes do."""
    found = GeneralisedHessian.load(folder / f"{name}.npz")
    ions = relax_ions(found)
    soft = np.abs(ions.wavenumbers_per_cm) < SOFT_PER_CM
    forces = ions.mode_forces_eV_per_A_rootamu
    unit = EV_PER_A3_IN_GPA / found.atoms.cell.volume
    by_mode = unit * forces**2 / ions.eigenvalues_eV_per_A2_amu[:, np.newaxis]
    of_volume = forces[:, :3].sum(axis=1) ** 2 / ions.eigenvalues_eV_per_A2_amu * unit / 9
    clamped = unit * found.strain_eV
    rows = []
    for quantity, before, parts in (
        ("bulk modulus", clamped[:3, :3].mean(), of_volume),
        ("C44", clamped[YZ, YZ], by_mode[:, YZ]),
    ):
        taken = parts.sum()
        share = f"{parts[soft].sum() / taken:.1%}" if taken > SMALL_GPA else "-"
        rows.append([name, quantity, f"{before:.3f}", f"{before - taken:.3f}", share])
    return rows


def row_of(name: str, record: Record) -> list[str]:
    """Return the constants of a crystal with its space group and the force left in it."""
    found = record["elasticity"]
    tensor = np.array(found["relaxed_ion_GPa"])
    values = (tensor[0, 0], tensor[0, 1], tensor[YZ, YZ], tensor[:3, :3].mean())
    first = [name, record["space_group"], f"{found['fmax_eV_per_A']:.1e}"]
    return [*first, *(f"{value:.3f}" for value in values)]


def constants(name: str, record: Record) -> list[list[str]]:
    """Return the three constants of a cubic crystal by both routes."""
    tensor = np.array(record["elasticity"]["relaxed_ion_GPa"])
    of_xx, of_yz = (np.array(record["strained_GPa"][str(column)]) for column in (XX, YZ))
    pairs = {
        "C11": (tensor[0, 0], of_xx[0]),
        "C12": (tensor[1:3, 0].mean(), of_xx[1:3].mean()),
        "C44": (tensor[3, 3], of_yz[3]),
    }
    first = [name, str(record["n_atoms"]), record["space_group"]]
    return [
        [*first, constant, f"{one:.3f}", f"{other:.3f}", f"{one / other - 1:+.3%}"]
        for constant, (one, other) in pairs.items()
    ]


def bulk_moduli(name: str, record: Record) -> list[str]:
    """Return the bulk modulus by every route."""
    tensor = np.array(record["elasticity"]["relaxed_ion_GPa"])
    clamped = np.array(record["elasticity"]["clamped_ion_GPa"])
    one, other = tensor[:3, :3].mean(), record["bulk_modulus_from_energies_GPa"]
    dft = DFT_BULK_MODULUS_GPA.get(name)
    last = [f"{clamped[:3, :3].mean():.3f}", "-" if dft is None else f"{dft:g}"]
    return [name, f"{one:.3f}", f"{other:.3f}", f"{one / other - 1:+.3%}", *last]


def further(name: str, record: Record) -> list[str]:
    """Return what else is known about a crystal."""
    found = record["elasticity"]
    rows = record["hessian"]
    moduli, young = found["moduli"], found["youngs_modulus"]
    row = [name, f"{np.cbrt(4 * record['volume_A3']):.4f}"]
    row += [f"{rows['rows_needed']} of {rows['rows_total']}", f"{found['lowest_mode_per_cm']:.1f}"]
    row.append(f"{np.abs(found['stress_GPa']).max():.1e}")
    if moduli is None:
        row += ["-", "-", "-"]
    else:
        row.append(f"{moduli['shear_GPa']['hill']:.3f}")
        row.append(f"{young['smallest_GPa']:.2f}, {young['largest_GPa']:.2f}")
        row.append(f"{moduli['universal_anisotropy']:.3f}")
    return [*row, "yes" if found["stable"] else "no"]


if __name__ == "__main__":
    main()
