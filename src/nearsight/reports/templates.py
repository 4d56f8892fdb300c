"""The templates and the parts that are not templates, read from the package."""

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from nearsight.printable import printable
from nearsight.reports import wording

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> Markup:
    """Return `template` with `values`, every one of them escaped unless it is markup."""
    # All that was not markup is escaped, so the whole is.
    return Markup(_environment().get_template(template).render(**values))


@cache
def asset(name: str) -> str:
    """Return the text of a file that lies beside the templates."""
    return resources.files("nearsight.reports").joinpath("assets", name).read_text("utf-8")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The filter `tojson` escapes what could end a script element.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.filters["scientific"] = wording.scientific
    environment.filters["formula"] = wording.formula
    environment.filters["level_word"] = wording.level_word
    return environment


def _finalized(value: Any) -> Any:
    """Show characters on which a page would act, such as those that turn a line around."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
