"""Text on its way to a network and back: tokenizers, reading a corpus, the catalogue of corpora."""
