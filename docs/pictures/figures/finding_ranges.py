"""What fragments of MOF-5 lose, by a model and by its reference."""

import re
from pathlib import Path

import numpy as np
from drawing import panels
from study_tables import number, rows_of

STUDY = "locality_of_mof5"
METHODS = {"gfn1-xtb": "GFN1-xTB", "sevennet-0": "SevenNet-0"}
PAPER = "RPBE, paper / Å"
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def draw(path: Path) -> None:
    """Draw the radius that each site needs, and the norms that decide it for one of them."""
    sites = rows_of(STUDY, "site", PAPER)
    figure, (left, right) = panels(beside=2)
    for place, (column, label) in enumerate(
        {PAPER: "RPBE (published)", **{f"{key} / Å": each for key, each in METHODS.items()}}.items()
    ):
        at = [n + 0.27 * (place - 1) for n in range(len(sites))]
        color = f"C{(2, 0, 1)[place]}"
        left.bar(at, [number(site[column]) for site in sites], 0.27, label=label, color=color)
    names = [re.sub(r"\d+$", lambda n: n[0].translate(SUBSCRIPTS), site["site"]) for site in sites]
    left.set_xticks(range(len(sites)), names)
    left.set(xlabel="site", ylabel="converged radius / Å", ylim=(0, 11))
    left.legend(fontsize="small", ncols=2)
    for place, (key, label) in enumerate(METHODS.items()):
        shells = rows_of(STUDY, "atoms", "radius / Å", below=f"C2, {key}")[1:]
        radii = [number(shell["radius / Å"]) for shell in shells]
        norms = [number(shell["‖G'‖ / eV/Å²"]) or np.nan for shell in shells]  # 0.00 is below all
        right.semilogy(radii, norms, f"C{place}o-", label=label)
    right.axhline(0.35, color="0.5", linestyle="--", linewidth=0.8)
    right.set(xlabel="radius of the fragment around C₂ / Å", ylabel="‖G′‖ / (eV/Å²)")
    right.legend()
    figure.savefig(path)
