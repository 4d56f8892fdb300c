# %% [markdown]
# # CH4 in MFI beside RASPA3, and how fast chains are
#
# CH4 in MFI (silicalite) at 300 K and 1 bar with a fugacity coefficient of 1, 2×2×2 cells, by the
# force field of the examples basic 7 and 8 of RASPA3, which has 2.8934(31) molecules in a cell: at
# one level, and at two, where the same force field decides over proposals of one with a shorter
# cutoff. The same through `nearsight isotherm`, down to where loadings are those of insertions.
# Then how many steps of CO2 with charges a core makes in Mg-MOF-74.
#
#     python studies/methane_in_mfi.py MFI.cif MG_MOF_74.cif
import argparse
import tempfile
from pathlib import Path
from time import process_time

import numpy as np

from nearsight.adsorption.framework import framework_of
from nearsight.adsorption.gases import gas_of
from nearsight.adsorption.gcmc.chains import Walk, advance, begin
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.guests import NO_MOLECULES
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.measured import measured_fugacity
from nearsight.adsorption.gcmc.moves import Probabilities, StepSizes, draw
from nearsight.adsorption.gcmc.results import loadings
from nearsight.adsorption.gcmc.rules import Anywhere
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.settings import InsertionSettings
from nearsight.models.guests import GuestModel
from nearsight.models.registry import load_model
from nearsight.records.isotherm_parts import LoadingPart
from nearsight.structures import read_structure
from nearsight.workflows import IsothermSettings, isotherm
from records import markdown_table

FORCE_FIELD = """
source = "examples basic 7 and 8 of RASPA3"
[treatment]
cutoff_A = {cutoff}
truncation = "shifted"
mixing = "lorentz-berthelot"
coulomb = false
[types]
O = {{ epsilon_K = 53.0, sigma_A = 3.30 }}
Si = {{ epsilon_K = 22.0, sigma_A = 2.30 }}
CH4 = {{ epsilon_K = 158.5, sigma_A = 3.72, mass_amu = 16.04246, element = "C" }}
[molecules.CH4]
sites = [{{ type = "CH4", position_A = [0.0, 0.0, 0.0] }}]
"""
REFERENCE = "2.8934(31)"
N_CHAINS = 16
PRESSURES_BAR = (0.02, 0.2, 1.0)
WIDTH_A = 24.0
"""What makes 2 × 2 × 2 cells."""


def main() -> None:
    """Compute both, and write the table."""
    parser = argparse.ArgumentParser(description="CH4 in MFI")
    parser.add_argument("mfi", type=Path)
    parser.add_argument("mg_mof_74", type=Path)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    lines = [
        "# CH4 in MFI, 300 K and 1 bar, and the speed of chains",
        "",
        "| levels | molecules in a cell | 95 % | effective | energies | acceptance | "
        "measured, bar | RASPA3 |",
        "|---|---|---|---|---|---|---|---|",
        *(loading_of(arguments.mfi, levels) for levels in (1, 2)),
        "",
        command(arguments.mfi),
        speed(arguments.mg_mof_74),
        "",
    ]
    path = arguments.results / "methane_in_mfi.md"
    path.write_text("\n".join(lines), encoding="utf-8")
    print(f"wrote {path}")


def guest_model(folder: Path, cutoff_A: float) -> GuestModel:
    """Return the force field with a cutoff."""
    path = folder / f"mfi_{cutoff_A:g}.toml"
    path.write_text(FORCE_FIELD.format(cutoff=cutoff_A), encoding="utf-8")
    model = load_model(f"forcefield:{path}", device="cpu")
    assert isinstance(model, GuestModel)
    return model


def loading_of(mfi: Path, levels: int) -> str:
    """Return the line of one or two levels."""
    host = read_structure(mfi)
    with tempfile.TemporaryDirectory() as folder:
        models = [guest_model(Path(folder), cutoff_A) for cutoff_A in (12.0, 9.0)]
    gas = gas_of("CH4", models[0])
    framework = framework_of(host, WIDTH_A)
    cell_A = framework.atoms.cell.array
    exact, shorter = (LocalLevel(model.of_guests(gas.atoms, cell_A, host)) for model in models)
    system = System(
        Ensemble(cell_A, 300.0, np.full(N_CHAINS, 1e5)),
        gas.sites_A,
        exact if levels == 1 else shorter,
        exact if levels == 2 else None,
        probabilities=Probabilities(0.35, 0.35, 0.1, 0.0, 0.2),
    )
    schedule = Schedule(
        equilibration_blocks=9,
        production_blocks=60 if levels == 1 else 12,
        samples=25,
        steps=200,
        candidate_steps=(100, 300, 1000) if levels == 2 else (),
        fitted=levels == 2,
    )
    sampled = sample(system, schedule)
    [loading] = loadings(sampled, system.ensemble)
    value, (low, high) = loading.molecules.value, loading.molecules.interval
    n_insertions = 200 * len(sampled.kept)
    [measured] = measured_fugacity(
        sampled, system.ensemble, exact, Anywhere(), gas.sites_A, most_insertions=n_insertions
    ).fugacities_Pa
    bar = f"{1e-5 * measured.value:.4f} ± {1e-5 * measured.error:.4f}"
    n_cells = framework.n_cells
    accepted, computed = "", int(sampled.counts.computed.sum())
    if sampled.composites is not None:
        computed = int(sampled.composites.computed.sum())
        share = sampled.composites.accepted.sum() / sampled.composites.tried.sum()
        accepted = f"{share:.3f} of {sampled.steps} steps"
    return (
        f"| {levels} | {value / n_cells:.4f} | {low / n_cells:.4f} to {high / n_cells:.4f} | "
        f"{loading.molecules.n_effective:.0f} | {computed} | {accepted} | {bar} | {REFERENCE} |"
    )


def command(mfi: Path) -> str:
    """Return what `nearsight isotherm` says, beside its own insertions."""
    settings = IsothermSettings(
        insertion=InsertionSettings(
            gas="CH4",
            temperatures_K=(300.0,),
            insertions=20_000,
            learning=2000,
            least_width_A=WIDTH_A,
        ),
        exchange=ExchangeSettings(pressures_bar=PRESSURES_BAR, equation="ideal"),
    )
    with tempfile.TemporaryDirectory() as folder:
        record = isotherm(mfi, guest_model(Path(folder), 12.0), settings)
    [henry] = record.henry
    assert henry.coefficient_per_cell_Pa is not None
    assert henry.coefficient_error_per_cell_Pa is not None
    rows = []
    for loading in record.isotherm:
        assert loading.fugacity_Pa == loading.pressure_Pa
        linear = henry.coefficient_per_cell_Pa * loading.fugacity_Pa
        share = henry.coefficient_error_per_cell_Pa / henry.coefficient_per_cell_Pa
        ratio = loading.molecules_per_cell / linear
        error = ratio * np.hypot(
            loading.molecules_per_cell_error / loading.molecules_per_cell, share
        )
        rows.append(
            [
                f"{1e-5 * loading.pressure_Pa:g}",
                f"{loading.molecules_per_cell:.4f} ± {loading.molecules_per_cell_error:.4f}",
                f"{loading.n_effective:.0f}",
                f"{linear:.4f} ± {linear * share:.4f}",
                f"{ratio:.4f} ± {error:.4f}",
                measured_over_imposed(loading),
                f"{loading.heat_kJ_per_mol:.2f} ± {loading.heat_error_kJ_per_mol:.2f}",
            ]
        )
    header = ["bar", "molecules in a cell", "effective", "K_H p", "ratio"]
    header += ["measured over imposed fugacity", "heat / kJ/mol"]
    return (
        f"By `nearsight isotherm --equation ideal`, {record.exchange.supercell} cells, with "
        f"standard errors; K_H of its own insertions is "
        f"{henry.coefficient_per_cell_Pa:.3e} molecules/(cell Pa), and their heat "
        f"{henry.heat_kJ_per_mol:.2f} kJ/mol (RASPA3: 3.526(7)e-5 and 19.266(10)). RASPA3's own "
        f"run at 1 bar measures 97489(191) Pa where 100000 Pa are imposed.\n\n"
        f"{markdown_table(header, rows)}\n"
    )


def measured_over_imposed(loading: LoadingPart) -> str:
    """Return by how much the fugacity that was sampled is off."""
    measured, error = loading.measured_fugacity_Pa, loading.measured_fugacity_error_Pa
    if measured is None or error is None:
        return ""
    return f"{measured / loading.fugacity_Pa:.4f} ± {error / loading.fugacity_Pa:.4f}"


def speed(mg_mof_74: Path) -> str:
    """Return what is said of CO2 with charges in Mg-MOF-74."""
    model = load_model("forcefield:trappe+uff", device="cpu")
    assert isinstance(model, GuestModel)
    host = read_structure(mg_mof_74)
    gas = gas_of("CO2", model)
    framework = framework_of(host, WIDTH_A)
    cell_A = framework.atoms.cell.array
    level = LocalLevel(model.of_guests(gas.atoms, cell_A, host))
    ensemble = Ensemble(cell_A, 298.0, np.full(N_CHAINS, 2e4))
    walk = Walk(level, Anywhere(), ensemble, StepSizes.first(N_CHAINS))
    chains = begin([NO_MOLECULES] * N_CHAINS, gas.sites_A, level)
    rngs = [np.random.default_rng([0, chain]) for chain in range(N_CHAINS)]
    advance(chains, walk, draw(rngs, 2000, Probabilities(), cell_A))
    draws = draw(rngs, 1000, Probabilities(), cell_A)
    start = process_time()
    advance(chains, walk, draws)
    rate = N_CHAINS * len(draws) / (process_time() - start)
    return (
        f"CO2 with charges in {framework.n_cells} primitive cells of Mg-MOF-74 "
        f"({len(framework.atoms)} atoms), {chains.guests.counts.mean():.0f} molecules: {rate:.0f} "
        f"steps in a second of one core's time, {N_CHAINS} chains side by side."
    )


if __name__ == "__main__":
    main()
