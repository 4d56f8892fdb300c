"""Nearsight: exact second derivatives of machine-learned interatomic potentials.

Each package offers its verbs and the values they return:

>>> from nearsight.structures import read_structure
>>> from nearsight.models import load_model
>>> from nearsight.relaxation import relax
>>> from nearsight.hessian import hessian
>>> from nearsight.vibrations import thermodynamics, vibrations
"""

__version__ = "0.1.0"
