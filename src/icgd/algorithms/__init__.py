"""Explicit algorithms, each at its best hyper-parameters."""
