"""Numbers and tables for LaTeX."""
