"""Nearsight: exact second derivatives of machine-learned interatomic potentials.

`nearsight.workflows` has a verb for each question, from a structure to a record:

>>> from nearsight.workflows import heat_capacity, phonons, relax

Each other package offers the verbs of one step and the values they return:

>>> from nearsight.structures import read_structure
>>> from nearsight.models import load_model
>>> from nearsight.hessian import hessian
>>> from nearsight.vibrations import thermodynamics, vibrations
"""

__version__ = "0.1.0"
