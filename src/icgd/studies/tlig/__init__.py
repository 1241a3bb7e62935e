"""The source paper's experiments at its own settings: tasks, layouts, initialisation, rivals and metrics."""
