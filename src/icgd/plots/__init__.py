"""Figures: one module for each kind of plot, reading only tables."""
