"""What a run is: its config, read, merged and checked; what it builds; its jobs."""
