"""What is to be trained, decided before it begins: the options, the recipe, and why it was chosen.

Nothing here trains, imports torch or knows a run folder.
"""
