# %% [markdown]
# # Henry coefficients beside those of other programs, and what they cost
#
# CH4 in MFI (silicalite) as in the examples of RASPA3, CO2 in Mg-MOF-74 as in an example of gRASPA
# with RASPA2 beside it, with and without charges: force fields, so that sampling is all that there
# is to compare. Places are drawn anywhere, from what first insertions taught, and from candidates
# by a force field. How many calls a relative error of 5 % takes follows from the variance of the
# weights; that of uniform insertions also from weighted ones, <W²>/<W>² - 1 being an average, too.
#
#     python studies/henry_coefficients.py MFI.cif MG_MOF_74.cif RECORDS
import argparse
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.special import logsumexp

from nearsight.adsorption.settings import InsertionSettings
from nearsight.adsorption.trials import Trials
from nearsight.workflows import WidomSettings, widom
from records import Record, collect, file_name, markdown_table

ERROR = 0.05
MFI_FORCE_FIELD = """
source = "examples basic 7 and 8 of RASPA3"
[treatment]
cutoff_A = 12.0
truncation = "shifted"
mixing = "lorentz-berthelot"
coulomb = false
[types]
O = { epsilon_K = 53.0, sigma_A = 3.30 }
Si = { epsilon_K = 22.0, sigma_A = 2.30 }
CH4 = { epsilon_K = 158.5, sigma_A = 3.72, mass_amu = 16.04246, element = "C" }
[molecules.CH4]
sites = [{ type = "CH4", position_A = [0.0, 0.0, 0.0] }]
"""
OF_MG_MOF_74 = "forcefield:trappe+uff?cutoff_A=14"
CASES = {
    "CH4 in MFI, 300 K": ("mfi", "CH4", 300.0, "3.526(7)e-5 (RASPA3)", "per_cell"),
    "CO2 in Mg-MOF-74, no charges, 313 K": (
        f"{OF_MG_MOF_74}&coulomb=no",
        "CO2",
        313.0,
        "1.482(16)e-5 (RASPA2)",
        "per_kg",
    ),
    "CO2 in Mg-MOF-74, 313 K": (OF_MG_MOF_74, "CO2", 313.0, "8.433(27)e-5 (RASPA2)", "per_kg"),
}
WITHOUT_CHARGES = "forcefield:trappe+uff?coulomb=no"
PROPOSED_BY = {
    "CH4 in MFI, 300 K": WITHOUT_CHARGES,
    "CO2 in Mg-MOF-74, no charges, 313 K": WITHOUT_CHARGES,
    "CO2 in Mg-MOF-74, 313 K": "forcefield:mercado-mg-mof-74",
}
WAYS = {
    "anywhere": {"insertions": 20_000},
    "by a force field": {"insertions": 3000},
    "learnt": {"insertions": 3000, "learning": 512},
    "learnt on top of a force field": {"insertions": 3000, "learning": 512},
}


def main() -> None:
    """Compute all cases in all ways, and write the table."""
    parser = argparse.ArgumentParser(description="Henry coefficients")
    parser.add_argument("mfi", type=Path)
    parser.add_argument("mg_mof_74", type=Path)
    parser.add_argument("records", type=Path)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    keys = {file_name(f"{case} {way}"): (case, way) for case in CASES for way in WAYS}
    work = partial(computed, keys, arguments.mfi, arguments.mg_mof_74)
    records = collect(arguments.records, keys, work, {"ways": WAYS, "by": PROPOSED_BY})
    rows = [
        row_of(*keys[key], record) for key, record in records.items() if "coefficient" in record
    ]
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "henry_coefficients.md"
    path.write_text(text(rows), encoding="utf-8")
    print(f"wrote {path}")


def computed(keys: dict[str, tuple[str, str]], mfi: Path, mg_mof_74: Path, key: str) -> Record:
    """Return what insertions of one case in one way gave."""
    case, way = keys[key]
    model, gas, temperature_K, _, unit = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mfi.toml"
        path.write_text(MFI_FORCE_FIELD, encoding="utf-8")
        name = f"forcefield:{path}" if model == "mfi" else model
        asked = InsertionSettings(
            gas=gas,
            temperatures_K=(temperature_K,),
            propose_by=PROPOSED_BY[case] if "force field" in way else None,
            **WAYS[way],
        )
        start = perf_counter()
        record = widom(mfi if model == "mfi" else mg_mof_74, name, WidomSettings(insertion=asked))
        seconds = perf_counter() - start
    [row] = record.henry
    assert record.results is not None
    trials = record.results.adsorption.trials
    value, error = (
        (row.coefficient_per_cell_Pa, row.coefficient_error_per_cell_Pa)
        if unit == "per_cell"
        else (row.coefficient_mol_per_kg_Pa, row.coefficient_error_mol_per_kg_Pa)
    )
    drawn, uniform = variances(trials, temperature_K)
    return {
        "coefficient": value,
        "error": error,
        "heat": row.heat_kJ_per_mol,
        "heat_error": row.heat_error_kJ_per_mol,
        "n_effective": row.n_effective,
        "calls": trials.n_calls,
        "calls_learning": record.insertion.n_calls - trials.n_calls,
        "insertions": record.insertion.n_insertions,
        "variance": drawn,
        "variance_uniform": uniform,
        "seconds": seconds,
    }


def variances(trials: Trials, temperature_K: float) -> tuple[float, float]:
    """Return the variance of a weight over <W>², as drawn and of uniform insertions."""
    log = trials.weights(temperature_K).logarithms
    mean = logsumexp(log) - np.log(len(log))
    # The weight of a uniform one is that of this one times its density.
    squared = logsumexp(2 * log) - np.log(len(log))
    of_uniform = logsumexp(2 * log + np.log(trials.placements.densities)) - np.log(len(log))
    return float(np.expm1(squared - 2 * mean)), float(np.expm1(of_uniform - 2 * mean))


def row_of(case: str, way: str, record: Record) -> list[str]:
    """Return a line of the table."""
    calls = record["variance"] / ERROR**2 * record["calls"] / record["insertions"]
    return [
        case,
        way,
        f"{record['coefficient']:.3e} ± {record['error']:.1e}",
        CASES[case][3],
        f"{record['heat']:.2f} ± {record['heat_error']:.2f}",
        f"{record['n_effective']:.0f} of {record['insertions']}",
        f"{calls:.0f} + {record['calls_learning']}" if record["calls_learning"] else f"{calls:.0f}",
        f"{record['variance_uniform'] / ERROR**2:.0f}",
    ]


def text(rows: list[list[str]]) -> str:
    """Return the page."""
    head = [
        "case",
        "places",
        "K_H",
        "reference",
        "heat / kJ/mol",
        "effective",
        "calls for 5 %",
        "insertions anywhere for 5 %",
    ]
    return (
        "# Henry coefficients\n\nCH4 in molecules/(cell Pa), CO2 in mol/(kg Pa). Calls are those "
        "of the model, overlaps being free, plus those of the 512 insertions that places were "
        "learnt from; the last column is extrapolated from the variance of the weights of each "
        "row, no overlap being free.\n\n"
        f"{markdown_table(head, rows)}"
    )


if __name__ == "__main__":
    main()
