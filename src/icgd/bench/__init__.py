"""How fast it is: operations and speed of training, and what a run has cost by study."""
