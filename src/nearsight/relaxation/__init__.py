"""Relaxation of positions and cell, with or without the space group."""
