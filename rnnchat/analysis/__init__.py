"""What a model makes of a text that is there: scores, explanations, units that react, what was copied.

Nothing here writes text or imports torch.
"""
