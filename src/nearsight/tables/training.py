"""What is told and printed of a training, and its tables."""

import os

from nearsight.printable import printable_name
from nearsight.progress import duration
from nearsight.records.potential_parts import PotentialErrorsPart
from nearsight.records.training_parts import (
    CommitteePart,
    ErrorsPart,
    FunctionPart,
    LeftOutPart,
    MemberPart,
)
from nearsight.records.training_record import TrainingRecord
from nearsight.tables.lines import print_line
from nearsight.tables.potential_errors import potential_errors_tables, print_potential_errors
from nearsight.tables.table import Column, Table
from nearsight.training.folder import BEST
from nearsight.training.learning_curve import EpochErrors


def print_training(record: TrainingRecord) -> None:
    """Print what was trained, and its errors by set and group."""
    print(f"\n{printable_name(record.structure)}")
    first = record.members[0]
    print_line(
        "structures",
        f"{first.n_train} to learn and {first.n_test} to test, of {', '.join(record.elements)}",
    )
    functions = ", ".join(f"{count} for {symbol}" for symbol, count in first.n_functions.items())
    print_line("functions", f"{functions}, up to {first.cutoff_A:.6g} Å")
    print_line("weights", str(first.n_weights))
    if first.prior is not None:
        print_line("added to", f"{first.prior.sentence} (prior.toml)")
    for member in record.members:
        print()
        _print_member(member)
        if record.committee is None:
            print_potential_errors(member.errors)
        else:  # in short: who wants all of each has it in JSON, CSV and the page
            for of_set in ("train", "test"):
                print_line(of_set, _rmse(member.errors, of_set))
    if record.committee is not None:
        _print_committee(record.committee, len(record.members))


def _print_committee(committee: CommitteePart, n_members: int) -> None:
    print(f"\n  mean of {n_members} members")
    for spread in committee.spreads:
        print_line(
            "spread",
            f"{spread.set}: {1000 * spread.energy_eV_per_atom:.2f} meV/atom and "
            f"{spread.force_eV_per_A:.3f} eV/Å between members",
        )
    print_potential_errors(committee.errors)


def _print_member(member: MemberPart) -> None:
    if member.folder is not None:
        print(f"  {printable_name(member.folder)}")
        print_line("model", printable_name(f"hdnnp:{os.path.join(member.folder, BEST)}"))
    print_line(
        "training",
        f"stopped {member.stopped}, {member.training_seconds:.0f} s and "
        f"{member.n_observations} observations; seed {member.seed}",
    )
    if member.resumed_epoch is not None:
        print_line("went on", f"from epoch {member.resumed_epoch}")
    print_line("closer", f"than the data, {member.approach_sentence}")
    print_line("best", f"after epoch {member.best_epoch}, by its test errors:")


def _rmse(errors: PotentialErrorsPart, of_set: str) -> str:
    whole = errors.whole(of_set)
    return (
        f"{1000 * (whole.energy_RMSE_eV_per_atom or 0.0):.2f} meV/atom and "
        f"{whole.force_RMSE_eV_per_A or 0.0:.3f} eV/Å (RMSE)"
    )


EPOCHS_HEAD = "RMSE train/test after each epoch, E in meV/atom, F in eV/Å:"
"""What goes before the first `epoch_line`."""


def epoch_line(epoch: EpochErrors, member: int | None = None) -> str:
    """Return what is told of an epoch while a training runs: errors of training and test set.

    Parameters
    ----------
    epoch
        The epoch.
    member
        Of which member of a committee, counted from 1; None for the only potential.
    """
    of = "" if member is None else f"member {member}, "
    train, test = (epoch.errors.of(of_set) for of_set in ("train", "test"))
    energies = "/".join(f"{1000 * each.energy_RMSE_eV_per_atom:.3g}" for each in (train, test))
    forces = "/".join(f"{each.force_RMSE_eV_per_A:.3g}" for each in (train, test))
    return f"{of}epoch {epoch.epoch:>3}: E {energies}, F {forces}, {duration(epoch.seconds)}"


def training_tables(record: TrainingRecord) -> list[Table]:
    """Return errors by member, set and group, and learning curves, symmetry functions and pairs."""
    tables: list[Table] = []
    if record.committee is not None:
        of_mean = potential_errors_tables(record.committee.errors)
        tables += [_of_member(table, "mean") for table in of_mean]
    for place, member in enumerate(record.members, start=1):
        tables += [_of_member(table, place) for table in potential_errors_tables(member.errors)]
        rows = [(epoch, errors) for epoch in member.epochs for errors in epoch.errors]
        curve = Table(
            (
                *(
                    Column(name, [getattr(epoch, name) for epoch, _ in rows])
                    for name in ("epoch", "n_updates", "n_observations", "seconds", "score")
                ),
                *(
                    Column(name, [getattr(errors, name) for _, errors in rows])
                    for name in ErrorsPart.__dataclass_fields__
                ),
            ),
            "learning-curve",
        )
        tables += [_of_member(curve, place), _of_member(_approaches(member), place)]
    return [*tables, *_data_tables(record)]


def _approaches(member: MemberPart) -> Table:
    numbers = ("closest_A", "fall_eV", "fall_ends_A")
    return Table(
        (
            Column("elements", ["-".join(each.elements) for each in member.approaches]),
            *(
                Column(name, [getattr(each, name) for each in member.approaches])
                for name in numbers
            ),
        ),
        "closer-than-data",
    )


def _data_tables(record: TrainingRecord) -> list[Table]:
    names = tuple(FunctionPart.__dataclass_fields__)
    functions: list[FunctionPart | LeftOutPart] = [*record.functions, *record.functions_left_out]
    left_out = [getattr(each, "reason", None) for each in functions]
    pairs = [
        ("-".join(each.elements), *row)
        for each in record.pair_distances
        for row in zip(each.distances_A, each.counts, each.largest_forces_eV_per_A, strict=True)
    ]
    columns = zip(*pairs, strict=True) if pairs else ([], [], [], [])
    of_pairs = ("elements", "distance_A", "n_pairs", "largest_force_eV_per_A")
    return [
        Table(
            (
                *(
                    Column(name, [getattr(each, name, None) for each in functions])
                    for name in names
                ),
                Column("left_out", left_out),
            ),
            "symmetry-functions",
        ),
        Table(
            tuple(Column(name, list(v)) for name, v in zip(of_pairs, columns, strict=True)),
            "pair-distances",
        ),
    ]


def _of_member(table: Table, place: int | str) -> Table:
    """Return a table with the number of the potential in front, or what it is the mean of."""
    n_rows = len(table.columns[0].values)
    return Table((Column("member", [place] * n_rows), *table.columns), table.kind)
