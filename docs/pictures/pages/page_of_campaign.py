"""The page of a campaign over metals and alloys."""

from pathlib import Path

from ase.build import bulk
from browser import photograph, run

METALS = ("Ag", "Al", "Au", "Cu", "Ni", "Pd", "Pt")
MOSTLY = ("Cu", "Ni")
"""Metals of which alloys have three atoms in four."""


def draw(path: Path) -> None:
    """Screen metals, and photograph the page of them."""
    Path("metals").mkdir()
    for element in METALS:
        bulk(element, cubic=True).write(f"metals/{element}.cif")
        for metal in set(MOSTLY) - {element}:
            alloy = bulk(metal, cubic=True)
            alloy.symbols[0] = element
            alloy.write(f"metals/{metal}3{element}.cif")
    screen = ("screen", "metals", "--workflow", "heat-capacity", "--model", "ase:emt")
    run(*screen, "--workers", "1", "--out", "run.db")
    run("campaign", "report", "run.db", "--output", "run.html")
    photograph(Path("run.html"), path, 1100, 1400)
