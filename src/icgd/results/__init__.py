"""Files of a run: where they are, what they hold, and what they were made from."""
