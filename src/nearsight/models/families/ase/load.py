"""ASE calculators by name."""

from nearsight.models.engines.ase_model import AseModel
from nearsight.models.families.ase.by_name import calculator_named
from nearsight.models.loading import LoadRequest


def load(request: LoadRequest) -> AseModel:
    """Load an ASE calculator by the name ASE knows it under, or by where Python imports it from.

    ``ase:lj?epsilon=0.1&rc=6`` is a calculator of ASE with arguments, and
    ``ase:package.module:Class?key=value`` one of any package that is installed here. Arguments are
    truth values, numbers or text, as `nearsight.models.families.ase.by_name.argument` reads them.
    A module of the current folder is not imported unless PYTHONPATH names that folder.

    Raises
    ------
    ModelError
        There is no such calculator or module, a package that it needs is not installed, it does not
        take the arguments, or it cannot start with them.
    """
    name, calculator, arguments = calculator_named(request.target, request.options)
    return AseModel(calculator, name=f"ase:{name}", arguments=arguments)
