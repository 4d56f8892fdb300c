# %% [markdown]
# # Are CIFs of others read as they are meant?
#
# The composition of the cell as Nearsight reads it beside that of gemmi's own expansion of the
# same block, which shares the parser and the tables of space groups, but neither the expansion nor
# the checks. Where Nearsight refuses a file, the reason stands beside it.
#
#     python studies/read_cifs.py CIF_OR_FOLDER... [--title TEXT] [--table FILE.md]
#
# Folders are searched for CIFs; of files with the same content one is read. Nothing is downloaded.
import argparse
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import gemmi
from ase.formula import Formula

from nearsight.announcing import quietly
from nearsight.errors import StructureError
from nearsight.storage import write_text
from nearsight.structures import read_structure
from records import markdown_table

AGREES, DIFFERS, ALONE, REFUSED = "agrees", "differs", "read only here", "refused"


@dataclass(frozen=True)
class Row:
    """One file."""

    name: str
    formula: str
    """As read here; empty if it was refused."""
    formula_of_gemmi: str
    verdict: str
    remark: str
    seconds: float


# %% [markdown]
# ## Reading
def cifs(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the CIFs among files and in folders, those with the same content once."""
    seen = set()
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file.suffix.lower() != ".cif" or not file.is_file():
                continue
            digest = hashlib.sha256(file.read_bytes()).digest()
            if digest not in seen:
                seen.add(digest)
                yield file


def hill(symbols: Iterable[str]) -> str:
    """Return a formula; deuterium is hydrogen."""
    counts = Counter("H" if symbol in {"D", "T"} else symbol for symbol in symbols)
    return str(Formula.from_dict(counts).format("hill"))


def by_gemmi(path: Path) -> str:
    """Return the composition of the cell by gemmi's own expansion, or its complaint."""
    try:
        found = gemmi.cif.read(str(path))
        blocks = [block for block in found if block.find_loop("_atom_site_fract_x")]
        structure = gemmi.make_small_structure_from_block(blocks[-1])
        return hill(site.element.name for site in structure.get_all_unit_cell_sites())
    except (ValueError, RuntimeError, IndexError, UnicodeDecodeError) as error:
        return f"({str(error).splitlines()[0].removeprefix(f'{path}:')})"


def examined(path: Path) -> Row:
    """Read one file by all routes."""
    name = "/".join(path.parts[-2:])
    start = perf_counter()
    try:
        with quietly():  # what is remarked stands in the table
            atoms = read_structure(path)
    except StructureError as error:
        reason = str(error).removeprefix(f"{path}: ")
        seconds = perf_counter() - start
        return Row(name, "", by_gemmi(path), REFUSED, reason, seconds)
    seconds = perf_counter() - start
    formula, other = hill(atoms.symbols), by_gemmi(path)
    notes = " ".join(atoms.info.get("reading_notes", []))
    verdict = AGREES if formula == other else DIFFERS
    if other.startswith("("):
        verdict = ALONE
    return Row(name, formula, other, verdict, notes, seconds)


# %% [markdown]
# ## Writing
def table(rows: Sequence[Row], title: str) -> str:
    """Return the summary and all rows in Markdown."""
    counts = Counter(row.verdict for row in rows)
    slowest = max(rows, key=lambda row: row.seconds)
    lines = [
        f"# CIFs of others: {title}",
        "",
        f"{len(rows)} different files: of {counts[AGREES]} the composition of the cell is as gemmi "
        f"has it, of {counts[DIFFERS]} it is another one, {counts[ALONE]} are read only here, "
        f"{counts[REFUSED]} are refused, with the reason. The slowest, {slowest.name}, took "
        f"{slowest.seconds:.1f} s.",
        "",
    ]
    header = ["file", "here", "gemmi", "verdict", "reason or remark"]
    cells = [[row.name, row.formula, row.formula_of_gemmi, row.verdict, row.remark] for row in rows]
    return "\n".join(lines) + "\n" + markdown_table(header, cells)


def main() -> None:
    """Read all files and write the table."""
    parser = argparse.ArgumentParser(description="CIFs read here and by gemmi, side by side.")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--title", default="composition")
    parser.add_argument("--table", default="studies/results/read_cifs.md")
    arguments = parser.parse_args()
    rows = [examined(path) for path in cifs(arguments.paths)]
    if not rows:
        parser.error("there is no CIF among these.")
    # What is worth a look comes first.
    order = (DIFFERS, REFUSED, ALONE, AGREES)
    rows.sort(key=lambda row: (order.index(row.verdict), row.name))
    text = table(rows, arguments.title)
    write_text(arguments.table, text)
    print(text.split("\n")[2])


if __name__ == "__main__":
    main()
