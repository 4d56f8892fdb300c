"""Neighbour graphs as tensors: what structures become for a network."""
