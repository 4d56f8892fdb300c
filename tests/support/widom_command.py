"""``nearsight widom`` on a crystal of one argon atom a cell, and what its numbers should be."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from host_and_guest import lennard_jones_eV
from nearsight.cli.main import main
from nearsight.units import BOLTZMANN_EV_PER_K

EDGE_A = 9.0
TEMPERATURE_K = 300.0
FRAMEWORK = Atoms("Ar", scaled_positions=[[0.1, 0.2, 0.3]], cell=[EDGE_A] * 3, pbc=True)
NO_OVERLAPS = ("--overlap-share", "0")


def widom(*options: str, model: str = "HostAndGuest", framework: str = "argon.cif") -> int:
    named = f"ase:host_and_guest:{model}" if ":" not in model else model
    of_gas = () if "--gas" in options else ("--gas", "Ar")
    asked = ("--temperature", "300") if "--temperature" not in options else ()
    return main(["widom", framework, "--model", named, *of_gas, *asked, "-q", *options])


def told(folder: Path, *options: str, **others: str) -> dict[str, Any]:
    assert widom(*options, "--json", "record.json", **others) == 0
    record: dict[str, Any] = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return record


def check_of(record: dict[str, Any], code: str) -> dict[str, Any]:
    [check] = [each for each in record["verdict"]["checks"] if each["code"] == code]
    chosen: dict[str, Any] = check
    return chosen


def by_quadrature(temperature_K: float, offset_eV: float = 0.0) -> tuple[float, float]:
    """<W> and the heat in kJ/mol of one atom among spheres, from a grid over the cell."""
    n = 90
    axis = (np.arange(n) + 0.5) / n * EDGE_A
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    hosts = np.array(list(np.ndindex(2, 2, 2))) * EDGE_A
    energies = np.full(len(points), offset_eV)
    for host in hosts:  # of the supercell, each by its nearest image
        vectors = points - host
        vectors -= 2 * EDGE_A * np.rint(vectors / (2 * EDGE_A))
        energies += lennard_jones_eV(np.linalg.norm(vectors, axis=1))
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    weights = np.exp(-energies / thermal_eV)
    mean_eV = float((energies * weights).sum() / weights.sum())
    return float(weights.mean()), 96.4853321 * (thermal_eV - mean_eV)
