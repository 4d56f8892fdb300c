"""What the zero of a model's energies does to isotherms, and what uncounted deletions do."""

from pathlib import Path

from drawing import panels
from matplotlib.axes import Axes
from study_tables import number, rows_of

SERIES = {
    "measured": ("measured", "k*"),
    "forcefield:mercado-mg-mof-74 (1 × 1 × 1)": ("force field fitted to it", "C2^"),
    "mace-dac-1 (1 × 1 × 1)": ("MACE-DAC-1", "C4D"),
    "sevennet-0 (1 × 1 × 1)": ("SevenNet-0", "C0o"),
    "sevennet-0, without offset (1 × 1 × 1)": ("SevenNet-0, offset taken off", "C1s"),
}


def draw(path: Path) -> None:
    """Draw loadings of Mg-MOF-74 beside the argon of two ways to count."""
    figure, (left, right) = panels(beside=2)
    rows = rows_of("isotherms_of_mg_mof_74", "bar", "measured")
    for column, (label, style) in SERIES.items():
        seen = [row for row in rows if row[column] and number(row["bar"]) > 0]
        pressures = [number(row["bar"]) for row in seen]
        loadings = [number(row[column]) for row in seen]
        colour, marker = style[:-1], style[-1]
        left.plot(pressures, loadings, f"{colour}:", linewidth=1.0)
        for row, pressure, loading in zip(seen, pressures, loadings, strict=True):
            told = row[column].strip("()").split(" ± ")
            error = float(told[1]) if len(told) > 1 else None
            face = "none" if row[column].startswith("(") else colour
            left.errorbar(pressure, loading, error, fmt=marker, color=colour, mfc=face, capsize=3)
        left.plot([], [], f"{colour}{marker}:", label=label)
    left.set(xlabel="pressure / bar", ylabel="CO₂ in Mg-MOF-74 at 298 K / mol/kg", xscale="log")
    left.set_ylim(-0.4, 18.0)
    left.legend(fontsize="small", loc="upper left")
    draw_exclusion(right)
    figure.savefig(path)


def draw_exclusion(ax: Axes) -> None:
    """Draw how many atoms there are where deleted ones still count."""
    rows = rows_of("exclusion_groups_in_lammps", "energies by", "⟨N⟩")
    names = {"pair style": "LAMMPS itself", "bridge": "Nearsight in LAMMPS"}
    names["callback that counts all atoms"] = "deleted atoms still count"
    cases = list(dict.fromkeys((row[""], row["bar"]) for row in rows))
    for place, (ways, label) in enumerate(names.items()):
        chosen = [row for row in rows if row["energies by"] == ways]
        means, errors = zip(*(map(number, row["⟨N⟩"].split("±")) for row in chosen), strict=True)
        at = [number_ + 0.25 * (place - 1) for number_ in range(len(cases))]
        ax.bar(at, means, 0.25, yerr=errors, capsize=2, label=label, color=f"C{place}")
    wrapped = {"argon with atoms that bind it": "argon beside\nstrong sites"}
    labels = [f"{wrapped.get(of, of)}\n{bar} bar" for of, bar in cases]
    ax.set_xticks(range(len(cases)), labels)
    ax.set(ylabel="argon atoms in the box at 150 K")
    ax.legend(fontsize="small")
