"""Weights by hand: models that compute an algorithm exactly."""
