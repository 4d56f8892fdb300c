"""The error of differences of forces over their step, beside that of exact rows."""

from pathlib import Path

from drawing import panels
from study_tables import number, rows_of

PRECISIONS = {"float64": "double", "float32": "single"}
SCHEMES = {
    "forward-difference": "v:",
    "central-difference": "o-",
    "fourth-order": "s--",
}


def draw(path: Path) -> None:
    """Draw the largest errors, means over five solids."""
    rows = rows_of("hessian_precision_sevennet-0", "precision", "step / Å", "MaxE / eV/Å²")
    figure, (ax,) = panels()
    for place, (precision, name) in enumerate(PRECISIONS.items()):
        for scheme, style in SCHEMES.items():
            chosen = [
                each for each in rows if (each["precision"], each["rows"]) == (precision, scheme)
            ]
            steps = [number(each["step / Å"]) for each in chosen]
            errors = [number(each["MaxE / eV/Å²"]) for each in chosen]
            label = f"{scheme.removesuffix('-difference')}, {name} precision"
            ax.loglog(steps, errors, f"C{place}{style}", markersize=4, label=label)
    [exact] = [each for each in rows if (each["precision"], each["rows"]) == ("float32", "AD")]
    error = number(exact["MaxE / eV/Å²"])
    ax.axhline(error, color="C1", linewidth=2.2, label="exact rows, single precision")
    ax.set(
        xlabel="step of the differences / Å", ylabel="largest error / (eV/Å²)", ylim=(1e-10, 1e10)
    )
    ax.legend(fontsize="small", ncols=2, loc="upper center")
    figure.savefig(path)
