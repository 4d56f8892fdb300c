"""A set of data that was written, as text."""

from nearsight.printable import printable_name
from nearsight.tables.lines import print_line, print_structure_line
from nearsight.workflows.synthesize import SynthesizedData


def print_synthesized(data: SynthesizedData) -> None:
    """Print what a set of data has, and where it is."""
    model = data.provenance.model
    print(f"\n{printable_name(data.structure)}")
    print_structure_line(data.formula, data.n_atoms)
    print_line("model", f"{model.name}, {model.dtype}, {model.device}")
    print_line("labels", f"energies and forces of {data.n_structures} structures")
    print_line("energies", f"spread by {1000 * data.energy_spread_eV_per_atom:.3g} meV/atom")
    print_line(
        "forces",
        f"{data.force_eV_per_A:.3g} eV/Å (root mean square of components), up to "
        f"{data.fmax_eV_per_A:.3g} eV/Å",
    )
    print_line("saved in", printable_name(data.file))
