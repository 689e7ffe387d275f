"""What a model has read and written, looked up symbol by symbol and mixed into its distribution; NumPy alone.

No network, no text and no files belong here: a memory is made of ids.
"""
