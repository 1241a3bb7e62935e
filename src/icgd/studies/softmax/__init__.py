"""Softmax attention and its pairs of heads."""
