"""Other learned optimisers: which algorithm runs inside in-context reinforcement learners, and for what?"""
