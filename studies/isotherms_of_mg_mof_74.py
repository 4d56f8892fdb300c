# %% [markdown]
# # Isotherms of CO2 in Mg-MOF-74, and why one may come out flat
#
# The rigid framework at 298 K at the pressures of a thesis (Strunk, TUM 2025), by force fields and
# by learnt models, beside measured uptake. A learnt model decides over many moves of a force field
# at once, so that loadings are its own. Each is sampled as it is, and without the offset of its
# interaction energies (`--without-offset`), which is a factor exp(-offset/k_B T) of the pressure.
#
#     python studies/isotherms_of_mg_mof_74.py MG_MOF_74.cif RECORDS \
#         --models forcefield:mercado-mg-mof-74 forcefield:trappe+uff
#     python studies/isotherms_of_mg_mof_74.py MG_MOF_74.cif RECORDS --models sevennet-0 \
#         --cheap forcefield:trappe+uff --pressures 0.073 0.33 1
#
# There is one record per model in RECORDS; the page has all that are there, so that models which
# need different environments come one after the other. An interrupted run goes on where it was.
import argparse
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

from matplotlib.figure import Figure

from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.settings import InsertionSettings
from nearsight.models import load_model
from nearsight.workflows import IsothermSettings, isotherm, keep_unfinished
from records import Record, collect, file_name, markdown_table, read

TEMPERATURE_K = 298.0
PRESSURES_BAR = (0.073, 0.1, 0.151, 0.237, 0.33, 0.433, 0.547, 0.677, 0.825, 0.95, 1.0)
"""Those of the thesis, and two with measured uptake."""
WIDTH_A = 6.0
"""Of the cell of learnt models, unless another is asked for: the primitive cell of 54 atoms."""

INSERTED_BY = "forcefield:mercado-mg-mof-74"
"""What says where a learnt model inserts, unless a force field makes moves for it."""

MEASURED = {0.1: 5.8, 0.95: 8.0}
"""Uptake in mol/kg at 298 K by pressure in bar, rounded from published measurements, such as those
of S. R. Caskey, A. G. Wong-Foy, A. J. Matzger, J. Am. Chem. Soc. 2008, 130, 10870."""
SITES_MOL_PER_KG = 8.24
"""One molecule at each magnesium."""

CONCLUSIONS = """\
**What makes an isotherm flat.** To SevenNet-0 as it is the channels are full at the lowest
pressure: about 9 mol/kg at 0.073 bar and 9.6 at 1 bar, where what is measured rises by a third
and more. Of the three causes that are known, the first two are not there: deletions do not see
what they should not (one program samples all models, and gives the force fields their isotherms),
and none of the heaviest insertions is in a false well. The third one is: interaction energies are
too low by 0.295 eV where attraction is weak, since the molecule alone is too high. That is a
factor of 10⁵ of the pressure, so that 0.073 to 1 bar are 7·10³ to 10⁵ bar to the model; without
it K_H is 4.3·10⁻⁶ mol/(kg Pa), and that times the pressure is 0.43 mol/kg at 1 bar
(`co2_in_mg_mof_74.md`). This cause suffices; which ones the thesis' program had besides cannot be
told from here.

**Dispersion on top fills it further.** With D3 interactions are off by -0.537 eV, a factor of
10⁹, and ten molecules in a cell of six magnesium atoms are there from the lowest pressure on: 13.7
mol/kg, which is all that has room.

**An offset may also hide.** CHGNet has one of -0.184 eV, a factor of 1300, and an isotherm that
looks like one: its heat of 25 to 29 kJ/mol is far too small, which the offset makes up for.
Without it K_H times 1 bar is 0.02 to 0.03 mol/kg, and a molecule was seen in one sample of 1500.

**A model that was trained for it** has no flat isotherm: MACE-DAC-1 rises from 0.5 to 1.5 and 2.7
mol/kg, where the lowest loading is that of its Henry coefficient in this cell, 0.59 ± 0.14 mol/kg.
It binds too weakly, with 22 to 35 kJ/mol in place of 43 to 47, and has a tenth of the measured
uptake at low pressure and a third at 1 bar, where its chain did not move any more.

**What a model must get right**, in this order: the molecule alone beside the molecule near a
wall, to k_B T, 0.026 eV; the 43 to 47 kJ/mol at magnesium, of which 2.5 kJ/mol are a factor of e;
then what molecules have with each other, which decides beyond one at each magnesium. The force
field that was fitted to this framework is closest at low pressure and has 11 mol/kg at 1 bar, in
a perfect crystal in which every magnesium is open; that of generic parameters has the measured
uptake at 1 bar by a heat that is too small, and a quarter of it at 0.1 bar. One pressure says
nothing.

**What was not reached.** A chain of a learnt model that comes to a place which the model likes
and the force field does not stays there: few effective samples, and those of SevenNet-0 still
drift. Without its offset a molecule was seen in one or two samples at most, although K_H says 0.1
to 0.4 mol/kg at 1 bar: two levels do not find rare places of weight, and neither their errors nor
their numbers of effective samples know it. There K_H is the number to take.

**Small cells.** Learnt models have the primitive cell, in which each molecule is 6.9 Å from its
image: the fitted force field has the same loadings there as in twelve cells, within errors. Henry
coefficients of learnt models feel it: 2.5·10⁻⁴ instead of 3.8·10⁻⁴ mol/(kg Pa) by CHGNet.
"""


def main() -> None:
    """Sample what is missing, and write the page of all records."""
    arguments = parsed()
    for name in arguments.models:
        settings = settings_of(name, arguments)
        key = key_of(name, arguments)
        collect(arguments.records, [key], partial(sampled, name, arguments), settings.to_json())
    found = [read(path) for path in sorted(arguments.records.glob("*.json"))]
    records = [each for each in found if each is not None and "error" not in each]
    records.sort(key=lambda each: not is_force_field(each["name"]))
    stem = arguments.results / "isotherms_of_mg_mof_74"
    stem.with_suffix(".md").write_text(text(records), encoding="utf-8")
    draw(records).savefig(stem.with_suffix(".png"), dpi=150)
    print(f"wrote {stem}.md and {stem}.png")


def parsed() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description="isotherms of CO2 in Mg-MOF-74")
    parser.add_argument("structure", type=Path, help="CIF with charges, for force fields")
    parser.add_argument("records", type=Path)
    parser.add_argument("--models", nargs="+", default=["forcefield:mercado-mg-mof-74"])
    parser.add_argument("--pressures", nargs="+", type=float, default=PRESSURES_BAR, help="in bar")
    parser.add_argument("--without-offset", action="store_true", help="of interaction energies")
    parser.add_argument("--width", type=float, help="of the cell in Å at least")
    parser.add_argument("--cheap", help="force field or network that proposes to models")
    parser.add_argument("--moves", type=int, help="of a proposal")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--samples", type=int, default=50, help="in a block")
    parser.add_argument("--blocks", nargs=2, type=int, default=(20, 40), metavar=("E", "P"))
    parser.add_argument("--insertions", type=int, default=2000)
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def key_of(name: str, arguments: argparse.Namespace) -> str:
    """Return the name of a record."""
    without = " without its offset" if arguments.without_offset else ""
    width = "" if arguments.width is None else f" {arguments.width:g} A"
    return file_name(f"{short_name(name)}{without}{width}")


def settings_of(name: str, arguments: argparse.Namespace) -> IsothermSettings:
    """Return what is asked for of one model."""
    equilibration, production = arguments.blocks
    exchange = ExchangeSettings(
        pressures_bar=tuple(arguments.pressures),
        cheap=arguments.cheap,
        chains=arguments.chains,
        equilibration_blocks=equilibration,
        production_blocks=production,
        samples=arguments.samples,
        moves=arguments.moves,
        remove_offset=arguments.without_offset,
    )
    places = arguments.cheap if is_force_field(arguments.cheap or "") else INSERTED_BY
    how: dict[str, Any] = {"propose_by": places, "least_width_A": WIDTH_A}
    if is_force_field(name):
        how = {"learning": 512}
    if arguments.width is not None:
        how["least_width_A"] = arguments.width
    insertion = InsertionSettings(
        temperatures_K=(TEMPERATURE_K,), insertions=arguments.insertions, **how
    )
    return IsothermSettings(insertion=insertion, exchange=exchange)


def short_name(name: str) -> str:
    """Return the name of a model, that of a checkpoint being its file's."""
    return Path(name).stem if ":/" in name else name


def is_force_field(name: str) -> bool:
    """Return whether a model is one, which needs no cheaper one."""
    return name.startswith("forcefield:")


def sampled(name: str, arguments: argparse.Namespace, key: str) -> Record:
    """Return the record of an isotherm, with what it took."""
    start = process_time()
    model = load_model(
        name,
        dtype="float64" if is_force_field(name) else "float32",
        device="cpu",
        trust=arguments.trust_checkpoint,
    )
    with keep_unfinished(arguments.records / f"unfinished_{key}") as unfinished:
        record = isotherm(
            arguments.structure,
            model,
            settings_of(name, arguments),
            unfinished=unfinished,
            progress=True,
        )
    return {
        "name": name,
        "without_offset": arguments.without_offset,
        "dtype": model.identity.dtype,
        "seconds": process_time() - start,
        "record": record.to_json(),
    }


def label_of(record: Record) -> str:
    """Return what a record is called in tables."""
    whole = record["record"]
    model = short_name(record["name"])
    cell = " × ".join(str(each) for each in whole["exchange"]["supercell"])
    return f"{model}{', without offset' if record['without_offset'] else ''} ({cell})"


def pressures_of(record: Record) -> list[float]:
    """Return the pressures in bar."""
    return [round(1e-5 * each["pressure_Pa"], 9) for each in record["record"]["isotherm"]]


def loadings_table(records: list[Record]) -> str:
    """Return loadings with their standard errors by model and pressure."""
    found = [
        dict(zip(pressures_of(record), record["record"]["isotherm"], strict=True))
        for record in records
    ]
    pressures = sorted({pressure for each in found for pressure in each} | set(MEASURED))
    rows = [["0", *("0" for _ in records), "0"]]
    for pressure in pressures:
        cells = [loading_cell(each.get(pressure)) for each in found]
        measured = f"about {MEASURED[pressure]:g}" if pressure in MEASURED else ""
        rows.append([f"{pressure:g}", *cells, measured])
    return markdown_table(["bar", *map(label_of, records), "measured"], rows)


def loading_cell(loading: Record | None) -> str:
    """Return a loading in mol/kg; in brackets where the record itself would not trust it."""
    if loading is None:
        return ""
    value, error = loading["loading_mol_per_kg"], loading["loading_error_mol_per_kg"]
    if not error:
        return f"({value:.3g}, never changed)"
    said = f"{value:.3g} ± {error:.2g}"
    return said if loading["equilibrated"] and loading["n_effective"] >= 20 else f"({said})"


def sampling_row(record: Record) -> list[str]:
    """Return what sampling took, and how it went."""
    whole = record["record"]
    exchange, points = whole["exchange"], whole["isotherm"]
    [run] = exchange["runs"]
    agreements = [each["agreement"] for each in points if each["agreement"] is not None]
    heats = [each["heat_kJ_per_mol"] for each in points]
    fitted = f"{run['cheap_scale']:.2f}; {run['cheap_constant_eV']:+.3f}"
    return [
        label_of(record),
        "" if exchange["cheap"] is None else exchange["cheap"].removeprefix("forcefield:"),
        f"{exchange['chains']} × {exchange['n_samples']}",
        f"{run['moves']}",
        several(effective_samples(each) for each in points),
        several(f"{each['acceptance']:.2f}" for each in agreements),
        several(f"{each['sigma_per_molecule_kT'] or float('nan'):.1f}" for each in agreements),
        fitted if agreements else "",
        f"{run['n_calls']}",
        f"{record['seconds']:.0f}",
        several("" if each is None else f"{each:.0f}" for each in heats),
    ]


def effective_samples(loading: Record) -> str:
    """Return how many there are; of a number that never changed nobody knows."""
    return f"{loading['n_effective']:.0f}" if loading["loading_error_mol_per_kg"] else "?"


def several(values: Iterable[str]) -> str:
    """Return values of a few pressures, or where they are many those of the ends."""
    listed = list(values)
    return ", ".join(listed) if len(listed) <= 4 else f"{listed[0]} to {listed[-1]}"


def text(records: list[Record]) -> str:
    """Return the page."""
    header = ["model (cells)", "proposed by", "chains × samples", "moves of a sample", "effective"]
    header += ["accepted", "σ / k_BT √N", "scale; constant / eV", "calls", "CPU s", "heat / kJ/mol"]
    return (
        f"# Isotherms of CO2 in Mg-MOF-74 at {TEMPERATURE_K:g} K\n\nAbsolute loadings in mol/kg, "
        f"with standard errors, by the pressure in bar; one molecule at each magnesium would be "
        f"{SITES_MOL_PER_KG:g} mol/kg. In brackets: not in equilibrium by MSER-5, or fewer than 20 "
        f"effective samples. Measured: rounded from published measurements.\n\n"
        f"{loadings_table(records)}\nHow they were sampled, at the pressures in their order:\n\n"
        f"{markdown_table(header, map(sampling_row, records))}\n{CONCLUSIONS}"
    )


def draw(records: list[Record]) -> Figure:
    """Return the figure: loadings over the pressure."""
    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    for number, record in enumerate(records):
        points = record["record"]["isotherm"]
        means = [each["loading_mol_per_kg"] for each in points]
        low, high = zip(*(each["loading_interval_mol_per_kg"] for each in points), strict=True)
        below = [mean - end for mean, end in zip(means, low, strict=True)]
        above = [end - mean for mean, end in zip(means, high, strict=True)]
        line = "--" if record["without_offset"] else "-"
        axes.errorbar(
            pressures_of(record),
            means,
            (below, above),
            fmt=f"o{line}",
            color=f"C{number}",
            markersize=3,
            linewidth=1,
            capsize=2,
            label=label_of(record),
        )
    axes.plot(list(MEASURED), list(MEASURED.values()), "k*", markersize=10, label="measured, about")
    axes.axhline(SITES_MOL_PER_KG, color="0.6", linewidth=0.8, linestyle=":")
    axes.set_xlim(0)
    axes.set_ylim(0)
    axes.set_xlabel("pressure (bar)")
    axes.set_ylabel("absolute loading (mol/kg)")
    figure.legend(fontsize=7, loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    main()
