"""Whether an in-context optimiser can be given another objective."""
