"""The tables of results, of which those that are printed and those in files are made."""

import itertools
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from nearsight import units
from nearsight.models.contract import forces_of
from nearsight.records.questions import EnergyRecord, RelaxationRecord
from nearsight.records.results import EnergyResults, HarmonicResults, ProbedResults
from nearsight.structures.supercell import name_supercell
from nearsight.tables.table import Column, Table
from nearsight.vibrations.shown_functions import shown_functions

if TYPE_CHECKING:
    from nearsight.elasticity.result import ElasticTensor
    from nearsight.hessian.matrix import Hessian
    from nearsight.hessian.rows.plan import Plan
    from nearsight.records.locality_results import LocalityResults
    from nearsight.vibrations.band_structure import BandStructure
    from nearsight.vibrations.heat_capacity import HeatCapacity
    from nearsight.vibrations.modes import Vibrations
    from nearsight.vibrations.molecules import MolecularThermochemistry
    from nearsight.vibrations.projected_density_of_states import ProjectedDensityOfStates
    from nearsight.vibrations.supercell_convergence import SupercellConvergence
    from nearsight.vibrations.thermodynamic_functions import Thermodynamics

_ELASTIC_AXES = ("xx", "yy", "zz", "yz", "xz", "xy")


def tables_of(results: HarmonicResults | ProbedResults) -> tuple[Table, ...]:
    """Return the tables of thermodynamic functions, bands and densities of states."""
    if isinstance(results, ProbedResults):
        return (heat_capacity_table(results.heat),)
    found = []
    if results.thermodynamics is not None:
        found.append(heat_capacity_table(results.thermodynamics))
    if results.convergence is not None:
        found.append(convergence_table(results.convergence))
    if results.bands is not None:
        found.append(bands_table(results.bands))
    if results.projected is not None:
        found.append(density_table(results.projected))
    return tuple(found)


def heat_capacity_table(heat: "HeatCapacity") -> Table:
    """Return heat capacities over temperature; in files the other functions too."""
    columns = [
        _temperatures(heat.temperatures_K),
        Column("heat_capacity_J_per_g_K", heat.heat_capacity_J_per_g_K, "c_v / J/(g K)", "13.5f"),
        Column(
            "heat_capacity_J_per_molatom_K",
            heat.heat_capacity_J_per_molatom_K,
            "J/(mol-atoms K)",
            "15.4f",
        ),
        Column(
            "heat_capacity_J_per_K_per_cell",
            heat.heat_capacity_J_per_K_per_cell,
            "J/K per cell",
            "13.5e",
        ),
    ]
    # Only here: what has no heat capacity does not wait for what makes them.
    from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity
    from nearsight.vibrations.thermodynamic_functions import Thermodynamics

    if isinstance(heat, ProbedHeatCapacity):
        bars = Column("error_bar_J_per_g_K", heat.error_bar_J_per_g_K, "± / J/(g K)", "11.5f")
        columns.insert(2, bars)
    if isinstance(heat, Thermodynamics):
        columns += _further_columns(heat)
    return Table(tuple(columns))


def _further_columns(heat: "Thermodynamics") -> list[Column]:
    """Return what files have beside heat capacities."""
    n = len(heat.temperatures_K)
    values: dict[str, Collection[Any]] = {
        "heat_capacity_J_per_molformula_K": heat.heat_capacity_J_per_molformula_K,
        "entropy_J_per_g_K": heat.entropy_J_per_g_K,
        "entropy_J_per_molatom_K": heat.entropy_J_per_molatom_K,
        "entropy_J_per_molformula_K": heat.entropy_J_per_molformula_K,
        "internal_energy_kJ_per_molformula": heat.internal_energy_kJ_per_molformula,
        "free_energy_kJ_per_molformula": heat.free_energy_kJ_per_molformula,
        "internal_energy_eV_per_cell": heat.internal_energy_eV,
        "free_energy_eV_per_cell": heat.free_energy_eV,
        "zero_point_energy_eV_per_cell": [heat.zero_point_energy_eV] * n,
        "formula_unit": [heat.formula_unit] * n,
        "formula_units_per_cell": [heat.formula_units_per_cell] * n,
        "atoms_per_cell": [heat.n_atoms] * n,
    }
    return [Column(name, each) for name, each in values.items()]


def functions_table(thermodynamics: "Thermodynamics", per: str) -> Table:
    """Return the thermodynamic functions over temperature, all per the same amount."""
    shown = shown_functions(thermodynamics, per)
    of_heat, of_energy = shown.digits
    heat, energy = f"13.{of_heat}f", f"10.{of_energy}f"
    return Table(
        (
            _temperatures(shown.temperatures_K),
            Column("heat_capacity", shown.heat_capacity, f"c_v / {shown.entropy_unit}", heat),
            Column("entropy", shown.entropy, f"S / {shown.entropy_unit}", heat),
            Column("internal_energy", shown.internal_energy, f"U / {shown.energy_unit}", energy),
            Column("free_energy", shown.free_energy, f"F / {shown.energy_unit}", energy),
        )
    )


def ideal_gas_table(gas: "MolecularThermochemistry") -> Table:
    """Return the functions of an ideal gas over temperature."""
    n = len(gas.temperatures_K)
    return Table(
        (
            _temperatures(gas.temperatures_K),
            Column("enthalpy_kJ_per_mol", gas.enthalpy_kJ_per_mol, "H / kJ/mol", "11.4f"),
            Column("entropy_J_per_mol_K", gas.entropy_J_per_mol_K, "S / J/(mol K)", "13.4f"),
            Column("gibbs_energy_kJ_per_mol", gas.gibbs_energy_kJ_per_mol, "G / kJ/mol", "11.4f"),
            Column("gibbs_energy_eV", gas.gibbs_energy_eV, "G / eV", "14.6f"),
            Column("enthalpy_eV", gas.enthalpy_eV),
            Column("internal_energy_eV", gas.internal_energy_eV),
            Column("entropy_eV_per_K", gas.entropy_eV_per_K),
            Column("potential_energy_eV", [gas.potential_energy_eV] * n),
            Column("zero_point_energy_eV", [gas.zero_point_energy_eV] * n),
            Column("pressure_bar", [gas.pressure_bar] * n),
            Column("point_group", [gas.point_group] * n),
            Column("symmetry_number", [gas.symmetry_number] * n),
            Column("spin", [gas.spin] * n),
        )
    )


def modes_table(vibrations: "Vibrations") -> Table:
    """Return the vibrations, counted from 0 on; imaginary ones are negative."""
    return Table(
        (
            Column("mode", range(vibrations.n_modes)),
            Column("wavenumber_per_cm", vibrations.wavenumbers_per_cm),
            Column("frequency_THz", vibrations.wavenumbers_per_cm * units.PER_CM_IN_THZ),
        )
    )


def bands_table(bands: "BandStructure") -> Table:
    """Return the bands at every point of their path, a row for each branch."""
    rows = []
    for number, segment in enumerate(bands.segments):
        wavenumbers, frequencies = segment.wavenumbers_per_cm, segment.frequencies_THz
        for point, (qpoint, distance) in enumerate(
            zip(segment.qpoints.tolist(), segment.distances_per_A.tolist(), strict=True)
        ):
            ends = (number, f"{segment.start}-{segment.end}", distance, *qpoint)
            rows += [
                (*ends, branch, wavenumbers[point, branch], frequencies[point, branch])
                for branch in range(wavenumbers.shape[1])
            ]
    names = (
        "segment",
        "between",
        "distance_per_A",
        "q_1",
        "q_2",
        "q_3",
        "branch",
        "wavenumber_per_cm",
        "frequency_THz",
    )
    return _of_rows(names, rows, "bands")


def density_table(density: "ProjectedDensityOfStates") -> Table:
    """Return the density of states over frequency, in total, by element and by atom."""
    atoms = zip(density.atoms.get_chemical_symbols(), density.by_atom_per_THz, strict=True)
    return Table(
        (
            Column("frequency_THz", density.frequencies_THz),
            Column("wavenumber_per_cm", density.frequencies_THz / units.PER_CM_IN_THZ),
            Column("total_states_per_THz", density.total_per_THz),
            *(
                Column(f"{symbol}_states_per_THz", states)
                for symbol, states in density.by_element_per_THz.items()
            ),
            *(
                Column(f"atom_{index}_{symbol}_states_per_THz", states)
                for index, (symbol, states) in enumerate(atoms)
            ),
        ),
        "density-of-states",
    )


def convergence_table(convergence: "SupercellConvergence") -> Table:
    """Return the heat capacity over supercells and temperatures."""
    rows = [
        (
            name_supercell(step.matrix),
            step.n_atoms,
            step.boundary_eV_per_A2,
            float(temperature),
            float(value),
        )
        for step in convergence.steps
        for temperature, value in zip(
            convergence.temperatures_K, step.heat_capacity_J_per_g_K, strict=True
        )
    ]
    names = (
        "supercell",
        "atoms",
        "boundary_eV_per_A2",
        "temperature_K",
        "heat_capacity_J_per_g_K",
    )
    return _of_rows(names, rows, "supercells")


def plan_table(plan: "Plan") -> Table:
    """Return the sites whose rows a Hessian needs."""
    sites = plan.sites
    return Table(
        (
            Column("atom", [site.atom for site in sites], "atom", "5d"),
            Column("element", [site.symbol for site in sites], "element", "<7"),
            Column(
                "equivalent", [len(site.equivalent_atoms) for site in sites], "equivalent", "10d"
            ),
            Column("site_order", [site.n_operations for site in sites], "site order", "10d"),
            Column("rows", [len(site.directions) for site in sites], "rows", "4d"),
            Column(
                "smallest_singular_value",
                [site.smallest_singular_value for site in sites],
                "singular value",
                "14.3f",
            ),
        )
    )


def energy_table(record: EnergyRecord) -> Table:
    """Return the energy, and how large forces and stress are."""
    values = {
        "energy_eV": record.energy_eV,
        "energy_eV_per_atom": record.energy_eV_per_atom,
        "fmax_eV_per_A": record.fmax_eV_per_A,
        "max_stress_GPa": record.max_stress_GPa,
    }
    return Table(tuple(Column(name, [value]) for name, value in values.items()))


def forces_table(results: EnergyResults) -> Table:
    """Return the force on each atom."""
    forces = forces_of(results.evaluation)
    axes = (
        Column(f"f{axis}_eV_per_A", forces[:, k], f"f_{axis} / eV/Å", "12.6f")
        for k, axis in enumerate("xyz")
    )
    atoms = results.atoms
    return Table(
        (
            Column("atom", range(len(atoms)), "atom", "5d"),
            Column("element", atoms.get_chemical_symbols(), "element", "<7"),
            *axes,
        ),
        kind="forces",
    )


def relaxation_table(record: RelaxationRecord) -> Table:
    """Return what a relaxation did."""
    of_relaxation = {
        name: value for name, value in vars(record.relaxation).items() if _is_scalar(value)
    }
    return Table(tuple(Column(name, [value]) for name, value in of_relaxation.items()))


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def hessian_table(hessian: "Hessian") -> Table:
    """Return how a Hessian came about, and how exact it is."""
    values: dict[str, Any] = {
        "atoms": len(hessian.atoms),
        "rows_total": hessian.rows_total,
        "rows_needed": hessian.rows_needed,
        "rows_computed": hessian.rows_computed,
        "method": hessian.method,
        "seconds": hessian.seconds,
        "asymmetry_eV_per_A2": hessian.asymmetry_eV_per_A2,
        "sum_rule_eV_per_A2": hessian.sum_rule_eV_per_A2,
    }
    return Table(tuple(Column(name, [value]) for name, value in values.items()))


def elastic_tables(tensor: "ElasticTensor") -> tuple[Table, ...]:
    """Return the components of the elastic tensors, and the moduli of a stable crystal."""
    pairs = list(itertools.product(range(6), repeat=2))
    components = Table(
        (
            Column("row", [_ELASTIC_AXES[row] for row, _ in pairs]),
            Column("column", [_ELASTIC_AXES[column] for _, column in pairs]),
            Column("relaxed_ion_GPa", [tensor.relaxed_ion_GPa[pair] for pair in pairs]),
            Column("clamped_ion_GPa", [tensor.clamped_ion_GPa[pair] for pair in pairs]),
        )
    )
    if not tensor.is_stable:
        return (components,)
    moduli = tensor.moduli
    of = {
        "bulk_modulus_GPa": moduli.bulk_GPa,
        "shear_modulus_GPa": moduli.shear_GPa,
        "youngs_modulus_GPa": moduli.youngs_GPa,
        "poisson_ratio": moduli.poisson_ratio,
    }
    rows = [(name, each.voigt, each.reuss, each.hill) for name, each in of.items()]
    return components, _of_rows(("modulus", "voigt", "reuss", "hill"), rows, "moduli")


def locality_table(results: "LocalityResults") -> Table:
    """Return the fragments of every site, the largest, which is the reference, first."""
    rows = [
        (
            found.provenance.model.name,
            site.site,
            site.element,
            len(site.equivalent_atoms),
            shell.radius_A,
            len(shell.fragment.atoms),
            shell.fragment.n_caps,
            None if index == 0 else shell.group_norm_eV_per_A2,
            None if index == 0 else shell.force_error_eV_per_A,
            shell is site.converged,
        )
        for found in results.localities
        for site in found.sites
        for index, shell in enumerate(site.shells)
    ]
    names = (
        "method",
        "site",
        "element",
        "equivalent_atoms",
        "radius_A",
        "atoms",
        "caps",
        "group_norm_eV_per_A2",
        "force_error_eV_per_A",
        "converged",
    )
    return _of_rows(names, rows)


def _of_rows(names: Sequence[str], rows: Sequence[Sequence[Any]], kind: str = "") -> Table:
    """Return a table for files only."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return Table(
        tuple(Column(name, list(values)) for name, values in zip(names, columns, strict=True)),
        kind,
    )


def _temperatures(temperatures_K: Collection[float]) -> Column:
    return Column("temperature_K", temperatures_K, "T / K", "9.2f")
