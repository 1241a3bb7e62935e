"""Sine waves: features and a step on them."""
