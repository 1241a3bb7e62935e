"""Small learners on straight lines, which can be looked at."""
