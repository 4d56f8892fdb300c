"""What commands print of potentials of Behler and Parrinello, and of their data."""

from nearsight.hdnnp.files.converting import ConvertedPotential
from nearsight.hdnnp.files.data import DataCounts
from nearsight.hdnnp.units import name_of
from nearsight.printable import printable_name
from nearsight.tables.lines import print_line


def print_converted_potential(converted: ConvertedPotential, target: str) -> None:
    """Print what a potential is that was written to a folder."""
    source, written = converted.source, converted.written
    print(printable_name(target))
    for element in written.elements:
        layers = "-".join(map(str, element.network.sizes))
        print_line(element.symbol, f"{len(element.functions)} symmetry functions, layers {layers}")
    print_line("cutoff", f"{written.cutoff_A:.6g} Å")
    if written.repulsion is not None:
        print_line("plus", "the repulsion in prior.toml, which n2p2 lacks")
    print_line("dialect", source.dialect)
    print_line("units", f"{name_of(written.units)}; of the source, {source.units_from}")
    if source.without_effect:
        number = len(source.without_effect)
        keywords = "1 keyword" if number == 1 else f"{number} keywords"
        print_line("left out", f"{keywords} of input.nn, of training or output alone")


def print_converted_data(counts: DataCounts, target: str) -> None:
    """Print how many structures were written to a file, and what they have."""
    print(printable_name(target))
    periodic = f", {counts.n_periodic} of them periodic" if counts.n_periodic else ""
    print_line("structures", f"{counts.n_frames} of {counts.n_atoms} atoms in all{periodic}")
    print_line("energies", _of_how_many(counts.n_with_energy, counts.n_frames))
    print_line("forces", _of_how_many(counts.n_with_forces, counts.n_frames))


def _of_how_many(number: int, n_frames: int) -> str:
    if number == n_frames:
        return "of all"
    missing = "none" if not number else f"of {number}; {n_frames - number} have none"
    return f"{missing}, or exact zeros, which count as none"
