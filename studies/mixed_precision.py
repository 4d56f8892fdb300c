# %% [markdown]
# # What does mixed precision change in a heat capacity?
#
# Each structure is relaxed once, in mixed precision. At that geometry, in the same supercell and
# with the same mesh, its heat capacity at 300 K is computed from rows in double and in mixed
# precision. Solids of more than twelve atoms are taken as they are, with the modes at Γ; crystals
# of fewer in a supercell, with phonons over the Brillouin zone.
#
#     python studies/mixed_precision.py STRUCTURE... --records FOLDER [--model sevennet-0]
#
# There is one record for each structure in FOLDER; the study goes on from those that are there.
import argparse
from pathlib import Path
from time import process_time

from nearsight.models import Model, load_model
from nearsight.relaxation import RelaxationSettings
from nearsight.storage import write_text
from nearsight.structures import read_structure
from nearsight.workflows import HeatCapacitySettings, RelaxSettings, heat_capacity, relax
from records import Record, by_stem, collect, markdown_table, without_errors

DTYPES = ("float64", "mixed")
MOST_ATOMS_OF_A_CRYSTAL = 12
ALLOWED = 1e-4


def main() -> None:
    """Compute what is missing, and write the page."""
    parser = argparse.ArgumentParser(description="mixed precision against double")
    parser.add_argument("structures", type=Path, nargs="+")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    models = {dtype: load_model(arguments.model, dtype=dtype) for dtype in DTYPES}
    paths = by_stem(arguments.structures)
    records = collect(
        arguments.records,
        paths,
        lambda name: compare(paths[name], models),
        {"model": arguments.model},
    )
    path = arguments.results / "mixed_precision.md"
    write_text(path, page(without_errors(records), arguments.model))
    print(f"wrote {path}")


# %% [markdown]
# ## One structure
def compare(path: Path, models: dict[str, Model]) -> Record:
    """Return the heat capacity in both precisions, with what it took."""
    relaxed = relax(read_structure(path), models["mixed"], RelaxSettings()).atoms
    spectrum = "dense" if len(relaxed) > MOST_ATOMS_OF_A_CRYSTAL else "mesh"
    settings = HeatCapacitySettings(relaxation=RelaxationSettings(relax=False), spectrum=spectrum)
    found: Record = {"n_atoms": len(relaxed), "spectrum": spectrum}
    for dtype, model in models.items():
        start = process_time()
        record = heat_capacity(relaxed, model, settings)
        found[dtype] = {
            "J_per_g_K": record.heat_capacity[0].J_per_g_K,
            "seconds": process_time() - start,
            "peak_memory_bytes": record.hessian.peak_memory_bytes,
            "rows": record.hessian.rows_needed,
        }
    return found


def page(records: dict[str, Record], model: str) -> str:
    """Return the text."""
    rows = [
        [
            name,
            f"{record['n_atoms']}",
            record["spectrum"],
            f"{record['mixed']['rows']}",
            f"{record['float64']['J_per_g_K']:.6f}",
            f"{relative(record):.1e}",
            f"{record['mixed']['seconds'] / record['float64']['seconds']:.2f}",
            f"{record['mixed']['peak_memory_bytes'] / record['float64']['peak_memory_bytes']:.2f}",
        ]
        for name, record in sorted(records.items(), key=lambda each: each[1]["n_atoms"])
    ]
    largest = max(relative(record) for record in records.values())
    header = ["", "atoms", "modes", "rows", "c_v / J/(g K)", "off by"]
    return (
        f"# Mixed precision, {model}\n\n"
        f"Rows in mixed and in double precision at the same geometry, supercell and mesh; heat "
        f"capacities at 300 K.\nThe largest relative deviation of one is {largest:.1e}; "
        f"{ALLOWED:.0e} was allowed. Times are those of the\nprocessor, over those of double "
        f"precision, checks included, beside other work.\n\n"
        f"{markdown_table([*header, 'time', 'memory'], rows)}"
    )


def relative(record: Record) -> float:
    """Return by how much the heat capacity is off."""
    exact = record["float64"]["J_per_g_K"]
    return abs(float(record["mixed"]["J_per_g_K"]) / exact - 1)


if __name__ == "__main__":
    main()
