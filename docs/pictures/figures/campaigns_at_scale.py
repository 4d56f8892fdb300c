"""Where the time of a heat capacity goes, and how well it is predicted."""

from pathlib import Path

from crystals import STRUCTURES
from drawing import panels
from matplotlib.axes import Axes
from study_tables import number, rows_in, rows_of

from nearsight.campaigns.costs import cost_of_model
from nearsight.structures import read_structure

PAGE = Path(__file__).parents[2] / "explanations" / "campaigns_at_scale.md"
NAMES = {"quartz.cif": "quartz", "sodalite.cif": "sodalite", "mof5.extxyz": "MOF-5"}
TICKS_s = (30, 100, 300)


def draw(path: Path) -> None:
    """Draw predicted parts of a job, and measured times beside predicted ones."""
    figure, (left, right) = panels(beside=2)
    draw_parts(left)
    killed = rows_of("campaign_of_25_solids", "done by then", "at work")
    # Of what was killed the time after it began anew is known, and no other.
    at_work = {name for each in killed for name in each["at work"].split(", ")}
    for solid in rows_of("campaign_of_25_solids", "predicted / s", "s"):
        if solid["solid"] not in at_work:
            right.plot(number(solid["predicted / s"]), number(solid["s"]), "C0o", markersize=5)
    right.plot((20, 600), (20, 600), "k-", linewidth=0.8, label="as predicted")
    for factor in (1 / 1.3, 1.3):
        right.plot((20, 600), (20 * factor, 600 * factor), "k:", linewidth=0.8)
    right.set(xscale="log", yscale="log", xlabel="predicted by the others / s", ylabel="took / s")
    right.minorticks_off()
    right.set_xticks(TICKS_s, map(str, TICKS_s))
    right.set_yticks(TICKS_s, map(str, TICKS_s))
    right.set(xlim=(20, 600), ylim=(20, 800))
    right.legend(loc="upper left")
    figure.savefig(path)


def draw_parts(ax: Axes) -> None:
    """Draw what relaxations and rows take, of single solids and of 31,000."""
    cost = cost_of_model("sevennet-0", "float64", "cpu")
    seconds = {}
    for file, name in NAMES.items():
        atoms = read_structure(STRUCTURES / file)
        whole = cost.predict(name, atoms, "heat-capacity").seconds
        label = f"{name}\n{len(atoms)} atoms\n{whole / 60:.1f} min"
        seconds[label] = (cost.predict(name, atoms, "relax").seconds, whole)
    hours = {
        row["workflow"]: number(row["worker h"])
        for row in rows_in(PAGE, "workflow", "worker h")
        if row["precision"] == "float64"
    }
    label = f"31,000 porous\nsolids\n{hours['heat-capacity']:.0f} h"
    seconds[label] = (hours["relax"], hours["heat-capacity"])
    shares = [100 * relaxing / whole for relaxing, whole in seconds.values()]
    ax.bar(range(len(shares)), shares, 0.6, label="relaxation")
    rest = [100 - share for share in shares]
    ax.bar(range(len(shares)), rest, 0.6, shares, label="rows of the force constants")
    ax.set_xticks(range(len(shares)), list(seconds))
    ax.set(ylabel="share of the time / %", ylim=(0, 122))
    ax.legend(loc="upper center", ncols=2, fontsize="small")
