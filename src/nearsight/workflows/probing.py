"""Heat capacities from products with the Hessian, for ``--spectrum probing``."""

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from nearsight.cli.calculated import label_of
from nearsight.cli.calculation import Prepared, asked_supercell, supercell_of
from nearsight.cli.work import WorkDirectory
from nearsight.errors import MethodError
from nearsight.hessian.operator import HessianOperator
from nearsight.hessian.plan import plan
from nearsight.models.contract import Model
from nearsight.provenance import Setting
from nearsight.records.results import ProbedResults
from nearsight.storage import write_text
from nearsight.structures.supercell import make_general_supercell, make_supercell
from nearsight.vibrations.colouring import colour_atoms
from nearsight.vibrations.lowest import LowestModes, lowest_modes
from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity
from nearsight.vibrations.probing import DEFAULT_RADIUS_A, probe_heat_capacity

_TYPICAL_STEPS = 7
_WORTH_PROBING = 4.0
"""Probing knows nothing but the heat capacity, to 1e-3: it has to be that much cheaper."""
_FEWEST_ATOMS = 300
"""Smaller cells have at most 900 rows, four times the products of a typical probing."""
_MOST_ATOMS_FOR_MODES = 1000
_SOUGHT_MODES = 4
"""Where imaginary modes were seen and nobody asked for any."""


@dataclass(frozen=True)
class Probed:
    """One structure whose heat capacity was probed."""

    entry: ProbedResults

    @property
    def label(self) -> str:
        """What a figure calls the structure, with what must be known about it."""
        return label_of(self.entry.name, self.entry.relaxation)


def require_probing_settings(arguments: argparse.Namespace) -> None:
    """Check that the options of probing go with the spectrum.

    Raises
    ------
    MethodError
        They do not.
    """
    given = {
        "--probing-radius": arguments.probing_radius,
        "--lanczos-steps": arguments.lanczos_steps,
        "--products": arguments.products,
        "--lowest-modes": arguments.lowest_modes,
        "--atomic-heat": arguments.atomic_heat,
    }
    named = [name for name, value in given.items() if value is not None]
    if arguments.spectrum != "probing" and named:
        raise MethodError(f"only --spectrum probing takes {', '.join(named)}.")


def probe(
    prepared: Prepared,
    model: Model,
    arguments: argparse.Namespace,
    work: WorkDirectory,
    reason: str,
) -> Probed:
    """Probe the heat capacity of a relaxed structure, or of the supercell that was asked for.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    atoms, settings = supercell_of(prepared, arguments)
    hessian = HessianOperator(
        atoms,
        model,
        arguments.products or "auto",
        memory_budget_bytes=arguments.memory_budget_bytes,
    )
    radius_A = arguments.probing_radius or DEFAULT_RADIUS_A

    def finished_products(kind: str, **settings: Setting) -> Path:
        settings |= hessian.method.settings()
        return work.file(prepared.path, atoms, model, kind, **settings)

    checkpoint = finished_products("products", radius_A=radius_A)

    def probed(lowest: LowestModes | None) -> ProbedHeatCapacity:
        return probe_heat_capacity(
            hessian,
            arguments.temperature,
            arguments.acoustic or "exclude",
            radius_A=radius_A,
            n_steps=arguments.lanczos_steps,
            scale_factor=arguments.scale_factor,
            lowest=lowest,
            checkpoint=checkpoint,
        )

    def lowest(n_modes: int) -> LowestModes:
        kept = finished_products("lowest", n_modes=n_modes)
        found = lowest_modes(hessian, n_modes, checkpoint=kept)
        work.done(kept)
        return found

    heat = probed(lowest(arguments.lowest_modes) if arguments.lowest_modes else None)
    if heat.saw_imaginary and not arguments.lowest_modes and len(atoms) <= _MOST_ATOMS_FOR_MODES:
        n_modes = 3 * len(atoms) - heat.n_rigid_body
        heat = probed(lowest(min(_SOUGHT_MODES, n_modes)))
    work.done(checkpoint)
    if arguments.atomic_heat:
        text = io.StringIO()
        heat.to_ase().write(text, format="extxyz")
        write_text(arguments.atomic_heat, text.getvalue())
    entry = ProbedResults(
        prepared.path,
        heat,
        prepared.relaxation,
        settings,
        reason,
        prepared.warnings,
    )
    return Probed(entry)


def cheaper_by_probing(atoms: Atoms, model: Model, arguments: argparse.Namespace) -> str | None:
    """Return why a crystal is better probed than interpolated, or None if it is not.

    Both are counted as rows or products times the atoms of each: a row costs what a product does.
    """
    cell = make_supercell(atoms, arguments.supercell or [1, 1, 1])
    if len(cell) < _FEWEST_ATOMS:
        return None
    try:
        colours = colour_atoms(cell, DEFAULT_RADIUS_A)
    except MethodError:  # the cell is too narrow
        return None
    supercell = make_general_supercell(atoms, asked_supercell(atoms, arguments))
    tolerance = arguments.symmetry_tolerance
    rows = plan(supercell, model.capabilities, tolerance_A=tolerance).rows_needed
    products = 3 * (int(colours.max()) + 1) * _TYPICAL_STEPS
    if rows * len(supercell) < _WORTH_PROBING * products * len(cell):
        return None
    return (
        f"force constants need {rows} rows of {len(supercell)} atoms, probing about {products} "
        f"products of {len(cell)}"
    )
