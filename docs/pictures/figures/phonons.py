"""Bands of NaCl with and without the splitting of optical modes at Γ."""

from pathlib import Path

from ase.build import bulk
from crystals import sevennet
from drawing import panels
from matplotlib.lines import Line2D

from nearsight.hessian import force_constants
from nearsight.relaxation import relax
from nearsight.vibrations import band_structure

# Charges in e and the dielectric constant are those of DFT in phonopy's example NaCl.
BORN = """\
14.400
2.43534 0 0 0 2.43534 0 0 0 2.43534
1.08688 0 0 0 1.08688 0 0 0 1.08688
-1.08688 0 0 0 -1.08688 0 0 0 -1.08688
"""


def draw(path: Path) -> None:
    """Draw both sets of bands along the path that seekpath suggests."""
    crystal = relax(bulk("NaCl", "rocksalt", a=5.69), sevennet()).atoms
    constants = force_constants(crystal, sevennet())
    Path("BORN").write_text(BORN, encoding="ascii")
    figure, (ax,) = panels()
    band_structure(constants).plot(ax, color="C0")
    band_structure(constants, nac="BORN").plot(ax, color="C1")
    names = {"C0": "without Born charges", "C1": "with Born charges (--nac)"}
    lines = [Line2D([], [], color=color) for color in names]
    ax.legend(lines, names.values(), loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    figure.savefig(path)
