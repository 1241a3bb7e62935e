"""One layer of linear self-attention against one step of gradient descent."""
