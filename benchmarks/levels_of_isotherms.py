"""What a cheap level is worth: effective samples of the loading for each energy of the model.

    python benchmarks/levels_of_isotherms.py STRUCTURE --model NAME [--cheap NAME] [--gas CO2]
        [--pressure 1] [--ways one-level cheap trained] [--equilibration 15] [--production 20] ...

The same gas at the same pressure by one level, by a cheap level that proposes, and by that with
what is trained on top of it, each through `nearsight.workflows.isotherm`. Printed are the loading
with its interval, which must agree, the share of the proposals that are accepted, the standard
deviation of the difference of both levels in k_B T for each molecule (over the root of their
number), the moves of a proposal, and effective samples for each energy of the model in production.
"""

import argparse
from collections.abc import Iterator

from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.settings import InsertionSettings
from nearsight.models.spec import ModelSpec
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.workflows import IsothermSettings, Unfinished, isotherm

WAYS = ("one-level", "cheap", "trained")


def main() -> None:
    """Measure and print."""
    arguments = parsed()
    print("| | mol/kg | accepted | σ/k_BT a molecule | moves | effective | calls | a call |")
    print("|---|---|---|---|---|---|---|---|")
    for way in arguments.ways:
        record = sampled(arguments, way)
        print(f"| {' | '.join((way, *row(record)))} |", flush=True)


def parsed() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--model", required=True)
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--cheap", help="default: what is trained is added to UFF")
    parser.add_argument("--gas", default="CO2")
    parser.add_argument("--temperature", type=float, default=298.0)
    parser.add_argument("--pressure", type=float, default=1.0, help="in bar")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--insertions", type=int, default=2000)
    parser.add_argument("--equilibration", type=int, default=15, help="blocks")
    parser.add_argument("--production", type=int, default=20, help="blocks")
    parser.add_argument("--samples", type=int, default=50, help="of a block")
    parser.add_argument("--moves", type=int, help="default: the best of some numbers")
    parser.add_argument("--least-width", type=float, help="of the supercell in Å")
    parser.add_argument("--remove-offset", action="store_true")
    parser.add_argument("--work-dir", help="where work is kept, and insertions are shared")
    return parser.parse_args()


def sampled(arguments: argparse.Namespace, way: str) -> IsothermRecord:
    """Return one isotherm of one pressure."""
    insertion = InsertionSettings(
        gas=arguments.gas,
        temperatures_K=(arguments.temperature,),
        insertions=arguments.insertions,
        least_width_A=arguments.least_width,
    )
    exchange = ExchangeSettings(
        pressures_bar=(arguments.pressure,),
        cheap=None if way == "one-level" else arguments.cheap,
        surrogate="train" if way == "trained" else None,
        chains=arguments.chains,
        equilibration_blocks=arguments.equilibration,
        production_blocks=arguments.production,
        samples=arguments.samples,
        moves=arguments.moves,
        remove_offset=arguments.remove_offset,
    )
    return isotherm(
        arguments.structure,
        ModelSpec(arguments.model, dtype=arguments.dtype),
        IsothermSettings(insertion=insertion, exchange=exchange),
        unfinished=Unfinished(arguments.work_dir),
        progress=False,
    )


def row(record: IsothermRecord) -> Iterator[str]:
    """Yield what is said of one run."""
    [point] = record.isotherm
    low, high = point.loading_interval_mol_per_kg
    yield f"{point.loading_mol_per_kg:.3f} ({low:.3f} to {high:.3f})"
    [run] = record.exchange.runs
    assert record.results is not None
    sampled = record.results.isotherms[0].sampled
    agreement = point.agreement
    if agreement is None:
        yield from ("–", "–")
    else:
        yield f"{agreement.acceptance:.1%}"
        sigma = agreement.sigma_per_molecule_kT
        yield "–" if sigma is None else f"{sigma:.2f}"
    # Without those of what MSER left out, and of insertions that measure the fugacity.
    share = 1 - point.n_left_out / len(sampled.production)
    n_calls = share * int((sampled.composites or sampled.counts).computed.sum())
    yield str(run.moves)
    yield f"{point.n_effective:.3g}"
    yield f"{n_calls:.0f}"
    yield f"{point.n_effective / n_calls:.3g}" if n_calls else "–"


if __name__ == "__main__":
    main()
