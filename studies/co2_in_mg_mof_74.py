# %% [markdown]
# # How strongly is CO2 bound in Mg-MOF-74, by whom?
#
# One CO2 in the rigid framework at 298 K by several models: Henry coefficient, heat of adsorption
# at zero loading, free energies seen along the channels, and what the certificate says. Experiments
# have 43 to 47 kJ/mol, the best theory about 46. Places are chosen by a sum over pairs, fitted to
# the first insertions of each model, until the coefficient is known within 5 %.
#
#     python studies/co2_in_mg_mof_74.py MG_MOF_74.cif RECORDS --models sevennet-0 chgnet-0.3.0
#
# One record per model in RECORDS, and a figure of each in the results; an interrupted model goes
# on where it was.
import argparse
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
from scipy.special import logsumexp

from nearsight.adsorption.settings import InsertionSettings
from nearsight.adsorption.trials import Trials
from nearsight.figures import widom_figure
from nearsight.models import load_model
from nearsight.workflows import WidomSettings, keep_unfinished, widom
from records import Record, collect, file_name, markdown_table

TEMPERATURE_K = 298.0
ERROR = 0.05
LEARNING = 512
WORDS = {"good": "ok", "caution": "caution", "bad": "NO", "unknown": "?"}


def main() -> None:
    """Insert by all models, and write the table."""
    parser = argparse.ArgumentParser(description="CO2 in Mg-MOF-74")
    parser.add_argument("structure", type=Path, help="CIF with charges, for force fields")
    parser.add_argument("records", type=Path)
    parser.add_argument("--models", nargs="+", default=["sevennet-0"])
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--insertions", type=int, default=20_000, help="at most")
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    names = {file_name(name): name for name in arguments.models}
    settings = {"temperature_K": TEMPERATURE_K, "error": ERROR, "learning": LEARNING}
    arguments.results.mkdir(exist_ok=True)
    work = partial(inserted, names, arguments)
    records = collect(arguments.records, names, work, settings)
    rows = [row_of(names[key], each) for key, each in records.items() if "error" not in each]
    path = arguments.results / "co2_in_mg_mof_74.md"
    path.write_text(text(rows), encoding="utf-8")
    print(f"wrote {path}")


def inserted(names: dict[str, str], arguments: argparse.Namespace, key: str) -> Record:
    """Return what insertions by one model gave, and draw them."""
    name = names[key]
    force_field = name.startswith("forcefield:")
    model = load_model(
        name,
        dtype="float64" if force_field else arguments.dtype,
        device="cpu",
        trust=arguments.trust_checkpoint,
    )
    asked = InsertionSettings(
        gas="CO2",
        temperatures_K=(TEMPERATURE_K,),
        error=ERROR,
        insertions=arguments.insertions,
        learning=LEARNING,
    )
    start = process_time()
    with keep_unfinished(arguments.records / "unfinished") as unfinished:
        record = widom(
            arguments.structure,
            model,
            WidomSettings(insertion=asked),
            unfinished=unfinished,
        )
    assert record.results is not None
    path = arguments.results / f"co2_in_mg_mof_74_{key}.png"
    widom_figure(str(path), [record.results])
    return {
        "dtype": model.identity.dtype,
        "seconds": process_time() - start,
        "variance_uniform": variance_of_uniform(record.results.adsorption.trials),
        "record": record.to_json(),
    }


def variance_of_uniform(trials: Trials) -> float:
    """Return the variance of a uniform insertion's weight over <W>², from weighted ones."""
    log = trials.weights(TEMPERATURE_K).logarithms
    mean = logsumexp(log) - np.log(len(log))
    squared = logsumexp(2 * log + np.log(trials.placements.densities)) - np.log(len(log))
    return float(np.expm1(squared - 2 * mean))


def row_of(model: str, record: Record) -> list[str]:
    """Return a line of the table."""
    whole = record["record"]
    [henry] = whole["henry"]
    part, offset = whole["insertion"], whole["zero"]["offset"]
    value = henry["coefficient_mol_per_kg_Pa"]
    without = ["unknown", "", ""]
    if whole["zero"]["by_construction"]:
        without = ["none", "", ""]
    elif offset is not None:
        without = [
            f"{offset['offset_eV']:+.3f}",
            f"{offset['coefficients_mol_per_kg_Pa'][0]:.2e}",
            f"{offset['heats_kJ_per_mol'][0]:.1f}",
        ]
    checks = [
        f"{WORDS[each['level']]}: {each['code']}"
        for each in whole["verdict"]["checks"]
        if each["level"] in {"caution", "bad"}
    ]
    return [
        Path(model).stem if ":/" in model else model,
        f"{value:.2e} ± {henry['coefficient_error_mol_per_kg_Pa'] / value:.0%}",
        f"{henry['heat_kJ_per_mol']:.1f} ± {henry['heat_error_kJ_per_mol']:.1f}",
        *without,
        f"{henry['n_effective']:.0f} of {part['n_insertions']}",
        str(part["n_calls"]),
        f"{record['variance_uniform'] / ERROR**2:.1e}",
        "; ".join(checks) or "nothing",
    ]


def text(rows: list[list[str]]) -> str:
    """Return the page."""
    head = [
        "model",
        "K_H / mol/(kg Pa)",
        "heat / kJ/mol",
        "offset / eV",
        "K_H without it",
        "heat without it",
        "effective",
        "calls",
        "uniform insertions for 5 %",
        "what speaks against it",
    ]
    return (
        f"# CO2 in Mg-MOF-74 at {TEMPERATURE_K:g} K, at zero loading\n\nExperiments have 43 to 47 "
        f"kJ/mol, the best theory about 46. Standard errors; models other than force fields in "
        f"single precision. Calls are those of the model, with {LEARNING} insertions to learn "
        f"from; uniform insertions are extrapolated from the weighted ones.\n\n"
        f"{markdown_table(head, rows)}"
    )


if __name__ == "__main__":
    main()
