"""Text on its way to a network and back: tokenizers, reading a corpus, the catalogue of corpora.

Nothing here knows what a network or a model file is.
"""
