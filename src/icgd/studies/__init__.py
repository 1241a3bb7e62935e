"""The studies of the paper: measurements and figures that only one of them uses."""
