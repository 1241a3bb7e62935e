"""See the modules of this package; each holds one family of learners."""
