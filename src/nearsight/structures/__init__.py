"""Structures: reading and checking them, supercells, space groups."""
