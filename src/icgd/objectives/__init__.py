"""The objectives L1, L2 and L∞: descent on them and their exact fits."""
