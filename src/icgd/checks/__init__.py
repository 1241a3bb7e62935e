"""What can be known to be wrong with a run before its first job."""
