"""Henry coefficients by how the template lies from which LAMMPS turns molecules."""

from pathlib import Path

from drawing import panels
from study_tables import number, rows_of

TEMPLATES = ("along a", "across a", "anyhow")


def draw(path: Path) -> None:
    """Draw K_H of CO2 in Mg-MOF-74 for each template, beside uniform rotations."""
    rows = {
        row["template"]: row
        for row in rows_of("widom_in_lammps", "template", "K_H, LAMMPS")
        if row["case"].startswith("CO2")
    }
    figure, (ax,) = panels()
    for place, (who, label) in enumerate(
        {"LAMMPS": "fix widom", "Nearsight": "Nearsight, turned in the same way"}.items()
    ):
        cells = [rows[template][f"K_H, {who}"].split("±") for template in TEMPLATES]
        values, errors = zip(
            *([1e5 * number(each) for each in cell] for cell in cells), strict=True
        )
        at = [n + 0.16 * (place - 0.5) for n in range(len(TEMPLATES))]
        ax.errorbar(at, values, yerr=errors, fmt=f"C{place}{'os'[place]}", capsize=4, label=label)
    uniform = 1e5 * number(rows["anyhow"]["K_H, Nearsight"])
    ax.axhline(uniform, color="0.5", linestyle="--", linewidth=0.8, label="uniform rotations")
    ax.set_xticks(range(3), ["one, along a", "one, across a", "forty, lying anyhow"])
    ax.set(xlim=(-0.5, 2.5), ylim=(1.35, 1.85), xlabel="template of the molecule in LAMMPS")
    ax.set(ylabel="K_H / 10⁻⁵ mol/(kg Pa)")
    ax.legend()
    figure.savefig(path)
