"""In-context gradient descent: learners, tasks and the stages of the reproducible paper."""
