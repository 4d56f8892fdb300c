"""The families, and the models that have a name."""

from collections.abc import Mapping

from markdown import code, contents, plain, table

from nearsight.models.families import FAMILIES, MODELS


def pages() -> Mapping[str, str]:
    """Return the pages, by name."""
    families = [
        (
            code(family.name),
            family.framework,
            plain(family.licence),
            f"{family.size_MB / 1000:.1f} GB" if family.size_MB else "",
            code(f"{family.name}:{family.target}" if family.target else ""),
        )
        for family in FAMILIES.values()
    ]
    models = [
        (code(model.name), code(model.family), _or_empty(model.level_of_theory), _or_empty(data))
        for model in MODELS.values()
        for data in (model.training_data,)
    ]
    return {
        "index": "# Models\n\n" + contents(["families", "named"]),
        "families": "# Families\n\nEach has packages of its own, which `nearsight models install "
        "NAME` puts into an environment of theirs.\n\n"
        + table(("family", "framework", "licence of the package", "room", "own file"), families),
        "named": "# Models with a name\n\n`nearsight models show NAME` has all that is known of "
        "one.\n\n" + table(("model", "family", "level of theory", "trained on"), models),
    }


def _or_empty(text: str | None) -> str:
    return plain(text or "")
