"""The same prompt given to several models, kept together with what the person preferred.

Nothing here opens a model or shows anything.
"""
