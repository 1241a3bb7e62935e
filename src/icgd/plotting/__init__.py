"""Axes, looks and the plots that several studies share."""
