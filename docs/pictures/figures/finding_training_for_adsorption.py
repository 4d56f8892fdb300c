"""Heat capacities by a model that was trained further for adsorption, and by others."""

from pathlib import Path

from drawing import panels
from study_tables import number, rows_of

STUDY = "heat_capacity_of_porous_solids"


def draw(path: Path) -> None:
    """Draw the deviation from DFT of nine solids."""
    after = rows_of(f"{STUDY}_mace-dac-1", "solid", "DFT")
    others = {row["solid"]: row for row in rows_of(STUDY, "solid", "DFT")}
    before = [others[row["solid"]] for row in after]
    series = {
        "SevenNet-0 with D3": (before, "sevennet-0+d3 exclude"),
        "MACE-MP-0 with D3, published": (after, "MACE publ."),
        "MACE-DAC-1 with D3: that, trained further": (after, "mace-dac-1+d3 exclude"),
    }
    figure, (ax,) = panels()
    for place, (label, (rows, column)) in enumerate(series.items()):
        values = [100 * (number(row[column]) / number(row["DFT"]) - 1) for row in rows]
        ax.bar([n + 0.27 * (place - 1) for n in range(len(rows))], values, 0.27, label=label)
    names = [f"{row['solid']}\n{row['atoms']} atoms" for row in after]
    ax.set_xticks(range(len(after)), names, rotation=60, fontsize="small")
    ax.set(ylabel="c_v(300 K), deviation from PBE-D3 / %", ylim=(0, 38))
    ax.legend(loc="upper right", fontsize="small")
    figure.savefig(path)
