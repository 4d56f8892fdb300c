"""How far a heat capacity is off by the convention for acoustic modes."""

from pathlib import Path

from drawing import panels
from study_tables import number, rows_of

CONVENTIONS = ("exclude", "as-computed", "classical")


def draw(path: Path) -> None:
    """Draw the deviation of each solid from DFT over the size of its cell."""
    solids = rows_of("heat_capacity_of_porous_solids", "solid", "DFT")
    figure, (ax,) = panels()
    for place, acoustic in enumerate(CONVENTIONS):
        atoms = [number(solid["atoms"]) for solid in solids]
        values = [
            100 * (number(solid[f"sevennet-0 {acoustic}"]) / number(solid["DFT"]) - 1)
            for solid in solids
        ]
        mean = sum(values) / len(values)
        ax.plot(atoms, values, f"C{place}{'ovs'[place]}", markersize=5, alpha=0.8)
        ax.axhline(mean, color=f"C{place}", linewidth=1.2, label=f"{acoustic}: {mean:+.1f} %")
    ax.axhline(0.0, color="0.6", linewidth=0.8)
    ax.set(xlabel="atoms in the cell", ylabel="c_v(300 K), deviation from PBE-D3 / %")
    ax.legend(title="acoustic modes at Γ, mean")
    figure.savefig(path)
