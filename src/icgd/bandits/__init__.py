"""Bernoulli bandits: what a history is, posteriors by quadrature, and explicit algorithms."""
