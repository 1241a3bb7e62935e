"""K layers against K steps of gradient descent."""
