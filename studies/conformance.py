# %% [markdown]
# # Which model keeps what it claims
#
# The conformance kit of `nearsight.testing` on every model that this environment has, in both
# precisions.
#
#     python studies/conformance.py MODEL... --records FOLDER [--trust-checkpoint]
#
# There is one record per model and precision in FOLDER; models that need different environments
# meet there, and the table is written from all records.
import argparse
from collections import Counter
from pathlib import Path

from nearsight.models import load_model
from nearsight.testing import check_model
from records import Record, collect, file_name, markdown_table, read

DTYPES = ("float64", "float32")


def examine(name: str, dtype: str, *, trust: bool) -> Record:
    """Return what the kit finds about one model in one precision."""
    model = load_model(name, dtype=dtype, device="cpu", trust=trust)
    found = check_model(model)
    print(found, flush=True)
    verdicts = Counter(
        ("passed" if check.passed else "failed") if check.applies else "not applicable"
        for check in found.checks
    )
    return {
        "model": Path(name).name,
        "dtype": dtype,
        "verdicts": dict(verdicts),
        "failures": [
            f"{check.name}, {check.structure}: {check.measured:.2g} > {check.tolerance:g} "
            f"{check.unit} {check.detail}".strip()
            for check in found.failures
        ],
        "curvature_smooth": model.capabilities.curvature_smooth,
        "mirror_equivariant": model.capabilities.mirror_equivariant,
        "versions": dict(found.provenance.versions),
    }


def main() -> None:
    """Examine what is missing, and write the table."""
    parser = argparse.ArgumentParser(description="Conformance of models")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    cases = {
        f"{file_name(Path(name).name)}_{dtype}": (name, dtype)
        for name in arguments.models
        for dtype in DTYPES
    }

    def one(case: str) -> Record:
        name, dtype = cases[case]
        return examine(name, dtype, trust=arguments.trust_checkpoint)

    collect(arguments.records, cases, one, {"structures": "MgO, Si, CO2, MOF-5"})
    records = {path.stem: read(path) for path in sorted(arguments.records.glob("*.json"))}
    arguments.results.mkdir(exist_ok=True)
    table = arguments.results / "conformance.md"
    table.write_text(report(records), encoding="utf-8")
    print(f"wrote {table}")


def report(records: dict[str, Record | None]) -> str:
    """Return the committed table."""
    rows = []
    for case, record in records.items():
        if record is None or "error" in record:
            reason = record["error"] if record else "the record is damaged"
            rows.append([case, "", "", "", "", "", "", reason])
            continue
        verdicts = record["verdicts"]
        counts = [str(verdicts.get(key, 0)) for key in ("passed", "failed", "not applicable")]
        words = {True: "yes", False: "no", None: "not settled"}
        claims = [words[record[key]] for key in ("curvature_smooth", "mirror_equivariant")]
        failures = "; ".join(record["failures"]) or "-"
        rows.append([record["model"], record["dtype"], *counts, *claims, failures])
    header = ["model", "precision", "passed", "failed", "not applicable"]
    header += ["smooth curvature", "keeps mirror images"]
    return (
        "# What each model keeps of what it claims\n\n"
        "The checks of `nearsight.testing.check_model` on MgO, Si, CO2 and MOF-5.\n\n"
        + markdown_table([*header, "failures"], rows)
    )


if __name__ == "__main__":
    main()
