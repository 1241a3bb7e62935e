"""How a run behaves: its lock, how it stops, what it says last. Loaded at every start of Snakemake."""
