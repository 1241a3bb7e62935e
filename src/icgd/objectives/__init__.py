"""Objectives of a linear fit: L1, L2 and L∞ with descent on them, and losses given by their derivative."""
