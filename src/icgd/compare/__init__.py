"""Comparisons of learners: one module for each measurement, named in the config."""
