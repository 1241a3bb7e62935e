"""Training of in-context learners on fresh prompts."""
