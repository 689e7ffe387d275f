"""What a model is: its configuration, its one file, and the library of models on this machine.

Nothing here computes what the network does.
"""
