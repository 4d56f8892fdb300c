"""What is told and printed of a training, and its tables."""

from nearsight.printable import printable_name
from nearsight.progress import duration
from nearsight.records.training_parts import ErrorsPart, FunctionPart, LeftOutPart, MemberPart
from nearsight.records.training_record import TrainingRecord
from nearsight.tables.lines import print_line
from nearsight.tables.potential_errors import potential_errors_tables, print_potential_errors
from nearsight.tables.table import Column, Table
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


def _print_member(member: MemberPart) -> None:
    if member.folder is not None:
        print(f"  {printable_name(member.folder)}")
    print_line(
        "training",
        f"stopped {member.stopped}, {member.training_seconds:.0f} s and "
        f"{member.n_observations} observations; seed {member.seed}",
    )
    if member.resumed_epoch is not None:
        print_line("went on", f"from epoch {member.resumed_epoch}")
    print_line("closer", f"than the data, {member.approach_sentence}")
    print_line("best", f"after epoch {member.best_epoch}, by its test errors:")
    print_potential_errors(member.errors)


def epoch_line(epoch: EpochErrors) -> str:
    """Return what is told of an epoch while a training runs: errors of training and test set."""
    train, test = (epoch.errors.of(of_set) for of_set in ("train", "test"))
    energies = "/".join(f"{1000 * each.energy_RMSE_eV_per_atom:.3g}" for each in (train, test))
    forces = "/".join(f"{each.force_RMSE_eV_per_A:.3g}" for each in (train, test))
    return (
        f"epoch {epoch.epoch:>3}: E {energies} meV/atom, F {forces} eV/Å, {duration(epoch.seconds)}"
    )


def training_tables(record: TrainingRecord) -> list[Table]:
    """Return errors by member, set and group, and learning curves, symmetry functions and pairs."""
    tables: list[Table] = []
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


def _of_member(table: Table, place: int) -> Table:
    """Return a table with the number of the potential in front."""
    n_rows = len(table.columns[0].values)
    return Table((Column("member", [place] * n_rows), *table.columns), table.kind)
