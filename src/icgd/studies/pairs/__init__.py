"""Inputs and labels as tokens of their own."""
