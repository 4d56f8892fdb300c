"""A command waits for what it computes with, and not for what others compute, draw and write with.

What is imported for nothing is nothing that a result shows: only this says it.
"""

import subprocess
import sys
from pathlib import Path

from ase.build import bulk

# What an energy that is only printed must not import, and what it is for.
NOT_FOR_AN_ENERGY = {
    "h5py": "force constants in phonopy's archives",
    "jinja2": "pages",
    "matplotlib": "figures",
    "nearsight.adsorption.placements": "insertions",
    "nearsight.campaigns.store": "campaigns",
    "nearsight.charts.chart": "figures and pages",
    "nearsight.dynamics.samples": "molecular dynamics",
    "nearsight.elasticity.result": "elastic constants",
    "nearsight.hessian.matrix": "Hessians",
    "nearsight.hessian.rows.plan": "Hessians",
    "nearsight.locality.result": "fragments",
    "nearsight.relaxation.result": "relaxations",
    "nearsight.reports": "pages",
    "nearsight.training.learning": "potentials",
    "nearsight.vibrations.modes": "vibrations",
    "networkx": "groups of atoms",
    "phonopy": "phonons",
    "rich": "bars on a terminal",
    "scipy.constants": "nothing: `units` has the numbers",
    "scipy.optimize": "fits",
    "scipy.spatial": "molecules and fragments",
    "scipy.special": "means of weights",
    "seekpath": "paths of bands",
    "torch": "models that are networks, which this one is not",
}

RUN = """
import sys
from nearsight.cli.main import main
status = main(sys.argv[1:])
print("imported:", status, *sys.modules)
"""


def test_an_energy_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    # A file that we read and a calculator without pairs: ASE's readers and others bring SciPy.
    bulk("Cu").write(tmp_path / "cu.cif")
    model = "ase:ase.calculators.idealgas:IdealGas"
    command = [sys.executable, "-c", RUN, "energy", "cu.cif", "--model", model]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
    printed, _, imported = done.stdout.rpartition("imported:")
    assert "eV/atom" in printed
    status, *modules = imported.split()
    assert status == "0"
    for_nothing = {name: what for name, what in NOT_FOR_AN_ENERGY.items() if name in modules}
    assert for_nothing == {}
