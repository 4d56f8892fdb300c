"""Try an installation in an empty folder: which version it is, its help, and copper by ase:emt.

Run it with the Python of the environment in which Nearsight was installed from a wheel.
"""

import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

DULONG_PETIT_J_PER_MOLATOM_K = 24.943
DEBYE_SHARE = (0.93, 0.95)
"""Of the law of Dulong and Petit at 300 K: 0.945 by copper's Debye temperature of 315 K."""


def run(*words: str, folder: str) -> str:
    """Return what ``nearsight`` prints, started from a folder."""
    program = Path(sys.executable).with_name("nearsight")
    done = subprocess.run(
        [program, *words], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def main() -> None:
    """Try it."""
    with tempfile.TemporaryDirectory() as folder:
        assert run("--version", folder=folder) == f"nearsight {version('nearsight')}\n"
        assert "heat-capacity" in run("--help", folder=folder)
        write = "from ase.build import bulk; bulk('Cu').write('copper.cif')"
        subprocess.run([sys.executable, "-c", write], cwd=folder, check=True)
        asked = ("heat-capacity", "copper.cif", "--model", "ase:emt", "--quiet", "--json", "-")
        record = json.loads(run(*asked, folder=folder))
    value = record["heat_capacity"][0]["J_per_molatom_K"]
    least, most = (share * DULONG_PETIT_J_PER_MOLATOM_K for share in DEBYE_SHARE)
    assert least < value < most, value
    print(f"nearsight {version('nearsight')}: c_v of copper at 300 K {value:.3f} J/(mol-atoms K)")


if __name__ == "__main__":
    main()
