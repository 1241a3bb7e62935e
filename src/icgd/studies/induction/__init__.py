"""Induction heads in small language models, and what they compute."""
