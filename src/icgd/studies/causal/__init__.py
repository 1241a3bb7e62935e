"""Auto-regressive transformers: what do they compute after each example of a sequence?"""
