"""What commands print of a training."""

from nearsight.printable import printable_name
from nearsight.records.training_parts import ErrorsPart, MemberPart
from nearsight.records.training_record import TrainingRecord
from nearsight.tables.lines import print_line

_GROUP = 16


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
    print_line("best", f"after epoch {member.best_epoch}, by its test errors:")
    print(f"\n    {'set':<6}{'group':<{_GROUP}}{'points':>8}{'E meV/atom':>13}{'F eV/Å':>10}")
    for errors in member.best.errors:
        print(
            f"    {errors.set:<6}{printable_name(errors.group)[: _GROUP - 1]:<{_GROUP}}"
            f"{errors.n_structures:>8}{_energy(errors):>13}{_force(errors):>10}"
        )


def _energy(errors: ErrorsPart) -> str:
    value = errors.energy_RMSE_eV_per_atom
    return "-" if value is None else f"{1000 * value:.2f}"


def _force(errors: ErrorsPart) -> str:
    value = errors.force_RMSE_eV_per_A
    return "-" if value is None else f"{value:.4f}"
