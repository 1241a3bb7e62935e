"""What is trained: learners with weights."""
